#include "query/table_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.hpp"
#include "output/output_reader.hpp"
#include "output/table_part.hpp"
#include "shuffle/partitioner.hpp"

namespace mrun {
int compare_to(std::string_view key, const KeyReader::Key& wanted) {
  return key.substr(0, wanted.is_whole ? std::string_view::npos : wanted.bytes.size())
      .compare(wanted.bytes);
}

Result<TableOutput> TableOutput::open(const std::string& name) {
  const std::string output = without_slashes(name);
  MRUN_TRY_ASSIGN(Manifest manifest, read_manifest(output));
  if (!manifest.pairs || manifest.pairs->format != OutputFormat::table)
    return fail(Code::usage,
                fmt::format("'{}' holds {}, and only tables can be asked for keys", output,
                            manifest.pairs ? "pairs of the format 'kv'" : "text"),
                "run its job again with --output-format table");
  TableOutput opened(*std::move(manifest.pairs));
  for (PartInfo& info : manifest.parts) {
    if (!info.side_output.empty()) continue;
    if (info.keys) opened.filled_.push_back(opened.parts_.size());
    opened.parts_.push_back({output + "/" + info.name, std::move(info), nullptr});
  }
  return opened;
}

Result<const TableReader*> TableOutput::part(std::size_t index) {
  Part& part = parts_[index];
  if (part.reader == nullptr) {
    MRUN_TRY_ASSIGN(part.reader, open_table_part(part.path, part.info.size_bytes, part.info.records,
                                                 MappedFile::Reading::often));
    ++opened_;
  }
  return part.reader.get();
}

void TableOutput::find_parts(const KeyReader::Key& key, std::vector<std::size_t>& parts) const {
  const PartRule rule = schema().part_rule;
  if (rule == PartRule::hash && key.is_whole) {
    const std::size_t part = Partitioner::of_hash(hash64(key.bytes.data(), key.bytes.size()),
                                                  static_cast<std::uint32_t>(parts_.size()));
    const std::optional<KeyBounds>& keys = parts_[part].info.keys;
    if (keys && compare_to(keys->first, key) <= 0 && keys->reaches(key.bytes))
      parts.push_back(part);
    return;
  }
  // How long a prefix is hashed, or where an own rule puts a key, the job alone knows.
  auto at = filled_.begin();
  if (rule == PartRule::range)
    at = std::partition_point(at, filled_.end(), [&](std::size_t part) {
      return !parts_[part].info.keys->reaches(key.bytes);
    });
  for (; at != filled_.end(); ++at) {
    const KeyBounds& keys = *parts_[*at].info.keys;
    if (compare_to(keys.first, key) <= 0) {
      if (keys.reaches(key.bytes)) parts.push_back(*at);
    } else if (rule == PartRule::range) {
      return;
    }
  }
}

}  // namespace mrun
