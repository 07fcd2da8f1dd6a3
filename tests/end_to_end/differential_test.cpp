// Goal: no record lost, none twice, none out of order (P1). Method: random jobs over random inputs
// with random options against the naive model, byte by byte. To repeat a failure, set
// MRUN_TEST_SEED and MRUN_TEST_CASE to what it prints; MRUN_TEST_SCALE changes how many cases run.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "end_to_end/sort_keys.hpp"
#include "support/command.hpp"
#include "support/files.hpp"
#include "support/naive_model.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

/// One random run: what to run it on, how, and what must come out.
struct Case {
  const ModelJob* job = nullptr;
  ModelParams params;
  std::vector<ModelFile> files;        ///< In input order, as the model reads them.
  std::vector<std::string> arguments;  ///< Without the output.
  std::uint32_t partitions = 1;
  std::string format = "text";
};

/// How the output lies on disk, which `mrun cat` turns to the same text, and how spilled data does.
void choose_forms(Random& random, Case& test) {
  if (random.one_in(2))
    for (const std::string& argument : {std::string("--compress-spill"),
                                        random.pick<std::string>({"none", "lz4", "zstd", "auto"})})
      test.arguments.push_back(argument);
  const bool has_pairs = test.job->reduce || test.job->reduce_partition;
  if (!has_pairs || random.one_in(2)) return;
  test.format = random.pick<std::string>({"kv", "table"});
  test.arguments.insert(test.arguments.end(), {"--output-format", test.format});
}

void add_parameter(Case& test, const char* name, std::uint64_t ModelParams::*member,
                   std::uint64_t value) {
  const auto& known = test.job->parameters;
  if (std::find(known.begin(), known.end(), name) == known.end()) return;
  test.params.*member = value;
  test.arguments.push_back("-D");
  test.arguments.push_back(std::string(name) + "=" + std::to_string(value));
}

void choose_options(Random& random, Case& test) {
  const auto add = [&](std::initializer_list<std::string> arguments) {
    test.arguments.insert(test.arguments.end(), arguments);
  };
  add({"-q", "-j", std::to_string(random.between(1, 8))});
  add({"--memory", random.pick<std::string>({"34M", "64M", "1G"})});
  if (!random.one_in(8)) add({"--no-sync"});
  if (!random.one_in(4)) {
    // Mostly near the sizes of buffers and records, where edges lie; whole powers of two as well.
    const std::uint64_t size =
        random.one_in(2) ? random.between(1, 300) : std::uint64_t{1} << random.between(6, 20);
    add({"--split-size", std::to_string(size)});
  }
  if (random.one_in(2)) add({"--io", random.pick<std::string>({"mmap", "pread", "auto"})});
  if (random.one_in(2)) {
    test.partitions = static_cast<std::uint32_t>(random.between(1, 20));
    // A job that fixes its number of partitions does not take another.
    if (test.job->partitions == 0) add({"-p", std::to_string(test.partitions)});
  }
}

// Some files by themselves, some in folders with hidden ones beside them.
void write_inputs(Random& random, const TempFolder& folder, std::uint64_t size_bytes, Case& test) {
  const std::vector<ModelInput>& inputs = test.job->inputs;
  const std::uint64_t arguments = random.between(inputs.size(), 3);
  // One argument for each of several inputs needs no names; with names they stand in any order.
  const bool are_named = inputs.size() > 1 && (arguments > inputs.size() || random.one_in(2));
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < arguments; ++i) {
    const auto input = static_cast<std::uint32_t>(std::min(i, inputs.size() - 1));
    const std::string name = "in" + std::to_string(i);
    const std::string path = folder / name;
    const auto add_file = [&](const std::string& file, std::uint64_t most_bytes) {
      std::string text = random_text(random, random.below(most_bytes + 1));
      if (inputs[input].record_end != '\n' && !random.one_in(4))
        std::replace(text.begin(), text.end(), '\n', inputs[input].record_end);
      test.files.push_back({file, text, input});
      write_file(folder / file, text);
    };
    if (random.one_in(2)) {
      add_file(name, size_bytes);
    } else {
      // In byte order of the relative path; '-' and '.' come before '/'.
      for (const char* relative : {"a-b", "a.b", "a/b", "a/c/d", "ab", "b"}) {
        if (random.one_in(3)) continue;
        add_file(name + "/" + relative, size_bytes / 3);
      }
      write_file(path + "/.hidden", "hidden words\n");
      write_file(path + "/a/_temporary/x", "hidden words\n");
    }
    names.push_back(are_named ? inputs[input].tag + "=" + name : name);
  }
  if (are_named && random.one_in(2)) std::rotate(names.begin(), names.begin() + 1, names.end());
  test.arguments.insert(test.arguments.end(), names.begin(), names.end());
}

Case make_case(Random& random, const TempFolder& folder, bool spills) {
  static const std::vector<std::string> names = model_job_names();
  Case test;
  test.job = &model_job(random.pick(names));
  test.arguments = {test_job(test.job->name)};
  if (!spills) {
    if (random.one_in(4)) add_parameter(test, "repeat", &ModelParams::repeat, random.between(0, 4));
    if (random.one_in(4)) add_parameter(test, "same", &ModelParams::same, random.between(1, 3));
    if (random.one_in(8))
      add_parameter(test, "big", &ModelParams::big, std::uint64_t{1} << random.between(2, 12));
    add_parameter(test, "k", &ModelParams::k, random.between(0, 20));
    choose_options(random, test);
    choose_forms(random, test);
    write_inputs(random, folder, std::uint64_t{1} << random.between(0, 16), test);
    return test;
  }
  // Budgets that are hardly enough, and jobs that amplify a small input to more than it holds.
  const std::uint64_t input_bytes = std::uint64_t{1} << random.between(10, 16);
  test.job = &model_job(random.pick<std::string>(
      {"concatenate", "concatenate", "first_value", "dated", "dated_in_order",
       "concatenate_in_order", "three_parts", "two_inputs", "count_words", "count_in_order",
       "lines_in_order", "affine_fold", "wide_fold", "unique_values", "unsigned_lanes",
       "real_sums"}));
  test.arguments = {test_job(test.job->name)};
  const auto& known = test.job->parameters;
  const bool blows_up =
      std::find(known.begin(), known.end(), "big") != known.end() && !random.one_in(4);
  write_inputs(random, folder, input_bytes, test);
  // What one repetition emits: 32 bytes a pair and what does not fit in there.
  std::uint64_t pairs = 1;
  std::uint64_t bytes = 1;
  for (const auto& file : test.files) {
    const bool words = test.job->name == "count_words";
    const char record_end = test.job->inputs[file.input].record_end;
    pairs += words ? model_words(file.bytes).size() : model_records(file.bytes, record_end).size();
    bytes += file.bytes.size();
  }
  constexpr std::uint64_t kEmittedBytes = 48 << 20;
  if (blows_up) {
    const std::uint64_t most = 2 * kEmittedBytes / pairs;
    const std::uint64_t big = std::min(most, random.pick<std::uint64_t>({1000, 20'000, 300'000}));
    add_parameter(test, "big", &ModelParams::big, big);
    add_parameter(test, "repeat", &ModelParams::repeat, 1 + most / big);
    add_parameter(test, "same", &ModelParams::same, random.pick<std::uint64_t>({0, 1, 100}));
  } else {
    add_parameter(test, "repeat", &ModelParams::repeat, 1 + kEmittedBytes / (bytes + 48 * pairs));
    add_parameter(test, "same", &ModelParams::same, random.pick<std::uint64_t>({0, 1, 1, 3}));
  }
  // From 36M on there are two threads, from 38M on three; small splits give all of them tasks.
  for (const std::string& option : std::vector<std::string>{
           "-q", "--no-sync", "--memory", random.pick<std::string>({"34M", "36M", "38M", "40M"}),
           "--split-size", std::to_string(input_bytes / random.between(1, 20) + 1)})
    test.arguments.push_back(option);
  test.arguments.push_back("-j" + std::to_string(random.between(1, 4)));
  if (random.one_in(2)) {
    test.partitions = static_cast<std::uint32_t>(random.between(2, 9));
    if (test.job->partitions == 0) test.arguments.push_back("-p" + std::to_string(test.partitions));
  }
  choose_forms(random, test);
  return test;
}

/// The keys of a table are the first fields of what a reduce writes, and must come in byte order.
bool rises_by_first_field(const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    std::string before;
    for (const std::string& line : lines_of(part)) {
      const std::string key = line.substr(0, line.find('\t'));
      if (key < before) return false;
      before = key;
    }
  }
  return true;
}

std::string first_difference(const std::string& expected, const std::string& actual) {
  std::size_t at = 0;
  while (at < expected.size() && at < actual.size() && expected[at] == actual[at]) ++at;
  const std::size_t from = at < 60 ? 0 : at - 60;
  return "first difference at byte " + std::to_string(at) + " of " +
         std::to_string(expected.size()) + " expected and " + std::to_string(actual.size()) +
         " actual bytes\n  expected ..." + testing::PrintToString(expected.substr(from, 160)) +
         "\n  actual   ..." + testing::PrintToString(actual.substr(from, 160));
}

void run_case(std::uint64_t index, bool spills) {
  SCOPED_TRACE("repeat with MRUN_TEST_SEED=" + std::to_string(test_seed()) +
               " MRUN_TEST_CASE=" + std::to_string(index));
  Random random(case_seed(index) * 2 + (spills ? 1 : 0));
  TempFolder folder;
  Case test = make_case(random, folder, spills);
  test.arguments.push_back("out");

  CommandOptions options;
  options.folder = folder.path();
  const CommandResult result = run_mrun(test.arguments, options);
  const std::vector<std::string> parts =
      expected_parts(*test.job, test.params, test.files, test.partitions);
  if (test.format == "table" && result.exit_status == 7) {
    ASSERT_FALSE(rises_by_first_field(parts)) << describe(test.arguments, result);
    ASSERT_FALSE(exists(folder / "out"));
    return;
  }
  ASSERT_TRUE(result.ok()) << describe(test.arguments, result);

  std::string expected;
  for (const std::string& part : parts) expected += part;
  const CommandResult cat = run_mrun({"cat", "out"}, options);
  ASSERT_TRUE(cat.ok()) << cat.err;
  ASSERT_TRUE(cat.out == expected)
      << describe(test.arguments, result) << "\n  " << first_difference(expected, cat.out);
  if (!test.job->side.empty()) {
    const std::string side = expected_side(*test.job, test.files);
    const std::string printed = run_mrun({"cat", "out", "--side", test.job->side}, options).out;
    ASSERT_TRUE(printed.starts_with(side))
        << describe(test.arguments, result) << "\n  " << first_difference(side, printed);
  }
  if (index % 4 == 0) {
    ASSERT_TRUE(run_mrun({"verify", "out"}, options).ok());
  }

  // Where the hash alone decides the part, each part file is known too.
  if (parts.size() > 1 && test.format == "text") {
    const auto files = read_output(folder / "out");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      char name[32];
      std::snprintf(name, sizeof name, "part-%05zu", i);
      ASSERT_TRUE(files.contains(name)) << name;
      ASSERT_TRUE(files.at(name) == parts[i]) << name;
    }
  }
  const std::vector<std::string> left = names_in(folder.path());
  ASSERT_TRUE(std::none_of(left.begin(), left.end(), [](const auto& name) {
    return name.front() == '.';
  })) << "staging is left behind";
}

/// The shipped sort by random keys, through a pipe and with hardly enough memory.
void run_sort(std::uint64_t index) {
  SCOPED_TRACE("repeat with MRUN_TEST_SEED=" + std::to_string(test_seed()) +
               " MRUN_TEST_CASE=" + std::to_string(index));
  Random random(case_seed(3'000'000 + index));
  const TempFolder folder;
  const std::string separator = random.pick<std::string>({"", ",", "\t", " ", "x"});
  std::string some, text;
  while (some.size() < 200'000) some += random_table(random, separator);
  while (text.size() < 4'000'000) {
    // The same lines in other neighbourhoods.
    const std::size_t from = some.find('\n', random.below(some.size() / 2)) + 1;
    text += some.substr(from, some.rfind('\n', from + random.below(some.size())) + 1 - from);
  }
  write_file(folder / "in", text);
  const SortSpecification sort = random_sort(random, separator);
  std::vector<std::string> theirs{"/usr/bin/sort", "-s", folder / "in"};
  theirs.insert(theirs.end(), sort.theirs.begin(), sort.theirs.end());
  std::vector<std::string> ours{shipped_job("sort"), "-", "out", "--no-sync", "--stats"};
  ours.insert(ours.end(), sort.ours.begin(), sort.ours.end());
  // What `unique` leaves comes from a reduce, whose records make no table in another order.
  const bool is_unique = std::count(sort.ours.begin(), sort.ours.end(), "unique") > 0;
  for (const std::string& option : std::vector<std::string>{
           "-j" + std::to_string(random.between(1, 4)), "-p" + std::to_string(random.between(1, 4)),
           "--memory", random.pick<std::string>({"34M", "36M", "40M"}), "--compress-spill",
           random.pick<std::string>({"none", "lz4", "zstd", "auto"}), "--output-format",
           random.pick<std::string>({"text", "kv", is_unique ? "kv" : "table"})})
    ours.push_back(option);
  CommandOptions options;
  options.folder = folder.path();
  options.environment = {"LC_ALL=C"};
  const CommandResult wanted = run_command(theirs, options);
  ASSERT_TRUE(wanted.ok()) << testing::PrintToString(theirs) << wanted.err;
  options.stdin_file = folder / "in";
  const CommandResult sorted = run_mrun(ours, options);
  ASSERT_TRUE(sorted.ok()) << describe(ours, sorted);
  const CommandResult printed = run_mrun({"cat", "out"}, options);
  ASSERT_TRUE(printed.ok()) << printed.err;
  ASSERT_TRUE(printed.out == wanted.out) << describe(ours, sorted) << testing::PrintToString(theirs)
                                         << "\n  " << first_difference(wanted.out, printed.out);
}

/// A share of the cases, so that several run at once.
constexpr std::uint64_t kShards = 8;
class Differential : public testing::TestWithParam<std::uint64_t> {
 protected:
  void run_share(std::uint64_t cases, bool spills) {
    for (std::uint64_t index = GetParam(); index < cases; index += kShards) {
      if (only_case() >= 0 && static_cast<std::uint64_t>(only_case()) != index) continue;
      run_case(index, spills);
      if (HasFatalFailure()) return;
    }
  }
};

TEST_P(Differential, RandomJobsEqualTheNaiveModel) { run_share(scaled(1900), false); }
TEST_P(Differential, SpillingJobsEqualTheNaiveModel) { run_share(scaled(100), true); }

TEST_P(Differential, SortsByKeysAsSortDoes) {
  for (std::uint64_t index = GetParam(); index < scaled(24); index += kShards) {
    if (only_case() >= 0 && static_cast<std::uint64_t>(only_case()) != index) continue;
    run_sort(index);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Share, Differential, testing::Range<std::uint64_t>(0, kShards));

}  // namespace
}  // namespace mrun::test_support
