#include "output/table_part.hpp"

#include <fmt/format.h>

#include <utility>

#include "os/path_info.hpp"
#include "os/read_file.hpp"
#include "output/manifest.hpp"

namespace mrun {

Result<std::unique_ptr<TableReader>> open_table_part(const std::string& path,
                                                     std::uint64_t size_bytes,
                                                     std::uint64_t records) {
  const auto damaged = [](std::string message) {
    return fail(Code::integrity, std::move(message), kMendOfDamage);
  };
  MRUN_TRY_ASSIGN(const PathInfo info, link_info(path, Code::input));
  if (info.kind != PathKind::file)
    return damaged(fmt::format("'{}' is {}", path, info.exists() ? "not a file" : "missing"));
  if (info.size_bytes != size_bytes)
    return damaged(fmt::format("'{}' has {} bytes, but {} when it was written", path,
                               info.size_bytes, size_bytes));
  Result<std::unique_ptr<TableReader>> reader = TableReader::open(path);
  if (!reader) {
    // What can be read and is no table has been changed: the manifest says that it was one.
    if (reader.error().code == Code::input && ReadFile::open(path, Code::input))
      return damaged(
          fmt::format("table '{}' is damaged at offset 0: it does not begin as a table", path));
    return reader;
  }
  if ((*reader)->entries() != records)
    return damaged(fmt::format("table '{}' has {} records, but {} when it was written", path,
                               (*reader)->entries(), records));
  return reader;
}

}  // namespace mrun
