// Writes and reads `_SUCCESS`.
#include "output/manifest.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "os/path_info.hpp"
#include "os/read_file.hpp"
#include "output/json_members.hpp"
#include "output/json_text.hpp"

namespace mrun {
namespace {

using Json = JsonMembers::Json;

constexpr int kFormatVersion = 1;
/// A line of a part is some 100 bytes; far beyond any output of ours, well below memory.
constexpr std::size_t kManifestBytesMax = std::size_t{256} << 20;
constexpr std::string_view kHead = "{\n  \"mrun_manifest\": ";
constexpr std::string_view kChecksumHead = "  \"checksum\": \"";
constexpr std::string_view kChecksumTail = "\"\n}\n";
constexpr std::size_t kDigestDigits = 32;

std::string digest_of(std::string_view text) {
  return digest128(std::as_bytes(std::span(text.data(), text.size()))).hex();
}

/// `"name": [` and one item a line, or an empty list.
template <typename Items, typename ItemText>
std::string list_text(const char* name, const Items& items, const ItemText& item_text) {
  std::string text = fmt::format("  \"{}\": [", name);
  bool is_first = true;
  for (const auto& item : items) {
    text += is_first ? "\n    " : ",\n    ";
    text += item_text(item);
    is_first = false;
  }
  return text + (is_first ? "],\n" : "\n  ],\n");
}

std::string part_text(const PartInfo& part) {
  const std::string side =
      part.side_output.empty() ? "" : ", \"side_output\": " + json_quoted(part.side_output);
  std::string keys;
  if (part.keys)
    keys = fmt::format(R"(, "first_key": {}, "last_key": {}, "last_key_is_cut": {})",
                       json_quoted(part.keys->first), json_quoted(part.keys->last),
                       part.keys->last_is_cut);
  return fmt::format(R"({{"name": {}{}, "bytes": {}, "records": {}, "xxh128": "{}"{}}})",
                     json_quoted(part.name), side, part.size_bytes, part.records, part.digest.hex(),
                     keys);
}

std::string totals_text(const Manifest& manifest) {
  std::uint64_t files = 0, input_bytes = 0, output_bytes = 0, output_records = 0;
  for (const ManifestInput& input : manifest.inputs) {
    files += input.files;
    input_bytes += input.size_bytes;
  }
  for (const PartInfo& part : manifest.parts) {
    output_bytes += part.size_bytes;
    output_records += part.records;
  }
  return fmt::format(
      "  \"totals\": {{\"input_files\": {}, \"input_bytes\": {}, \"input_records\": {}, "
      "\"emitted_pairs\": {}, \"groups\": {}, \"output_bytes\": {}, \"output_records\": {}}},\n",
      files, input_bytes, manifest.input_records, manifest.emitted_pairs, manifest.groups,
      output_bytes, output_records);
}

/// A part's name becomes a path: it must stay inside the output.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
}

Manifest read_members(const Json& json, JsonMembers& in) {
  Manifest manifest;
  in.require(in.number(json, "mrun_manifest") == kFormatVersion);
  manifest.mrun_version = in.text(json, "mrun_version");
  const Json& job = in.member(json, "job");
  manifest.job_name = in.text(job, "name");
  manifest.job_version = in.text(job, "version");
  in.list(json, "params", [&](const Json& item) {
    manifest.params.emplace_back(in.text(item, "name"), in.text(item, "value"));
  });
  in.list(json, "inputs", [&](const Json& item) {
    manifest.inputs.push_back(
        {in.text(item, "name"), in.number(item, "files"), in.number(item, "bytes")});
  });
  const Json& totals = in.member(json, "totals");
  manifest.input_records = in.number(totals, "input_records");
  manifest.emitted_pairs = in.number(totals, "emitted_pairs");
  manifest.groups = in.number(totals, "groups");
  in.list(json, "counters", [&](const Json& item) {
    manifest.counters.push_back({in.text(item, "name"), in.signed_number(item, "value")});
  });
  if (json.contains("pairs")) manifest.pairs = read_pair_schema(in.member(json, "pairs"), in);
  in.list(json, "parts", [&](const Json& item) {
    PartInfo part;
    part.name = in.text(item, "name");
    if (item.contains("side_output")) part.side_output = in.text(item, "side_output");
    part.size_bytes = in.number(item, "bytes");
    part.records = in.number(item, "records");
    part.digest = in.digest(item, "xxh128");
    if (item.contains("first_key"))
      part.keys = KeyBounds{in.text(item, "first_key"), in.text(item, "last_key"),
                            in.boolean(item, "last_key_is_cut")};
    in.require(is_plain_name(part.name));
    manifest.parts.push_back(std::move(part));
  });
  return manifest;
}

/// Whether the text ends in the checksum of all before it.
bool checksum_holds(std::string_view text) {
  const std::size_t end_bytes = kChecksumHead.size() + kDigestDigits + kChecksumTail.size();
  if (text.size() < end_bytes) return false;
  const std::string_view body = text.substr(0, text.size() - end_bytes);
  return text.substr(body.size()) ==
         fmt::format("{}{}{}", kChecksumHead, digest_of(body), kChecksumTail);
}

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  std::string text = fmt::format("{}{},\n  \"mrun_version\": {},\n", kHead, kFormatVersion,
                                 json_quoted(manifest.mrun_version));
  text += fmt::format("  \"job\": {{\"name\": {}, \"version\": {}}},\n",
                      json_quoted(manifest.job_name), json_quoted(manifest.job_version));
  text += list_text("params", manifest.params, [](const auto& param) {
    return fmt::format(R"({{"name": {}, "value": {}}})", json_quoted(param.first),
                       json_quoted(param.second));
  });
  text += list_text("inputs", manifest.inputs, [](const ManifestInput& input) {
    return fmt::format(R"({{"name": {}, "files": {}, "bytes": {}}})", json_quoted(input.name),
                       input.files, input.size_bytes);
  });
  text += totals_text(manifest);
  text += list_text("counters", manifest.counters, [](const CounterValue& counter) {
    return fmt::format(R"({{"name": {}, "value": {}}})", json_quoted(counter.name), counter.value);
  });
  if (manifest.pairs) text += fmt::format("  \"pairs\": {},\n", pair_schema_text(*manifest.pairs));
  text += list_text("parts", manifest.parts, part_text);
  return fmt::format("{}{}{}{}", text, kChecksumHead, digest_of(text), kChecksumTail);
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& path) {
  if (!text.starts_with(kHead))
    return fail(Code::integrity, "'" + path + "' is no manifest of mrun, or its head is damaged",
                kMendOfDamage);
  if (!checksum_holds(text))
    return fail(Code::integrity, "'" + path + "' is damaged: its checksum does not hold",
                kMendOfDamage);
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  JsonMembers in;
  Manifest manifest = read_members(json, in);
  if (!in.ok())
    return fail(Code::integrity, "'" + path + "' has members that this version does not know",
                "use the version of mrun that made the output, or a later one");
  return manifest;
}

Result<Manifest> read_manifest(const std::string& output) {
  if (output.empty()) return fail(Code::usage, "the output's name is empty");
  MRUN_TRY_ASSIGN(const PathInfo folder, path_info(output, Code::input));
  if (!folder.exists()) return fail(Code::input, "output '" + output + "' does not exist");
  if (folder.kind != PathKind::folder)
    return fail(Code::input, "'" + output + "' is not a folder, so no output of mrun");
  const std::string path = output + "/" + kManifestName;
  MRUN_TRY_ASSIGN(const PathInfo file, link_info(path, Code::input));
  if (file.kind != PathKind::file)
    return fail(Code::input, "'" + output + "' is no finished output of mrun: it has no file " +
                                 std::string(kManifestName));
  MRUN_TRY_ASSIGN(const std::string text, read_whole_file(path, kManifestBytesMax, Code::input));
  return parse_manifest(text, path);
}

}  // namespace mrun
