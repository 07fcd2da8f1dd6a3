// Goal: the pairs of one hot key are shared between threads where each is a record of its own, and
// are the work of one where they are reduced or combined (P14). Method: the steps of a run over
// texts just large enough for several pieces; the plan of pieces says how many of them begin inside
// a key; the bytes against a stable sort of the lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/open_pipeline.hpp"
#include "shuffle/records.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using namespace test_support;

/// Lines of a word and a text; nine of ten words are "hot".
std::vector<std::string> hot_lines(std::size_t count, std::size_t text_bytes,
                                   std::uint64_t other_words = 500) {
  Random random(test_seed());
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i)
    lines.push_back(
        (random.one_in(10) ? std::to_string(random.below(other_words)) + "-a-longer-key" : "hot") +
        ' ' + std::to_string(i) +
        std::string(text_bytes, static_cast<char>('a' + random.below(26))));
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

std::string word_of(const std::string& line) { return line.substr(0, line.find(' ')); }

std::set<std::string> words_of(const std::vector<std::string>& lines) {
  std::set<std::string> words;
  for (const std::string& line : lines) words.insert(word_of(line));
  return words;
}

/// What the job `arrange` makes of the lines.
std::string arranged(std::vector<std::string> lines) {
  std::stable_sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
    return word_of(a) < word_of(b);
  });
  for (std::string& line : lines) line[line.find(' ')] = '\t';
  return joined(lines);
}

/// Tasks of 256 KiB, more memory than the texts have bytes, and one part.
PipelineSetup setup_of(JobShape shape, bool spills) {
  PipelineSetup setup;
  setup.spec.shape = shape;
  setup.spills = spills;
  setup.partitions = 1;
  setup.split_bytes = std::size_t{256} << 10;
  setup.splits_of_run = 40;
  setup.sort_bytes = std::size_t{600} << 20;
  return setup;
}

/// Counts the pieces of the run to come that begin inside keys.
void count_pieces_inside_keys(OpenPipeline& pipeline, std::size_t& count) {
  pipeline.hooks.pieces = [&count](std::unique_ptr<PieceSource> pieces) {
    count = pieces->plan().pieces_inside_keys();
    return pieces;
  };
}

TEST(HotKeyPieces, InMemoryAreCutBetweenTasks) {
  const std::vector<std::string> lines = hot_lines(400'000, 20);
  OpenPipeline pipeline(setup_of(JobShape::arrange, false));
  std::size_t inside = 0;
  count_pieces_inside_keys(pipeline, inside);
  const auto parts = pipeline.run(joined(lines));
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_TRUE(*parts == std::vector<std::string>{arranged(lines)});
  EXPECT_GE(inside, 5u);
  EXPECT_EQ(pipeline.info.groups, words_of(lines).size());
}

TEST(HotKeyPieces, InRunsAreCutBetweenTasksWhateverMergesCameBefore) {
  const std::vector<std::string> lines = hot_lines(60'000, 2500);
  const std::string text = joined(lines), expected = arranged(lines);
  for (const std::size_t fan_in : {2u, 100u}) {
    PipelineSetup setup = setup_of(JobShape::arrange, true);
    setup.fan_in = fan_in;
    OpenPipeline pipeline(setup);
    std::size_t inside = 0;
    count_pieces_inside_keys(pipeline, inside);
    const auto parts = pipeline.run(text);
    ASSERT_TRUE(parts) << parts.error().message;
    EXPECT_TRUE(*parts == std::vector<std::string>{expected});
    EXPECT_GE(inside, 2u);
    EXPECT_EQ(pipeline.info.groups, words_of(lines).size());
    EXPECT_GE(pipeline.info.spilled_runs, 10u);
    EXPECT_EQ(pipeline.info.merged.passes > 0, fan_in == 2);
  }
}

// Nothing is gained by cutting a sum's key: each run has one pair of it.
TEST(HotKeyPieces, OfASumHaveAtMostOnePairOfEachRun) {
  const std::vector<std::string> lines = hot_lines(400'000, 20, 20'000);
  std::string text;
  for (const std::string& line : lines) text += word_of(line) + '\n';
  PipelineSetup setup = setup_of(JobShape::count, true);
  setup.split_bytes = std::size_t{64} << 10;
  setup.splits_of_run = 4;
  setup.table_bytes = std::size_t{64} << 10;  // Full at once, so that pairs pass it.
  OpenPipeline pipeline(setup);
  std::size_t inside = 0;
  count_pieces_inside_keys(pipeline, inside);
  std::uint64_t hot_pairs = 0;
  pipeline.hooks.runs = [&hot_pairs](RunSet& set) {
    MemoryBudget budget(std::size_t{64} << 20);
    PagePool pool(budget);
    for (const auto& run : set.runs) {
      // From "hot" to the key after it.
      auto cursor = RunCursor::open(budget, pool, run.segments, 0,
                                    {"hot", std::string("hot\0", 4), true, true});
      ASSERT_TRUE(cursor);
      const auto pairs = drain(**cursor);
      ASSERT_TRUE(pairs);
      hot_pairs += pairs->size();
    }
  };
  const auto parts = pipeline.run(text);
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_TRUE(*parts == model_parts(setup.spec, text, 1));
  EXPECT_EQ(inside, 0u);
  EXPECT_GE(pipeline.info.spilled_runs, 5u);
  EXPECT_EQ(pipeline.info.emitted_pairs, lines.size());
  EXPECT_GT(hot_pairs, 0u);
  EXPECT_LE(hot_pairs, pipeline.info.spilled_runs);
}

TEST(HotKeyPieces, OfAReduceAreNotCut) {
  std::string text;
  for (const std::string& line : hot_lines(400'000, 20)) text += word_of(line) + '\n';
  for (const bool spills : {false, true}) {
    PipelineSetup setup = setup_of(JobShape::join, spills);
    if (spills) setup.spec.value_padding = 300;  // So that the runs are many pieces.
    setup.splits_of_run = 2;
    OpenPipeline pipeline(setup);
    std::size_t inside = 1, pieces = 0;
    pipeline.hooks.pieces = [&](std::unique_ptr<PieceSource> source) {
      inside = source->plan().pieces_inside_keys();
      pieces = source->plan().size();
      return source;
    };
    const auto parts = pipeline.run(text);
    ASSERT_TRUE(parts) << parts.error().message;
    EXPECT_TRUE(*parts == model_parts(setup.spec, text, 1));
    EXPECT_GE(pieces, 2u);
    EXPECT_EQ(inside, 0u);
  }
}

}  // namespace
}  // namespace mrun
