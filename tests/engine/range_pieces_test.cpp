// Goal: ranges of keys that sort buffers keep apart while maps run make the same output, however
// well they were foreseen. Method: the steps of a run with borders that fit the keys, that put all
// into one range, that lie inside one word's keys or are the hot key itself; the bytes against a
// stable sort of the lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/open_pipeline.hpp"
#include "shuffle/records.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using namespace test_support;

/// Lines of a word and a text, a third of them of one word. `clustered`: in about rising order.
std::string lines_text(Random& random, std::size_t count, bool clustered) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < count; ++i)
    words.push_back(random.one_in(3) ? "hot"
                                     : std::to_string(random.below(20'000)) +
                                           (random.one_in(4) ? "-and-a-much-longer-key" : ""));
  if (clustered) std::sort(words.begin(), words.end());
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += words[i] + ' ' + std::to_string(i) + '\n';
  return text;
}

/// What the job `arrange` makes of them.
std::string arranged(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const auto word_of = [](const std::string& line) { return line.substr(0, line.find(' ')); };
  std::stable_sort(lines.begin(), lines.end(), [&](const std::string& a, const std::string& b) {
    return word_of(a) < word_of(b);
  });
  std::string all;
  for (std::string& line : lines) {
    line[line.find(' ')] = '\t';
    all += line + '\n';
  }
  return all;
}

const std::vector<std::vector<std::string>>& all_borders() {
  static const std::vector<std::vector<std::string>> borders = {
      {"13", "2", "4", "6", "8"},  // About even.
      {"x"},                       // All in one.
      {"hot"},                     // A border is the hot key.
      {"1", "hot", std::string("hot\0", 4), "i"},
      {"17-and-a-much-longer-key", "17-and-a-much-longer-kez", "5"},  // Beyond the first 16 bytes.
  };
  return borders;
}

class RangePieces : public testing::TestWithParam<std::size_t> {};

TEST_P(RangePieces, TogetherAreTheSortedWhole) {
  Random random(case_seed(GetParam()));
  for (const bool clustered : {false, true}) {
    const std::string text = lines_text(random, 250'000, clustered);
    for (const std::uint32_t partitions : {1u, 7u}) {
      SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " parts " +
                   std::to_string(partitions) + (clustered ? " clustered" : ""));
      PipelineSetup setup;
      setup.spec.shape = JobShape::arrange;
      setup.spec.total_order = true;
      setup.partitions = partitions;
      setup.split_bytes = std::size_t{256} << 10;
      setup.splits_of_run = 40;
      setup.sort_bytes = std::size_t{600} << 20;
      setup.range_borders = all_borders()[GetParam()];
      OpenPipeline pipeline(setup);
      const auto parts = pipeline.run(text);
      ASSERT_TRUE(parts) << parts.error().message;
      EXPECT_EQ(parts->size(), partitions);
      std::string whole;
      for (const std::string& part : *parts) whole += part;
      EXPECT_TRUE(whole == arranged(text));
    }
  }
}

// By hash, and reduced.
TEST_P(RangePieces, OfEachPartitionAreReducedAsAllElse) {
  Random random(case_seed(GetParam()));
  const std::string text = lines_text(random, 60'000, false);
  for (const bool spills : {false, true}) {
    SCOPED_TRACE(spills);
    PipelineSetup setup;
    setup.spec.shape = JobShape::join;
    setup.spills = spills;
    setup.range_borders = all_borders()[GetParam()];
    OpenPipeline pipeline(setup);
    const auto parts = pipeline.run(text);
    ASSERT_TRUE(parts) << parts.error().message;
    EXPECT_TRUE(*parts == model_parts(setup.spec, text, setup.partitions));
    EXPECT_EQ(pipeline.info.spilled_runs > 0, spills);
  }
}

INSTANTIATE_TEST_SUITE_P(Borders, RangePieces, testing::Range<std::size_t>(0, 5));

}  // namespace
}  // namespace mrun
