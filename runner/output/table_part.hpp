// open_table_part, open_kv_part: a part of a finished output, as its manifest has it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "table/kv_reader.hpp"
#include "table/table_reader.hpp"

namespace mrun {

/// Code::integrity where the part is missing, no table, or has not the bytes and records that the
/// manifest says; else the errors of TableReader::open.
Result<std::unique_ptr<TableReader>> open_table_part(const std::string& path,
                                                     std::uint64_t size_bytes,
                                                     std::uint64_t records,
                                                     MappedFile::Reading reading);

/// Code::integrity where the part is missing, no kv file, or has not the bytes that the manifest
/// says; else the errors of KvReader::open. Who reads it counts its pairs.
Result<KvReader> open_kv_part(const std::string& path, std::uint64_t size_bytes);

}  // namespace mrun
