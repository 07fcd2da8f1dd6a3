// Goal: no bug of any step loses, doubles or changes a pair unnoticed. Method: bugs are seeded one
// at a time between the steps of a run. Each must end the run with Code::integrity, or at least
// make an output that differs from the model's; the list says which, and what catches it.
#include <gtest/gtest.h>

#include <iostream>

#include "engine/job_run.hpp"
#include "engine/open_pipeline.hpp"

namespace mrun {
namespace {

using test_support::bytes_number;
using test_support::Emits;
using test_support::InProcessSpec;
using test_support::JobShape;
using test_support::KeepingSink;
using test_support::model_parts;
using test_support::number_bytes;
using test_support::OpenPipeline;
using test_support::PipelineHooks;
using test_support::PipelineSetup;
using test_support::Record;
using test_support::Records;
using test_support::SpecJob;
using test_support::words_text;

enum class Caught : std::uint8_t { nowhere, by_output, at_run_time };

const char* text_of(Caught caught) {
  if (caught == Caught::at_run_time) return "at run time";
  return caught == Caught::by_output ? "by the output alone" : "NOWHERE";
}

struct Bug {
  const char* name;
  Caught least;  ///< What must catch it at the latest.
  JobShape shape;
  bool spills;
  std::function<void(OpenPipeline&)> seed;
};

const std::string& input_text() {
  static const std::string text = words_text(11, 60'000, 1500);
  return text;
}

PipelineSetup setup_of(JobShape shape, bool spills) {
  PipelineSetup setup;
  setup.spec.shape = shape;
  if (shape == JobShape::join) setup.spec.value_padding = 60;
  setup.spills = spills;
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
    const PipelineSetup setup = setup_of(bug.shape, bug.spills);
    OpenPipeline pipeline(setup);
    bug.seed(pipeline);
    const Caught caught = outcome_of(pipeline, setup);
    std::cout << bug.name << ": " << text_of(caught) << "\n";
    EXPECT_GE(caught, bug.least) << "caught " << text_of(caught);
  }
}

// Hands on what a bug makes of each batch.
class FaultySink final : public EntrySink {
 public:
  /// Given the batch's number and its entries, which it may change; returns how often they go on.
  using Fault = std::function<unsigned(std::uint64_t, std::vector<Entry>&)>;
  FaultySink(EntrySink& sink, std::uint64_t& batches, Fault fault)
      : sink_(sink), batches_(batches), fault_(std::move(fault)) {}

  void begin_batch(const std::shared_ptr<const void>& owner) override { sink_.begin_batch(owner); }
  Result<void> accept(const EntryBatch& batch) override {
    std::vector<Entry> entries(batch.entries.begin(), batch.entries.end());
    const unsigned times = fault_(batches_++, entries);
    for (unsigned i = 0; i < times; ++i)
      MRUN_TRY(sink_.accept({entries, batch.heap, batch.heap_bytes}));
    return {};
  }
  Result<void> accept_big(Slice key, Slice value) override { return sink_.accept_big(key, value); }

 private:
  EntrySink& sink_;
  std::uint64_t& batches_;
  Fault fault_;
};

void seed_emits(OpenPipeline& pipeline, FaultySink::Fault fault) {
  const auto batches = std::make_shared<std::uint64_t>(0);
  pipeline.hooks.job.wrap_entries = [batches, fault](EntrySink& sink) {
    return std::make_unique<FaultySink>(sink, *batches, fault);
  };
}

// Hands on what a bug makes of each batch of pairs.
class FaultyPairs final : public PairSource {
 public:
  enum class Fault : std::uint8_t { drops_batch, repeats_batch, drops_last_pair, swaps_pairs };
  FaultyPairs(std::unique_ptr<PairSource> from, Fault fault)
      : from_(std::move(from)), fault_(fault) {}

  Result<std::span<const Pair>> next() override {
    if (repeated_) {
      repeated_ = false;
      return std::span<const Pair>(pairs_);
    }
    MRUN_TRY_ASSIGN(std::span<const Pair> batch, from_->next());
    if (done_ || batch.size() < 2) return batch;
    done_ = true;
    pairs_.assign(batch.begin(), batch.end());
    if (fault_ == Fault::drops_batch) return from_->next();
    if (fault_ == Fault::drops_last_pair) pairs_.pop_back();
    if (fault_ == Fault::repeats_batch) repeated_ = true;
    if (fault_ == Fault::swaps_pairs) std::swap(pairs_.front(), pairs_.back());
    return std::span<const Pair>(pairs_);
  }

 private:
  std::unique_ptr<PairSource> from_;
  const Fault fault_;
  bool done_ = false;
  bool repeated_ = false;
  std::vector<Pair> pairs_;
};

class NoPairs final : public PairSource {
 public:
  Result<std::span<const Pair>> next() override { return std::span<const Pair>(); }
};

// Hands out other pieces than asked for, or changed ones.
class FaultyPieces final : public PieceSource {
 public:
  using Open = std::function<Result<std::unique_ptr<PairSource>>(PieceSource&, std::size_t)>;
  FaultyPieces(std::unique_ptr<PieceSource> from, Open open)
      : from_(std::move(from)), open_(std::move(open)) {}

  const PiecePlan& plan() const override { return from_->plan(); }
  unsigned at_once() const override { return from_->at_once(); }
  Result<std::unique_ptr<PairSource>> open(std::size_t piece) override {
    return open_(*from_, piece);
  }
  Result<void> check() const override { return from_->check(); }

 private:
  std::unique_ptr<PieceSource> from_;
  Open open_;
};

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
      damage(*output.blocks_in_order().front());
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
    {"none, count in memory", Caught::nowhere, JobShape::count, false, [](OpenPipeline&) {}},
    {"none, count in runs", Caught::nowhere, JobShape::count, true, [](OpenPipeline&) {}},
};

TEST(Conservation, FindsNothingWhereThereIsNoBug) {
  for (const Bug& bug : kNoBugs) {
    SCOPED_TRACE(bug.name);
    const PipelineSetup setup = setup_of(bug.shape, bug.spills);
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
      {"a batch of emits is lost", Caught::by_output, JobShape::join, false,
       [](OpenPipeline& pipeline) {
         seed_emits(pipeline,
                    [](std::uint64_t batch, auto&) -> unsigned { return batch == 1 ? 0 : 1; });
       }},
      {"a batch of emits is taken twice", Caught::by_output, JobShape::count, false,
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
    // Of different keys: what is swapped under one key may be equal.
    std::uint32_t other = 1;
    while (block.entries[other].v == block.entries[0].v ||
           block.entries[other].k0 == block.entries[0].k0)
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
      {"a pair gets the partition of another key", Caught::by_output, JobShape::join, false,
       seed_blocks(part)},
      {"a byte of a value in the heap flips", Caught::by_output, JobShape::join, false,
       seed_blocks(heap_byte)},
      {"a byte of a value in the heap flips before a spill", Caught::by_output, JobShape::join,
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
    Piece piece = plan_.pieces()[index];
    if (index == 1) piece.range.low = begin_;
    return open_merge(budget_, runs_, piece.partition, piece.range, tally_);
  }
  Result<void> check() const override {
    if (tally_ == runs_.pair_count()) return {};
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

// A job whose fold writes beside the state that it is given: into the table's own slot.
class WildFold final : public SpecJob {
 public:
  WildFold(std::ptrdiff_t distance, std::uint32_t change)
      : SpecJob(spec_of()), distance_(distance), change_(change) {}
  void fold(std::span<void* const> states, std::span<const void* const> values) const override {
    for (std::size_t i = 0; i < states.size(); ++i) {
      std::uint64_t state, value;
      std::memcpy(&state, states[i], sizeof state);
      std::memcpy(&value, values[i], sizeof value);
      state += value;
      std::memcpy(states[i], &state, sizeof state);
      if (++folds_ != 10) continue;
      std::uint32_t word;
      std::uint8_t* const at = static_cast<std::uint8_t*>(states[i]) + distance_;
      std::memcpy(&word, at, sizeof word);
      word += change_;
      std::memcpy(at, &word, sizeof word);
    }
  }

 private:
  static JobSpec spec_of() {
    JobSpec spec;
    spec.combine = CombineKind::fold;
    spec.state_size = 8;
    spec.fold_exact = true;
    return spec;
  }
  const std::ptrdiff_t distance_;
  const std::uint32_t change_;
  mutable unsigned folds_ = 0;
};

// What comes out of a combine table for 50 keys of 20 ones each, summed by key.
Caught outcome_of_table(const WildFold& job, const FaultySink::Fault& fault) {
  const StateFold fold(job);
  KeepingSink kept;
  std::uint64_t batches = 0;
  FaultySink sink(kept, batches, fault);
  MemoryBudget budget(std::size_t{4} << 20);
  auto table = CombineTable::create(fold, sink, {&budget, std::size_t{2} << 20, 1});
  EXPECT_TRUE(table);
  Records records;
  for (int i = 0; i < 1000; ++i)
    records.push_back({"key" + std::to_string(i % 50), number_bytes(1), 0});
  const Emits emits(records);
  EXPECT_TRUE(table->add(emits.batch()));
  if (const auto flushed = table->flush(); !flushed) {
    EXPECT_EQ(flushed.error().code, Code::integrity);
    return Caught::at_run_time;
  }
  std::map<std::string, std::uint64_t> sums, expected;
  for (const Record& record : kept.records) sums[record.key] += bytes_number(record.value);
  for (const Record& record : records) ++expected[record.key];
  for (auto& [key, sum] : expected) sum = 20;
  return sums == expected ? Caught::nowhere : Caught::by_output;
}

TEST(Conservation, CatchesBugsInTheCombineTable) {
  // Distances from a slot's state: of the count, the key's length, its first word.
  constexpr std::ptrdiff_t kState = 0, kCount = -4, kKlen = -8, kKey = -20;
  const auto pass = [](std::uint64_t, auto&) -> unsigned { return 1; };
  const auto lose = [](std::uint64_t, auto&) -> unsigned { return 0; };
  const auto twice = [](std::uint64_t, auto&) -> unsigned { return 2; };
  const auto cut = [](std::uint64_t, std::vector<Entry>& entries) -> unsigned {
    entries.pop_back();
    return 1;
  };
  EXPECT_EQ(outcome_of_table(WildFold(kState, 0), pass), Caught::nowhere);
  const auto expect = [](const char* name, Caught least, Caught caught) {
    std::cout << name << ": " << text_of(caught) << "\n";
    EXPECT_GE(caught, least) << name;
  };
  expect("a slot's key changes", Caught::at_run_time, outcome_of_table(WildFold(kKey, 1), pass));
  expect("a slot's key length changes", Caught::at_run_time,
         outcome_of_table(WildFold(kKlen, 1), pass));
  expect("a slot counts a pair twice", Caught::at_run_time,
         outcome_of_table(WildFold(kCount, 1), pass));
  expect("a state changes", Caught::by_output, outcome_of_table(WildFold(kState, 1), pass));
  expect("what a table hands over is lost", Caught::by_output,
         outcome_of_table(WildFold(kState, 0), lose));
  expect("what a table hands over is kept twice", Caught::by_output,
         outcome_of_table(WildFold(kState, 0), twice));
  expect("the last key that a table hands over is lost", Caught::by_output,
         outcome_of_table(WildFold(kState, 0), cut));
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
      {"a batch of sorted pairs is lost", Caught::by_output, JobShape::join, false,
       seed_pairs(Fault::drops_batch)},
      {"a batch of sorted pairs is read twice", Caught::by_output, JobShape::count, false,
       seed_pairs(Fault::repeats_batch)},
      {"the last pair of a batch is lost", Caught::by_output, JobShape::count, true,
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
      {"a run is lost", Caught::by_output, JobShape::join, true,
       seed_runs([](RunSet& set) { set.runs.erase(set.runs.begin() + 1); })},
      {"a run is listed twice", Caught::by_output, JobShape::join, true, seed_runs([](RunSet& set) {
         auto again =
             Run::open(run_indexes(), set.runs[1].file(), set.runs[1].begin(), set.runs[1].end());
         ASSERT_TRUE(again);
         set.runs.push_back(*std::move(again));
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
