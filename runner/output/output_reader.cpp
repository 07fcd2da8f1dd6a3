// Reads a finished output back, part by part.
#include "output/output_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/compression.hpp"
#include "base/digest.hpp"
#include "codec/decoder.hpp"
#include "os/folder.hpp"
#include "os/path_info.hpp"
#include "os/read_file.hpp"
#include "output/manifest.hpp"
#include "output/pair_printer.hpp"

namespace mrun {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

using Write = std::function<Result<void>(std::span<const std::byte>)>;

Failure damaged(std::string message) {
  return fail(Code::integrity, std::move(message), kMendOfDamage);
}

/// Reads the part to its end, handing its bytes to `write`, and compares it with the manifest.
Result<void> read_part(const std::string& output, const PartInfo& part, const StopFlag& stop,
                       std::vector<std::byte>& buffer, const Write& write) {
  const std::string path = output + "/" + part.name;
  MRUN_TRY_ASSIGN(const PathInfo info, link_info(path, Code::input));
  if (!info.exists()) return damaged("'" + path + "' is missing");
  if (info.kind != PathKind::file) return damaged("'" + path + "' is not a file");
  MRUN_TRY_ASSIGN(const ReadFile file, ReadFile::open(path, Code::input));

  Hash128Stream hash;
  std::uint64_t offset = 0;
  for (std::size_t got = buffer.size(); got == buffer.size(); offset += got) {
    if (stop.stopped()) return fail(Code::cancelled, "stopped while reading '" + path + "'");
    MRUN_TRY_ASSIGN(got, file.read_at(buffer, offset));
    const std::span<const std::byte> bytes(buffer.data(), got);
    hash.update(bytes);
    if (got != 0) MRUN_TRY(write(bytes));
  }
  if (offset != part.size_bytes)
    return damaged(fmt::format("'{}' has {} bytes, but {} when it was written", path, offset,
                               part.size_bytes));
  if (hash.digest() != part.digest)
    return damaged(fmt::format("'{}' has changed: its digest is {}, but was {}", path,
                               hash.digest().hex(), part.digest.hex()));
  return {};
}

Result<void> find_unexpected(const std::string& output, const Manifest& manifest) {
  std::set<std::string> expected{kManifestName, kRunFolderName};
  for (const PartInfo& part : manifest.parts) expected.insert(part.name);
  MRUN_TRY_ASSIGN(const std::vector<FolderEntry> entries, list_folder(output, Code::input));
  for (const FolderEntry& entry : entries) {
    if (!expected.contains(entry.name))
      return damaged("'" + output + "/" + entry.name + "' does not belong to the output");
  }
  return {};
}

/// Of the unpacking of `part`, which does not know where its bytes come from.
Result<void> at_part(const std::string& output, const PartInfo& part, Result<void> done) {
  if (done || done.error().code != Code::integrity) return done;
  return damaged(fmt::format("'{}/{}': {}", output, part.name, done.error().message));
}

Failure no_such_side(const std::string& output, const Manifest& manifest, const std::string& side) {
  std::set<std::string> names;
  for (const PartInfo& part : manifest.parts) names.insert(part.side_output);
  names.erase("");
  return fail(Code::usage, fmt::format("'{}' has no side output '{}'", output, side),
              names.empty() ? "it has none" : fmt::format("it has {}", fmt::join(names, ", ")));
}

}  // namespace

std::string without_slashes(std::string output) {
  while (output.size() > 1 && output.back() == '/') output.pop_back();
  return output;
}

Result<VerifyReport> verify_output(const std::string& name, const StopFlag& stop) {
  const std::string output = without_slashes(name);
  MRUN_TRY_ASSIGN(const Manifest manifest, read_manifest(output));
  std::vector<std::byte> buffer(kReadBytes);
  VerifyReport report;
  for (const PartInfo& part : manifest.parts) {
    MRUN_TRY(read_part(output, part, stop, buffer,
                       [](std::span<const std::byte>) { return Result<void>(); }));
    report.files += 1;
    report.size_bytes += part.size_bytes;
    report.records += part.records;
  }
  MRUN_TRY(find_unexpected(output, manifest));
  return report;
}

Result<void> cat_output(const std::string& name, const std::string& side, const StopFlag& stop,
                        const Write& write) {
  const std::string output = without_slashes(name);
  MRUN_TRY_ASSIGN(const Manifest manifest, read_manifest(output));
  const bool has_side =
      side.empty() || std::any_of(manifest.parts.begin(), manifest.parts.end(),
                                  [&](const PartInfo& part) { return part.side_output == side; });
  if (!has_side) return no_such_side(output, manifest, side);
  if (side.empty() && manifest.pairs) return print_pairs(output, manifest, stop, write);
  std::vector<std::byte> buffer(kReadBytes), text(kReadBytes);
  for (const PartInfo& part : manifest.parts) {
    if (part.side_output != side) continue;
    const Compression compression = compression_of(part.name);
    MRUN_TRY_ASSIGN(const auto decoder, make_decoder(compression, decoder_bytes(compression)));
    MRUN_TRY(read_part(output, part, stop, buffer, [&](std::span<const std::byte> bytes) {
      return at_part(output, part, decode(*decoder, bytes, text, write));
    }));
    if (!decoder->may_end())
      MRUN_TRY(at_part(output, part, fail(Code::integrity, "its last frame does not end")));
  }
  return {};
}

}  // namespace mrun
