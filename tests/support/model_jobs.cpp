// The naive model's view of each test job: its map and its reduce in a few obvious lines.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "plugins/test_jobs.hpp"
#include "support/naive_model.hpp"

namespace mrun::test_support {
namespace {

using namespace test_jobs;
using Pairs = std::span<const ModelPair>;

std::string big_endian(std::uint64_t number) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  return bytes;
}
std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes.substr(0, 8))
    number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}
constexpr std::uint64_t kSignBit = 1ull << 63;

// The documented order-preserving encodings of keys.
std::string encoded(std::int64_t number) {
  return big_endian(static_cast<std::uint64_t>(number) ^ kSignBit);
}
std::int64_t decoded_signed(std::string_view bytes) {
  return static_cast<std::int64_t>(from_big_endian(bytes) ^ kSignBit);
}
std::string encoded(double number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  return big_endian((bits & kSignBit) != 0 ? ~bits : bits | kSignBit);
}
double decoded_real(std::string_view bytes) {
  std::uint64_t bits = from_big_endian(bytes);
  bits = (bits & kSignBit) != 0 ? bits & ~kSignBit : ~bits;
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}
std::string encoded_in_tuple(std::string_view text) {
  std::string bytes;
  for (const char byte : text) {
    bytes += byte;
    if (byte == '\0') bytes += '\xff';
  }
  bytes.append("\0\1", 2);
  return bytes;
}
std::string decoded_in_tuple(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] == '\0' && bytes[i + 1] == '\1') break;
    text += bytes[i];
    if (bytes[i] == '\0') ++i;
  }
  return text;
}
std::string descending(std::string bytes) {
  for (char& byte : bytes) byte = static_cast<char>(~byte);
  return bytes;
}

std::string shortest(double number) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

template <typename... Fields>
void write_line(std::string& text, const Fields&... fields) {
  bool first = true;
  ((text.append(first ? "" : "\t").append(fields), first = false), ...);
  text += '\n';
}

// ----- maps

void map_words(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  for (const auto word : model_words(record.bytes)) {
    for (std::uint64_t i = 0; i < params.repeat; ++i)
      out.push_back({repeated_key(word, i, params.same), ""});
  }
}

void map_lines(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  for (std::uint64_t i = 0; i < params.repeat; ++i)
    out.push_back({repeated_key(record.bytes, i, params.same), ""});
}

void map_values(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  const Cut cut_record = cut(record.bytes);
  for (std::uint64_t i = 0; i < params.repeat; ++i) {
    out.push_back({repeated_key(cut_record.key, i, params.same),
                   repeated_value(cut_record.value, i, params.repeat, params.big)});
  }
}

template <auto key_of>
void map_numbers(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  const Cut cut_record = cut(record.bytes);
  for (std::uint64_t i = 0; i < params.repeat; ++i) {
    const std::string key = repeated_key(cut_record.key, i, params.same);
    out.push_back({key_of(key), repeated_value(cut_record.value, i, params.repeat, 0)});
  }
}

void map_dated(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  const Cut cut_record = cut(record.bytes);
  for (std::uint64_t i = 0; i < params.repeat; ++i) {
    const std::string value = repeated_value(cut_record.value, i, params.repeat, params.big);
    const std::string group = encoded_in_tuple(repeated_key(cut_record.key, i, params.same));
    out.push_back({group + descending(encoded(signed_of(value))), value, group.size()});
  }
}

void map_two_inputs(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  const Cut cut_record = cut(record.bytes);
  for (std::uint64_t i = 0; i < params.repeat; ++i) {
    const std::string group = encoded_in_tuple(repeated_key(cut_record.key, i, params.same));
    out.push_back({group + static_cast<char>(record.file->input),
                   repeated_value(cut_record.value, i, params.repeat, params.big), group.size()});
  }
}

// ----- reduces

void write_count(Pairs group, const ModelParams&, std::string& text) {
  write_line(text, group.front().key, std::to_string(group.size()));
}

void write_lines(Pairs group, const ModelParams&, std::string& text) {
  for (const auto& pair : group) write_line(text, pair.key);
}

std::string digest_text(const Digest& digest) {
  return std::to_string(digest.count()) + '\t' + std::to_string(digest.state());
}

std::string beginnings(Pairs group) {
  std::string text;
  for (const auto& pair : group.first(std::min<std::size_t>(group.size(), 8)))
    text += pair.value.substr(0, 12) + ',';
  return text;
}

void write_concatenation(Pairs group, const ModelParams&, std::string& text) {
  Digest digest;
  for (const auto& pair : group) digest.add(pair.value);
  write_line(text, group.front().key, digest_text(digest), beginnings(group));
}

void write_first(Pairs group, const ModelParams&, std::string& text) {
  write_line(text, group.front().key, group.front().value);
}

void write_dated(Pairs group, const ModelParams&, std::string& text) {
  Digest digest;
  std::string days;
  for (std::size_t i = 0; i < group.size(); ++i) {
    digest.add(group[i].value);
    const std::string day = descending(group[i].key.substr(group[i].group_size));
    if (i < 8) days += std::to_string(decoded_signed(day)) + ',';
  }
  write_line(text, decoded_in_tuple(group.front().key), digest_text(digest), days);
}

void write_two_inputs(Pairs group, const ModelParams&, std::string& text) {
  const auto is_left = [](const ModelPair& pair) { return pair.key.back() == 0; };
  const auto lefts = static_cast<std::size_t>(std::count_if(group.begin(), group.end(), is_left));
  Digest digest;
  if (lefts < group.size())
    for (const auto& pair : group) digest.add(pair.value);
  for (const auto& pair : group.first(lefts)) digest.add(pair.value);
  write_line(text, decoded_in_tuple(group.front().key), std::to_string(lefts),
             std::to_string(group.size() - lefts), digest_text(digest));
}

void write_distinct_in_a_row(Pairs group, const ModelParams&, std::string& text) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (i == 0 || group[i].value != group[i - 1].value)
      write_line(text, group[i].key, group[i].value);
  }
}

void write_unsigned_lanes(Pairs group, const ModelParams&, std::string& text) {
  std::uint64_t sum = 0, least = ~0ull, most = 0;
  for (const auto& pair : group) {
    const std::uint64_t number = unsigned_of(pair.value);
    sum += number;
    least = std::min(least, number);
    most = std::max(most, number);
  }
  write_line(text, group.front().key, std::to_string(sum), std::to_string(least),
             std::to_string(most), std::to_string(group.size()));
}

void write_signed_lanes(Pairs group, const ModelParams&, std::string& text) {
  std::uint64_t sum = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  for (const auto& pair : group) {
    least = std::min(least, signed_of(pair.value));
    most = std::max(most, signed_of(pair.value));
    sum += unsigned_of(pair.value);
  }
  write_line(text, group.front().key, std::to_string(least), std::to_string(most),
             std::to_string(static_cast<std::int64_t>(sum)));
}

void write_real_lanes(Pairs group, const ModelParams&, std::string& text) {
  double least = 1e300, most = -1e300;
  for (const auto& pair : group) {
    least = std::min(least, real_of(pair.value));
    most = std::max(most, real_of(pair.value));
  }
  write_line(text, group.front().key, shortest(least), shortest(most));
}

void write_real_sum(Pairs group, const ModelParams&, std::string& text) {
  double sum = 0;
  for (const auto& pair : group) sum += real_of(pair.value);
  write_line(text, group.front().key, shortest(sum));
}

void write_sum_of_unsigned_key(Pairs group, const ModelParams&, std::string& text) {
  std::uint64_t sum = 0;
  for (const auto& pair : group) sum += unsigned_of(pair.value);
  write_line(text, std::to_string(from_big_endian(group.front().key)), std::to_string(sum));
}

void write_max_of_signed_key(Pairs group, const ModelParams&, std::string& text) {
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  for (const auto& pair : group) most = std::max(most, signed_of(pair.value));
  write_line(text, std::to_string(decoded_signed(group.front().key)), std::to_string(most));
}

void write_min_of_real_key(Pairs group, const ModelParams&, std::string& text) {
  double least = 1e300;
  for (const auto& pair : group) least = std::min(least, real_of(pair.value));
  write_line(text, shortest(decoded_real(group.front().key)), shortest(least));
}

void write_wide_fold(Pairs group, const ModelParams&, std::string& text) {
  std::array<std::uint64_t, 8> buckets{};
  for (const auto& pair : group) ++buckets[mix(pair.value) % 8];
  std::string fields;
  for (const std::uint64_t count : buckets) fields += std::to_string(count) + ',';
  write_line(text, group.front().key, fields);
}

void write_affine(Pairs group, const ModelParams&, std::string& text) {
  Affine all;
  for (const auto& pair : group) all = then(all, affine_of(pair.value));
  write_line(text, group.front().key, std::to_string(all.a), std::to_string(all.b));
}

// The k highest different (number, line) pairs of the whole input.
void write_top(Pairs pairs, const ModelParams& params, std::string& text) {
  std::vector<std::pair<std::int64_t, std::string>> all;
  for (const auto& pair : pairs) all.emplace_back(signed_of(pair.value), pair.value);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  all.resize(std::min<std::size_t>(all.size(), params.k));
  for (const auto& [number, line] : all) write_line(text, line, std::to_string(number));
}

void map_whole_lines(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  for (std::uint64_t i = 0; i < params.repeat; ++i)
    out.push_back({"", std::string(record.bytes) + '\n'});
}

void map_cut_lines(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  const Cut cut_record = cut(record.bytes);
  for (std::uint64_t i = 0; i < params.repeat; ++i) {
    std::string text;
    write_line(text, cut_record.key,
               repeated_value(cut_record.value, i, params.repeat, params.big));
    out.push_back({"", text});
  }
}

void map_short_values(const ModelRecord& record, const ModelParams& params, ModelPairs& out) {
  const Cut cut_record = cut(record.bytes);
  for (std::uint64_t i = 0; i < params.repeat; ++i) {
    out.push_back(
        {repeated_key(cut_record.key, i, params.same), std::string(cut_record.value.substr(0, 2))});
  }
}

// A file given twice is two files of one name, so the ordinal stands before the name.
void map_file_names(const ModelRecord& record, const ModelParams&, ModelPairs& out) {
  for (const auto word : model_words(record.bytes)) {
    out.push_back({std::string(word), big_endian(record.file_ordinal) + record.file->name});
  }
}

void write_file_names(Pairs group, const ModelParams&, std::string& text) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (i == 0 || group[i].value != group[i - 1].value)
      write_line(text, group[i].key, group[i].value.substr(8));
  }
}

// Keys (word, file): groups by word, counts by both.
void map_index(const ModelRecord& record, const ModelParams&, ModelPairs& out) {
  for (const auto word : model_words(record.bytes)) {
    const std::string group = encoded_in_tuple(word);
    out.push_back(
        {group + big_endian(record.file_ordinal).substr(4), record.file->name, group.size()});
  }
}

void write_index(Pairs group, const ModelParams&, std::string& text) {
  for (std::size_t begin = 0, end = 0; begin < group.size(); begin = end) {
    while (end < group.size() && group[end].key == group[begin].key) ++end;
    write_line(text, decoded_in_tuple(group[begin].key), group[begin].value,
               std::to_string(end - begin));
  }
}

void map_for_top(const ModelRecord& record, const ModelParams&, ModelPairs& out) {
  out.push_back({"", std::string(record.bytes)});
}

std::string unsigned_key(const std::string& key) { return big_endian(unsigned_of(key)); }
std::string signed_key(const std::string& key) { return encoded(signed_of(key)); }
std::string real_key(const std::string& key) { return encoded(real_of(key)); }

std::vector<ModelJob> make_jobs() {
  const std::vector<std::string> keys{"repeat", "same"};
  const std::vector<std::string> all{"repeat", "same", "big"};
  std::vector<ModelJob> jobs;
  const auto add = [&](const char* name, ModelMap map, ModelReduce reduce,
                       std::vector<std::string> parameters) -> ModelJob& {
    ModelJob job;
    job.name = name;
    job.map = std::move(map);
    job.reduce = std::move(reduce);
    job.parameters = std::move(parameters);
    jobs.push_back(std::move(job));
    return jobs.back();
  };
  add("count_words", map_words, write_count, keys);
  add("concatenate", map_values, write_concatenation, all);
  add("first_value", map_values, write_first, all);
  add("unsigned_lanes", map_values, write_unsigned_lanes, keys);
  add("signed_lanes", map_values, write_signed_lanes, keys);
  add("real_lanes", map_values, write_real_lanes, keys);
  add("real_sums", map_values, write_real_sum, keys);
  add("unsigned_keys", map_numbers<unsigned_key>, write_sum_of_unsigned_key, keys);
  add("signed_keys", map_numbers<signed_key>, write_max_of_signed_key, keys);
  add("real_keys", map_numbers<real_key>, write_min_of_real_key, keys);
  add("wide_fold", map_values, write_wide_fold, keys);
  add("affine_fold", map_values, write_affine, keys);
  add("unique_values", map_short_values, write_distinct_in_a_row, keys);
  add("file_names", map_file_names, write_file_names, {});
  add("files_of_words", map_index, write_index, {});
  add("dated", map_dated, write_dated, all);
  add("dated_in_order", map_dated, write_dated, all).total_order = true;
  add("lines_in_order", map_lines, write_lines, keys).total_order = true;
  add("count_in_order", map_lines, write_count, keys).total_order = true;
  add("concatenate_in_order", map_values, write_concatenation, all).total_order = true;
  add("copy_lines", map_whole_lines, nullptr, {"repeat"});
  add("copy_pairs", map_cut_lines, nullptr, {"repeat", "big"});
  ModelJob& odd = add("odd_lines", map_lines, write_count, {});
  odd.side = "odd";
  odd.map_side = [](const ModelRecord& record, std::string& text) {
    if (record.bytes.size() % 2 == 1) text += "length\t" + std::string(record.bytes) + "\n";
  };
  add("three_parts", map_values, write_concatenation, all).partitions = 3;
  add("two_inputs", map_two_inputs, write_two_inputs, all).inputs = {{"left", '\n'},
                                                                     {"right", '\0'}};
  ModelJob& top = add("highest", map_for_top, nullptr, {"k"});
  top.partitions = 1;
  top.reduce_partition = write_top;
  return jobs;
}

const std::vector<ModelJob>& jobs_of_the_model() {
  static const std::vector<ModelJob> jobs = make_jobs();
  return jobs;
}

}  // namespace

const ModelJob& model_job(const std::string& name) {
  for (const ModelJob& job : jobs_of_the_model()) {
    if (job.name == name) return job;
  }
  throw std::runtime_error("the naive model has no job " + name);
}

std::vector<std::string> model_job_names() {
  std::vector<std::string> names;
  for (const ModelJob& job : jobs_of_the_model()) names.push_back(job.name);
  return names;
}

}  // namespace mrun::test_support
