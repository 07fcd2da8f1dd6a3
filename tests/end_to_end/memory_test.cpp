// Goal: memory stays in its budget on any input (P7). Method: inputs several times larger than
// `--memory 64M`, in the shapes that fill different buffers; the process's anonymous memory is
// sampled while it works, and its output compared with counts that are known from how the input was
// made.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/test_jobs.hpp"
#include "support/big_input.hpp"
#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kBudget = 64 * kMiB;
constexpr std::uint64_t kLimit = kBudget * 115 / 100 + 64 * kMiB;

/// Under a sanitizer the peak is not judged, so that there an input of the budget's size serves.
std::uint64_t input_bytes() {
  return std::max(scaled(192) * kMiB, under_sanitizer() ? kBudget : 3 * kBudget);
}

CommandResult run_within_budget(std::vector<std::string> arguments, const TempFolder& folder,
                                const std::vector<std::string>& inputs = {"in"}) {
  arguments.insert(arguments.end(), {"-q", "--no-sync", "--memory", "64M"});
  for (const std::string& input : inputs) {
    const std::size_t name = input.find('=') + 1;  // Behind its tag, if it has one.
    arguments.push_back(input.substr(0, name) + (folder / input.substr(name)));
  }
  arguments.push_back(folder / "out");
  CommandOptions options;
  options.measure_memory = true;
  options.timeout = std::chrono::seconds(280);
  CommandResult result = run_mrun(arguments, options);
  EXPECT_TRUE(result.ok()) << describe(arguments, result);
  EXPECT_GT(result.peak_anonymous_bytes, 0u);
  // A sanitizer's shadow and quarantine are not the product's memory.
  if (!under_sanitizer()) {
    EXPECT_LE(result.peak_anonymous_bytes, kLimit);
  }
  testing::Test::RecordProperty("peak_mib", static_cast<int>(result.peak_anonymous_bytes / kMiB));
  return result;
}

/// Calls `each` for every line of the parts, in order.
template <typename Each>
void for_each_output_line(const TempFolder& folder, const Each& each) {
  for (const std::string& name : names_in(folder / "out")) {
    if (name.rfind("part-", 0) != 0) continue;
    std::ifstream part(folder / "out/" + name, std::ios::binary);
    for (std::string line; std::getline(part, line);) each(std::string_view(line));
  }
}

/// True where the lines "w<number> TAB <count>" are exactly the counts that are not 0.
testing::AssertionResult holds_exactly(const TempFolder& folder,
                                       std::vector<std::uint32_t> counts) {
  std::uint64_t wrong_lines = 0;
  for_each_output_line(folder, [&](std::string_view line) {
    std::uint64_t word = 0, count = 0;
    const char* end = line.data() + line.size();
    const char* tab = std::from_chars(line.data() + 1, end, word).ptr;
    if (tab < end) std::from_chars(tab + 1, end, count);
    if (count == 0 || word >= counts.size() || counts[word] != count) {
      ++wrong_lines;
    } else {
      counts[word] = 0;
    }
  });
  std::uint64_t missing = 0;
  for (const std::uint32_t count : counts) missing += count != 0 ? 1u : 0u;
  if (wrong_lines == 0 && missing == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << wrong_lines << " wrong lines, " << missing << " words missing";
}

TEST(MemoryBudget, HoldsForAWordCountOfZipfText) {
  TempFolder folder;
  const BigInput input = write_zipf_text(folder / "in", input_bytes(), 1'000'000);
  run_within_budget({shipped_job("wordcount")}, folder);
  EXPECT_TRUE(holds_exactly(folder, input.counts));
}

TEST(MemoryBudget, HoldsForAWordCountOfWordsThatAllDiffer) {
  TempFolder folder;
  const BigInput input = write_distinct_words(folder / "in", input_bytes());
  run_within_budget({shipped_job("wordcount")}, folder);
  EXPECT_TRUE(holds_exactly(folder, input.counts));
}

TEST(MemoryBudget, HoldsForASortOfWordsThatAllDiffer) {
  TempFolder folder;
  const BigInput input = write_distinct_words(folder / "in", input_bytes());
  run_within_budget({shipped_job("sort")}, folder);
  std::string before;
  std::uint64_t bytes = 0, unordered = 0;
  for_each_output_line(folder, [&](std::string_view line) {
    if (line < before) ++unordered;
    before = line;
    bytes += line.size() + 1;
  });
  EXPECT_EQ(unordered, 0u);
  // A last line that has no newline gets one.
  EXPECT_LE(bytes - input.bytes, 1u);
}

TEST(MemoryBudget, HoldsForOneHotKey) {
  TempFolder folder;
  const BigInput input = write_hot_key(folder / "in", input_bytes());
  run_within_budget({test_job("concatenate")}, folder);

  test_jobs::Digest hot, other;
  std::ifstream lines(folder / "in", std::ios::binary);
  for (std::string line; std::getline(lines, line);) {
    const test_jobs::Cut cut = test_jobs::cut(line);
    (cut.key == "hot" ? hot : other).add(cut.value);
  }
  std::vector<std::string> beginnings;
  for_each_output_line(folder, [&](std::string_view line) {
    beginnings.emplace_back(line.substr(0, line.rfind('\t')));
  });
  const auto expected = [](const char* key, const test_jobs::Digest& digest) {
    return std::string(key) + '\t' + std::to_string(digest.count()) + '\t' +
           std::to_string(digest.state());
  };
  std::sort(beginnings.begin(), beginnings.end());
  EXPECT_EQ(beginnings, (std::vector<std::string>{expected("hot", hot), expected("other", other)}));
}

// Rows "key TAB number TAB text" of a key that nearly all have, and of another.
TEST(MemoryBudget, HoldsForEveryShippedJobWithOneHotKey) {
  TempFolder folder;
  std::uint64_t hot = 0, other = 0, sum = 0;
  {
    std::ofstream rows(folder / "in", std::ios::binary);
    Random random(test_seed());
    for (std::uint64_t bytes = 0; bytes < input_bytes(); bytes += 60) {
      const bool is_other = hot % 100'000 == 99'999;
      const std::uint64_t number = random.below(1'000'000);
      ++(is_other ? other : hot);
      if (!is_other) sum += number;
      rows << (is_other ? "other" : "hot") << '\t' << number << '\t'
           << std::string(30 + random.below(20), 'x') << '\n';
    }
    write_file(folder / "names", "hot\tH\nnone\tN\n");
  }
  const auto lines_of = [&](const std::vector<std::string>& job,
                            const std::vector<std::string>& inputs = {"in"}) {
    run_within_budget(job, folder, inputs);
    std::vector<std::string> lines;
    std::uint64_t count = 0;
    for_each_output_line(folder, [&](std::string_view line) {
      if (++count <= 10) lines.emplace_back(line);
    });
    remove_tree(folder / "out");
    std::sort(lines.begin(), lines.end());
    return std::pair(lines, count);
  };
  using Lines = std::vector<std::string>;
  const std::string h = std::to_string(hot), o = std::to_string(other);
  EXPECT_EQ(lines_of({shipped_job("distinct"), "-D", "field=1", "-D", "count"}).first,
            (Lines{"hot\t" + h, "other\t" + o}));
  EXPECT_EQ(
      lines_of({shipped_job("sum"), "-D", "by=1", "-D", "count", "-D", "sum=2"}).first.front(),
      "hot\t" + h + "\t" + std::to_string(sum));
  EXPECT_EQ(lines_of({shipped_job("top"), "-D", "field=2", "-D", "k=3"}).second, 3u);
  EXPECT_EQ(lines_of({shipped_job("sort"), "-D", "bytes=1-3"}).second, hot + other);
  EXPECT_EQ(lines_of({shipped_job("index"), "-D", "lines"}).second > hot, true);
  EXPECT_EQ(lines_of({shipped_job("grep"), "-D", "pattern=^hot", "-D", "count"}).first, Lines{h});
  // The hot key's rows on the right are streamed, on the left they are put aside.
  EXPECT_EQ(lines_of({shipped_job("join")}, {"left=names", "right=in"}).second, hot);
  EXPECT_EQ(lines_of({shipped_job("join")}, {"left=in", "right=names"}).second, hot);
  EXPECT_EQ(lines_of({shipped_job("join"), "-D", "kind=left"}, {"left=in", "right=names"}).second,
            hot + other);
}

TEST(MemoryBudget, HoldsForAWordCountReadByPread) {
  TempFolder folder;
  const BigInput input = write_zipf_text(folder / "in", input_bytes() / 2, 3'000'000);
  run_within_budget({shipped_job("wordcount"), "--io", "pread", "-j8"}, folder);
  EXPECT_TRUE(holds_exactly(folder, input.counts));
}

}  // namespace
}  // namespace mrun::test_support
