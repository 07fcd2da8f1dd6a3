// The check that records of a fixed size fill their input to its end.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace mrun {

/// Code::input with the offset of the short record, unless `size_bytes` is a multiple.
inline Result<void> check_whole_records(const std::string& path, std::uint64_t size_bytes,
                                        std::uint32_t record_bytes) {
  const std::uint64_t tail = size_bytes % record_bytes;
  if (tail == 0) return {};
  return fail(Code::input,
              "'" + path + "' ends with a short record at offset " +
                  std::to_string(size_bytes - tail) + ": " + std::to_string(tail) +
                  (tail == 1 ? " byte instead of " : " bytes instead of ") +
                  std::to_string(record_bytes),
              "check --records: the input's size must be a multiple of the record size");
}

}  // namespace mrun
