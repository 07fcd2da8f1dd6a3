// The naive model's engine: map all, stable_sort, cut into groups. No streaming, no threads, no
// combining.
#include "support/naive_model.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace mrun::test_support {

std::vector<std::string_view> model_records(std::string_view text, char end) {
  std::vector<std::string_view> records;
  while (!text.empty()) {
    const std::size_t at = text.find(end);
    records.push_back(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + 1);
  }
  return records;
}

std::vector<std::string_view> model_words(std::string_view record) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = record.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    record.remove_prefix(begin);
    const std::size_t end = std::min(record.find_first_of(kSpace), record.size());
    words.push_back(record.substr(0, end));
    record.remove_prefix(end);
  }
}

std::uint32_t model_partition(std::string_view group, std::uint32_t partitions) {
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t hash = XXH3_64bits(group.data(), group.size());
  return static_cast<std::uint32_t>((static_cast<Wide>(hash) * partitions) >> 64);
}

namespace {

std::string reduce_all(const ModelJob& job, const ModelParams& params,
                       std::span<const ModelPair> pairs) {
  std::string text;
  if (job.reduce_partition) {
    job.reduce_partition(pairs, params, text);
    return text;
  }
  while (!pairs.empty()) {
    const auto other_group = [&](const ModelPair& pair) {
      return pair.group() != pairs.front().group();
    };
    const auto end = std::find_if(pairs.begin(), pairs.end(), other_group);
    const auto count = static_cast<std::size_t>(end - pairs.begin());
    job.reduce(pairs.first(count), params, text);
    pairs = pairs.subspan(count);
  }
  return text;
}

}  // namespace

std::vector<std::string> expected_parts(const ModelJob& job, const ModelParams& params,
                                        const std::vector<ModelFile>& files,
                                        std::uint32_t partitions) {
  ModelPairs pairs;
  for (std::uint32_t ordinal = 0; ordinal < files.size(); ++ordinal) {
    const ModelFile& file = files[ordinal];
    for (const auto record : model_records(file.bytes, job.inputs[file.input].record_end))
      job.map({record, &file, ordinal}, params, pairs);
  }

  if (!job.reduce &&
      !job.reduce_partition) {  // Map only: the parts follow the input, how many does not matter.
    std::string text;
    for (const ModelPair& pair : pairs) text += pair.value;
    return {text};
  }

  if (job.total_order) partitions = 1;
  if (job.partitions != 0) partitions = job.partitions;
  std::vector<ModelPairs> parts(partitions);
  for (ModelPair& pair : pairs)
    parts[model_partition(pair.group(), partitions)].push_back(std::move(pair));
  std::vector<std::string> texts;
  for (ModelPairs& part : parts) {
    std::stable_sort(part.begin(), part.end(),
                     [](const auto& a, const auto& b) { return a.key < b.key; });
    texts.push_back(reduce_all(job, params, part));
  }
  return texts;
}

std::string expected_side(const ModelJob& job, const std::vector<ModelFile>& files) {
  std::string text;
  for (std::uint32_t ordinal = 0; ordinal < files.size(); ++ordinal)
    for (const auto record : model_records(files[ordinal].bytes))
      job.map_side({record, &files[ordinal], ordinal}, text);
  return text;
}

}  // namespace mrun::test_support
