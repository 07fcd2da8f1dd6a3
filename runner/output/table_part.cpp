#include "output/table_part.hpp"

#include <fmt/format.h>

#include <utility>

#include "os/path_info.hpp"
#include "os/read_file.hpp"
#include "output/manifest.hpp"

namespace mrun {

namespace {

Failure damaged(std::string message) {
  return fail(Code::integrity, std::move(message), kMendOfDamage);
}

/// Whether the file that the manifest speaks of is there.
Result<void> check_file(const std::string& path, std::uint64_t size_bytes) {
  MRUN_TRY_ASSIGN(const PathInfo info, link_info(path, Code::input));
  if (info.kind != PathKind::file)
    return damaged(fmt::format("'{}' is {}", path, info.exists() ? "not a file" : "missing"));
  if (info.size_bytes != size_bytes)
    return damaged(fmt::format("'{}' has {} bytes, but {} when it was written", path,
                               info.size_bytes, size_bytes));
  return {};
}

/// What can be read and is not in the format has been changed: the manifest says that it was.
Failure no_such_format(const std::string& path, Error error, const char* format) {
  if (error.code == Code::input && ReadFile::open(path, Code::input))
    return damaged(
        fmt::format("{0} '{1}' is damaged at offset 0: it does not begin as a {0}", format, path));
  return Failure{std::move(error)};
}

}  // namespace

Result<std::unique_ptr<TableReader>> open_table_part(const std::string& path,
                                                     std::uint64_t size_bytes,
                                                     std::uint64_t records,
                                                     MappedFile::Reading reading) {
  MRUN_TRY(check_file(path, size_bytes));
  Result<std::unique_ptr<TableReader>> reader = TableReader::open(path, reading);
  if (!reader) return no_such_format(path, std::move(reader).error(), "table");
  if ((*reader)->entries() != records)
    return damaged(fmt::format("table '{}' has {} records, but {} when it was written", path,
                               (*reader)->entries(), records));
  return reader;
}

Result<KvReader> open_kv_part(const std::string& path, std::uint64_t size_bytes) {
  MRUN_TRY(check_file(path, size_bytes));
  Result<KvReader> reader = KvReader::open(path);
  if (!reader) return no_such_format(path, std::move(reader).error(), "kv file");
  return reader;
}

}  // namespace mrun
