// open_table_part: a part of a finished output of tables, as its manifest has it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "table/table_reader.hpp"

namespace mrun {

/// Code::integrity where the part is missing, no table, or has not the bytes and records that the
/// manifest says; else the errors of TableReader::open.
Result<std::unique_ptr<TableReader>> open_table_part(const std::string& path,
                                                     std::uint64_t size_bytes,
                                                     std::uint64_t records);

}  // namespace mrun
