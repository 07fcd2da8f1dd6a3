// Goal: no bug of any step loses, doubles or changes a pair unnoticed. Method: bugs are seeded one
// at a time between the steps of a run. Each must end the run with Code::integrity, or at least
// make an output that differs from the model's; the list says which, and what catches it.
#include <gtest/gtest.h>

#include <iostream>

#include "engine/faulty_seams.hpp"
#include "engine/job_run.hpp"
#include "engine/open_pipeline.hpp"

namespace mrun {
namespace {

using test_support::Caught;
using test_support::FaultyPairs;
using test_support::FaultyPieces;
using test_support::FaultySink;
using test_support::JobShape;
using test_support::model_parts;
using test_support::NoPairs;
using test_support::OpenPipeline;
using test_support::PipelineSetup;
using test_support::text_of;
using test_support::words_text;

struct Bug {
  const char* name;
  Caught least;  ///< What must catch it at the latest.
  JobShape shape;
  bool spills;
  std::function<void(OpenPipeline&)> seed;
  bool has_ranges = false;  ///< That sort buffers keep apart.
};

const std::string& input_text() {
  static const std::string text = words_text(11, 60'000, 1500);
  return text;
}

PipelineSetup setup_of(JobShape shape, bool spills, bool has_ranges = false) {
  PipelineSetup setup;
  setup.spec.shape = shape;
  if (shape == JobShape::join) setup.spec.value_padding = 60;
  setup.spills = spills;
  if (has_ranges) setup.range_borders = {"w2", "w5"};
  return setup;
}

Caught outcome_of(OpenPipeline& pipeline, const PipelineSetup& setup) {
  const auto parts = pipeline.run(input_text());
  if (parts) {
    const bool same = *parts == model_parts(setup.spec, input_text(), setup.partitions);
    return same ? Caught::nowhere : Caught::by_output;
  }
  EXPECT_EQ(parts.error().code, Code::integrity) << parts.error().message;
  return Caught::at_run_time;
}

void expect_caught(const std::vector<Bug>& bugs) {
  for (const Bug& bug : bugs) {
    SCOPED_TRACE(bug.name);
    const PipelineSetup setup = setup_of(bug.shape, bug.spills, bug.has_ranges);
    OpenPipeline pipeline(setup);
    bug.seed(pipeline);
    const Caught caught = outcome_of(pipeline, setup);
    std::cout << bug.name << ": " << text_of(caught) << "\n";
    EXPECT_GE(caught, bug.least) << "caught " << text_of(caught);
  }
}

void seed_emits(OpenPipeline& pipeline, FaultySink::Fault fault) {
  const auto batches = std::make_shared<std::uint64_t>(0);
  pipeline.hooks.job.wrap_entries = [batches, fault](EntrySink& sink) {
    return std::make_unique<FaultySink>(sink, *batches, fault);
  };
}

std::function<void(OpenPipeline&)> seed_pieces(FaultyPieces::Open open) {
  return [open](OpenPipeline& pipeline) {
    pipeline.hooks.pieces = [open](std::unique_ptr<PieceSource> pieces) {
      return std::make_unique<FaultyPieces>(std::move(pieces), open);
    };
  };
}

std::function<void(OpenPipeline&)> seed_pairs(FaultyPairs::Fault fault) {
  return seed_pieces(
      [fault](PieceSource& pieces, std::size_t piece) -> Result<std::unique_ptr<PairSource>> {
        MRUN_TRY_ASSIGN(auto pairs, pieces.open(piece));
        if (piece != 1) return pairs;
        return std::unique_ptr<PairSource>(std::make_unique<FaultyPairs>(std::move(pairs), fault));
      });
}

std::function<void(OpenPipeline&)> seed_blocks(std::function<void(EntryBlock&)> damage) {
  return [damage](OpenPipeline& pipeline) {
    pipeline.hooks.mapped = [damage](MapOutput& output) {
      damage(*output.held().lists.front().front().block);
    };
  };
}

std::function<void(OpenPipeline&)> seed_plan(std::function<void(SplitPlan&)> damage) {
  return [damage](OpenPipeline& pipeline) { pipeline.hooks.plan = damage; };
}

std::function<void(OpenPipeline&)> seed_runs(std::function<void(RunSet&)> damage) {
  return [damage](OpenPipeline& pipeline) { pipeline.hooks.runs = damage; };
}

const std::vector<Bug> kNoBugs = {
    {"none, join in memory", Caught::nowhere, JobShape::join, false, [](OpenPipeline&) {}},
    {"none, join in runs", Caught::nowhere, JobShape::join, true, [](OpenPipeline&) {}},
    {"none, join in ranges", Caught::nowhere, JobShape::join, false, [](OpenPipeline&) {}, true},
    {"none, count in memory", Caught::nowhere, JobShape::count, false, [](OpenPipeline&) {}},
    {"none, count in runs", Caught::nowhere, JobShape::count, true, [](OpenPipeline&) {}},
};

TEST(Conservation, FindsNothingWhereThereIsNoBug) {
  for (const Bug& bug : kNoBugs) {
    SCOPED_TRACE(bug.name);
    const PipelineSetup setup = setup_of(bug.shape, bug.spills, bug.has_ranges);
    OpenPipeline pipeline(setup);
    EXPECT_EQ(outcome_of(pipeline, setup), Caught::nowhere);
  }
}

// Of the second split, whose first byte is made the first of a record.
void move_edge(SplitPlan& plan, bool overlap) {
  SplitRange& range = plan.splits[1].ranges.front();
  const std::size_t line = input_text().find('\n', range.begin + 100);
  ASSERT_NE(line, std::string::npos);
  if (overlap)
    plan.splits[0].ranges.back().end = line + 2;
  else
    range.begin = line + 1;
}

TEST(Conservation, CatchesBugsBeforeTheShuffle) {
  expect_caught({
      {"a split is left out", Caught::by_output, JobShape::join, false,
       seed_plan([](SplitPlan& plan) { plan.splits.erase(plan.splits.begin() + 2); })},
      {"a split is read twice", Caught::by_output, JobShape::count, false,
       seed_plan([](SplitPlan& plan) { plan.splits.push_back(plan.splits[2]); })},
      {"a split begins too late", Caught::by_output, JobShape::join, false,
       seed_plan([](SplitPlan& plan) { move_edge(plan, false); })},
      {"a split ends too late", Caught::by_output, JobShape::join, false,
       seed_plan([](SplitPlan& plan) { move_edge(plan, true); })},
      {"a group is mapped in another's place", Caught::by_output, JobShape::count, true,
       [](OpenPipeline& pipeline) {
         pipeline.hooks.group = [](std::size_t group) { return group == 3 ? 4 : group; };
       }},
      {"a batch of emits is lost", Caught::at_run_time, JobShape::join, false,
       [](OpenPipeline& pipeline) {
         seed_emits(pipeline,
                    [](std::uint64_t batch, auto&) -> unsigned { return batch == 1 ? 0 : 1; });
       }},
      {"a batch of emits is taken twice", Caught::at_run_time, JobShape::count, false,
       [](OpenPipeline& pipeline) {
         seed_emits(pipeline,
                    [](std::uint64_t batch, auto&) -> unsigned { return batch == 1 ? 2 : 1; });
       }},
      {"an emitted value's bit flips", Caught::by_output, JobShape::count, true,
       [](OpenPipeline& pipeline) {
         seed_emits(pipeline, [](std::uint64_t batch, std::vector<Entry>& entries) -> unsigned {
           if (batch == 1) entries.back().v ^= 4;
           return 1;
         });
       }},
  });
}

TEST(Conservation, CatchesBugsInTheSortBuffer) {
  const auto flip_key = [](EntryBlock& block) { block.entries[5].k0 ^= std::uint64_t{1} << 40; };
  const auto flip_value = [](EntryBlock& block) { block.entries[5].v ^= 1; };
  const auto cut = [](EntryBlock& block) { --block.count; };
  const auto repeat = [](EntryBlock& block) { block.entries[1] = block.entries[0]; };
  const auto swap = [](EntryBlock& block) {
    const auto content = [&](std::uint32_t i) {
      return content_of(block.entries[i], resolve(block.entries[i], 0));
    };
    // Of different keys: what is swapped under one key may be equal.
    std::uint32_t other = 1;
    while (block.entries[other].v == block.entries[0].v ||
           block.entries[other].k0 == block.entries[0].k0 || content(other) == content(0))
      ++other;
    std::swap(block.entries[0].v, block.entries[other].v);
  };
  const auto part = [](EntryBlock& block) { block.parts[5] = (block.parts[5] + 1) % 3; };
  const auto heap_byte = [](EntryBlock& block) {
    const_cast<std::uint8_t*>(address_of(block.entries[5].v))[0] ^= 1;
  };
  expect_caught({
      {"a key's bit flips", Caught::at_run_time, JobShape::join, false, seed_blocks(flip_key)},
      {"a key's bit flips before a spill", Caught::at_run_time, JobShape::join, true,
       seed_blocks(flip_key)},
      {"a key's bit flips in a range", Caught::at_run_time, JobShape::join, false,
       seed_blocks(flip_key), true},
      {"a range loses its last pair", Caught::at_run_time, JobShape::join, false, seed_blocks(cut),
       true},
      {"a pair of a range is overwritten", Caught::at_run_time, JobShape::join, false,
       seed_blocks(repeat), true},
      {"a byte of a value in the heap flips in a range", Caught::at_run_time, JobShape::join, false,
       seed_blocks(heap_byte), true},
      {"a sum's bit flips", Caught::at_run_time, JobShape::count, false, seed_blocks(flip_value)},
      {"a block loses its last pair", Caught::at_run_time, JobShape::join, false, seed_blocks(cut)},
      {"a block loses its last pair before a spill", Caught::at_run_time, JobShape::join, true,
       seed_blocks(cut)},
      {"a pair is overwritten by another", Caught::at_run_time, JobShape::count, false,
       seed_blocks(repeat)},
      {"a pair is overwritten by another before a spill", Caught::at_run_time, JobShape::join, true,
       seed_blocks(repeat)},
      {"two keys swap their values", Caught::at_run_time, JobShape::join, false, seed_blocks(swap)},
      {"a slice is not scattered", Caught::at_run_time, JobShape::join, false,
       [](OpenPipeline& pipeline) {
         pipeline.hooks.skips_scatter = [](std::size_t slice) { return slice == 1; };
       }},
      {"a pair gets the partition of another key", Caught::at_run_time, JobShape::join, false,
       seed_blocks(part)},
      {"a byte of a value in the heap flips", Caught::at_run_time, JobShape::join, false,
       seed_blocks(heap_byte)},
      {"a byte of a value in the heap flips before a spill", Caught::at_run_time, JobShape::join,
       true, seed_blocks(heap_byte)},
  });
}

// One piece more than partitions: the first is cut in two, wrongly where the cuts differ.
class WrongBorder final : public PieceSource {
 public:
  WrongBorder(RunSet& runs, MemoryBudget& budget, std::string end, std::string begin)
      : runs_(std::move(runs)),
        budget_(budget),
        plan_(PiecePlan::of_partitions(cuts(end))),
        begin_(std::move(begin)) {}
  const PiecePlan& plan() const override { return plan_; }
  unsigned at_once() const override { return 1; }
  Result<std::unique_ptr<PairSource>> open(std::size_t index) override {
    Piece piece = plan_.piece(index);
    if (index == 1) piece.range.low = begin_;
    return open_merge(budget_, cursors_, piece.partition, piece.range, tally_);
  }
  std::uint64_t pair_count() const override { return runs_.pairs; }
  Result<void> check() const override {
    if (tally_ == runs_.pairs) return {};
    return fail(Code::integrity, "the tally differs");
  }

 private:
  static std::vector<KeyBorders> cuts(const std::string& end) {
    std::vector<KeyBorders> cuts(3);
    cuts[0] = KeyBorders(std::vector<std::string>{end});
    return cuts;
  }

  RunSet runs_;
  MemoryBudget& budget_;
  RunCursors cursors_{budget_, runs_.runs};
  const PiecePlan plan_;
  const std::string begin_;
  PairTally tally_{0};
};

std::function<void(OpenPipeline&)> seed_border(std::string end, std::string begin) {
  return [end, begin](OpenPipeline& pipeline) {
    pipeline.hooks.pieces_of_runs = [end, begin](RunSet& runs, MemoryBudget& budget) {
      return std::make_unique<WrongBorder>(runs, budget, end, begin);
    };
  };
}

TEST(Conservation, CatchesBugsInPieces) {
  const auto skip = [](PieceSource& pieces,
                       std::size_t piece) -> Result<std::unique_ptr<PairSource>> {
    if (piece == 1) return std::unique_ptr<PairSource>(std::make_unique<NoPairs>());
    return pieces.open(piece);
  };
  const auto twice = [](PieceSource& pieces, std::size_t piece) {
    return pieces.open(piece == 1 ? 0 : piece);
  };
  const auto swapped = [](PieceSource& pieces, std::size_t piece) {
    return pieces.open(piece < 2 ? 1 - piece : piece);
  };
  expect_caught({
      {"a piece is skipped", Caught::at_run_time, JobShape::join, false, seed_pieces(skip)},
      {"a piece of runs is skipped", Caught::at_run_time, JobShape::join, true, seed_pieces(skip)},
      {"a piece is read in another's place", Caught::at_run_time, JobShape::count, false,
       seed_pieces(twice)},
      {"a piece of runs is read in another's place", Caught::at_run_time, JobShape::join, true,
       seed_pieces(twice)},
      {"two pieces change places", Caught::by_output, JobShape::join, false, seed_pieces(swapped)},
      {"a piece of runs begins too early", Caught::at_run_time, JobShape::join, true,
       seed_border("w5", "w4")},
      {"a piece of runs begins too late", Caught::at_run_time, JobShape::count, true,
       seed_border("w4", "w5")},
  });
}

TEST(Conservation, CatchesBugsBetweenSortAndReduce) {
  using Fault = FaultyPairs::Fault;
  expect_caught({
      {"a batch of sorted pairs is lost", Caught::at_run_time, JobShape::join, false,
       seed_pairs(Fault::drops_batch)},
      {"a batch of sorted pairs is read twice", Caught::at_run_time, JobShape::count, false,
       seed_pairs(Fault::repeats_batch)},
      {"the last pair of a batch is lost", Caught::at_run_time, JobShape::count, true,
       seed_pairs(Fault::drops_last_pair)},
      {"two pairs of a batch change places", Caught::by_output, JobShape::join, true,
       seed_pairs(Fault::swaps_pairs)},
      {"a value of a group is left out", Caught::by_output, JobShape::join, true,
       [](OpenPipeline& pipeline) {
         pipeline.hooks.job.skips_value = [](std::uint64_t value) { return value == 3; };
       }},
  });
}

MemoryBudget& run_indexes() {
  static MemoryBudget budget(std::size_t{1} << 20);
  return budget;
}

TEST(Conservation, CatchesBugsOfRuns) {
  const auto flip_middle = [](std::uint64_t call, std::span<std::byte> bytes) {
    if (call == 1) bytes[bytes.size() / 2] ^= std::byte{1};
  };
  expect_caught({
      {"a run is lost", Caught::at_run_time, JobShape::join, true,
       seed_runs([](RunSet& set) { set.runs.erase(set.runs.begin() + 1); })},
      {"a run is listed twice", Caught::at_run_time, JobShape::join, true,
       seed_runs([](RunSet& set) {
         const mrun::Run& run = set.runs[1].segments.front();
         auto again = mrun::Run::open(run_indexes(), run.file(), run.begin(), run.end());
         ASSERT_TRUE(again);
         set.runs.emplace_back(*std::move(again));
       })},
      {"a run's bit flips as it is read", Caught::at_run_time, JobShape::join, true,
       [=](OpenPipeline& pipeline) { pipeline.storage.scratch.after_read = flip_middle; }},
      {"a run's bit flips as it is written", Caught::at_run_time, JobShape::count, true,
       [](OpenPipeline& pipeline) {
         pipeline.storage.scratch.write = [](std::uint64_t call, auto& bytes, auto&) -> unsigned {
           if (call == 0) bytes[bytes.size() / 3] ^= std::byte{1};
           return 1;
         };
       }},
      {"a write of a run is lost", Caught::at_run_time, JobShape::join, true,
       [](OpenPipeline& pipeline) {
         pipeline.storage.scratch.write = [](std::uint64_t call, auto&, auto&) -> unsigned {
           return call == 0 ? 0 : 1;
         };
       }},
      {"a run is written in the wrong place", Caught::at_run_time, JobShape::join, true,
       [](OpenPipeline& pipeline) {
         pipeline.storage.scratch.write = [](std::uint64_t call, auto&,
                                             std::uint64_t& offset) -> unsigned {
           if (call == 1) offset = 0;
           return 1;
         };
       }},
      {"a run's block is read from the wrong place", Caught::at_run_time, JobShape::join, true,
       [](OpenPipeline& pipeline) {
         pipeline.storage.scratch.before_read = [](std::uint64_t call, std::uint64_t& offset) {
           if (call == 2) offset = 16;
         };
       }},
      {"another block of the run is read", Caught::at_run_time, JobShape::join, true,
       [](OpenPipeline& pipeline) {
         const auto first = std::make_shared<std::vector<std::byte>>();
         pipeline.storage.scratch.after_read = [first](std::uint64_t, std::span<std::byte> bytes) {
           if (bytes.size() < 200) return;
           if (first->empty()) first->assign(bytes.begin(), bytes.end());
           std::copy_n(first->begin(), std::min(first->size(), bytes.size()), bytes.begin());
         };
       }},
  });
}

TEST(Conservation, CatchesBugsOfPartFiles) {
  const auto seed = [](unsigned times, unsigned flip) {
    return [=](OpenPipeline& pipeline) {
      pipeline.storage.parts.write = [=](std::uint64_t call, auto& bytes, auto&) -> unsigned {
        if (call != 1) return 1;
        bytes[bytes.size() / 2] ^= static_cast<std::byte>(flip);
        return times;
      };
    };
  };
  expect_caught({
      {"a write of a part is lost", Caught::by_output, JobShape::join, false, seed(0, 0)},
      {"a write of a part is done twice", Caught::by_output, JobShape::count, false, seed(2, 0)},
      {"a part's bit flips as it is written", Caught::by_output, JobShape::count, true, seed(1, 1)},
  });
}

}  // namespace
}  // namespace mrun
