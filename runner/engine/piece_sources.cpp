#include "engine/piece_sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>

#include "shuffle/memory_pieces.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kPieceEntries = 48 << 10;  // Their sort items fit a second-level cache.
constexpr std::uint64_t kPieceBytes = std::uint64_t{8}
                                      << 20;  // In memory: about what a writer may queue.
// On disk: at least this, and many blocks of every run, since a border cuts one of each in two.
constexpr std::uint64_t kRunPieceBytes = std::uint64_t{32} << 20;
constexpr std::uint64_t kRunPieceBlocks = 16;
// Fewer partitions than this for each thread are cut, so that all threads end at about one time.
constexpr std::uint64_t kRunPiecesPerThread = 4;
constexpr std::uint64_t kPiecesMost = 4096;
constexpr std::size_t kSliceCountsMost = 256 << 10;  // Slices times pieces: 2 MiB.
constexpr std::uint64_t kSamplesPerPiece = 64;  // So that few pieces are twice as large as others.
constexpr std::uint64_t kSamplesMost = 64 << 10;
constexpr std::uint64_t kSpillSamples = 8 << 10;
constexpr std::uint32_t kCutKeyBytes = 64;  // Of a key: more would hardly cut better.

// Whether the pairs of one key may be written piece by piece, too: where each is a record of its
// own.
bool may_cut_keys(const JobSpec& spec) {
  return !spec.has_reduce && spec.combine == CombineKind::none;
}

// A list of all, as partitions may be more than samples.
struct PartitionSample {
  std::uint32_t partition = 0;
  WeightedKey key;
};

// Cuts each partition into ranges of about `unit` weight.
std::vector<PartitionCuts> cut_partitions(std::vector<PartitionSample> samples,
                                          std::uint64_t unit) {
  std::stable_sort(
      samples.begin(), samples.end(),
      [](const PartitionSample& a, const PartitionSample& b) { return a.partition < b.partition; });
  std::vector<PartitionCuts> cuts;
  for (auto at = samples.begin(); at != samples.end();) {
    const std::uint32_t partition = at->partition;
    std::uint64_t weight = 0;
    std::vector<WeightedKey> keys;
    for (; at != samples.end() && at->partition == partition; ++at) {
      weight += at->key.weight;
      keys.push_back(std::move(at->key));
    }
    const std::uint64_t ranges =
        std::clamp<std::uint64_t>(weight / std::max<std::uint64_t>(1, unit) + 1, 1, kPiecesMost);
    if (ranges > 1) cuts.push_back({partition, balanced_borders(std::move(keys), ranges)});
  }
  return cuts;
}

// `cuts` need not have the borders between the parts of a total order.
PiecePlan plan_pieces(std::uint32_t partitions, const std::vector<WeightedKey>& sample,
                      const UserCode& job, std::uint32_t part_count,
                      std::vector<PartitionCuts> cuts) {
  if (!job.spec().total_order) return PiecePlan(partitions, std::move(cuts));
  const KeyBorders parts = balanced_borders(sample, part_count);
  return PiecePlan::of_total_order(parts,
                                   cuts.empty() ? KeyBorders() : std::move(cuts.front().borders));
}

class MemoryPieceSource final : public PieceSource {
 public:
  MemoryPieceSource(PiecePlan plan, const EntrySum& accepted, unsigned width)
      : plan_(std::move(plan)), accepted_(accepted), width_(width), sums_(plan_.size()) {}

  Result<void> scatter(SortMemory& memory, MemoryPieces::Content content, bool one_partition,
                       MemoryPieces::Tasks tasks, Executor& executor, const StopFlag& stop) {
    // Each has a count of each piece.
    const std::size_t slices =
        std::clamp<std::size_t>(kSliceCountsMost / plan_.size(), 1, std::size_t{width_} * 4);
    MRUN_TRY_ASSIGN(pieces_, MemoryPieces::create(memory, std::move(content), plan_, one_partition,
                                                  tasks, slices, width_, stop));
    executor.for_each_index(pieces_->slice_count(),
                            [&](std::size_t slice) { pieces_->classify(slice); });
    pieces_->place();
    executor.for_each_index(pieces_->slice_count(),
                            [&](std::size_t slice) { pieces_->scatter(slice); });
    if (stop.stopped()) return fail(Code::cancelled, "stopped");
    return {};
  }

  const PiecePlan& plan() const override { return plan_; }
  unsigned at_once() const override { return width_; }
  Result<std::unique_ptr<PairSource>> open(std::size_t piece) override {
    return pieces_->open(piece, sums_[piece]);
  }
  std::uint64_t pair_count() const override { return accepted_.count(); }
  Result<void> check() const override {
    EntrySum consumed;
    for (const EntrySum& sum : sums_) consumed.add(sum);
    if (consumed == accepted_) return {};
    return fail(Code::integrity,
                fmt::format("{} pairs went into the sort and {} came out: pairs were lost, doubled "
                            "or changed in memory",
                            accepted_.count(), consumed.count()),
                "this is a bug in mrun or a fault of the machine's memory; no output was made");
  }

 private:
  const PiecePlan plan_;
  const EntrySum accepted_;
  const unsigned width_;
  std::unique_ptr<MemoryPieces> pieces_;
  std::vector<EntrySum> sums_;  // By piece: each is written by one thread.
};

class RunPieceSource final : public PieceSource {
 public:
  RunPieceSource(RunSet runs, PiecePlan plan, MemoryBudget& budget, const MergeMemory& memory)
      : runs_(std::move(runs)),
        plan_(std::move(plan)),
        budget_(budget),
        cursors_(budget, runs_.runs),
        at_once_(memory.tasks_at_once) {}

  const PiecePlan& plan() const override { return plan_; }
  unsigned at_once() const override { return at_once_; }
  Result<std::unique_ptr<PairSource>> open(std::size_t index) override {
    const Piece piece = plan_.piece(index);
    return open_merge(budget_, cursors_, piece.partition, piece.range, tally_);
  }
  std::uint64_t pair_count() const override { return runs_.pairs; }
  Result<void> check() const override {
    if (tally_ == runs_.pairs) return {};
    return fail(Code::integrity,
                fmt::format("the last merge read {} pairs of sorted runs that hold {}",
                            tally_.load(), runs_.pairs),
                "this is a bug in mrun; no output was made");
  }

 private:
  const RunSet runs_;
  const PiecePlan plan_;
  MemoryBudget& budget_;
  RunCursors cursors_;
  const unsigned at_once_;
  PairTally tally_{0};
};

// About `count` of them.
std::vector<PartitionSample> sample_entries(std::span<const EntrySpan> spans,
                                            const Partitioner& partitioner, const UserCode& job,
                                            std::uint64_t count) {
  const bool one_partition = partitioner.is_trivial();
  const bool cuts_keys = may_cut_keys(job.spec());
  std::vector<PartitionSample> samples;
  const std::uint64_t stride = entry_count(spans) / count + 1;
  std::uint64_t position = 0;  // Of the next sample, from the span's first entry.
  KeyBytes key_bytes;
  for (const EntrySpan& span : spans) {
    for (; position < span.count(); position += stride) {
      const std::uint64_t slot = span.begin + position;
      const Pair pair = resolve(span.block->entries[slot], span.task);
      const Slice key = key_bytes.of(std::span(&pair, 1)).front();
      const std::uint32_t size = std::min(group_size(job, key), kCutKeyBytes);
      const std::uint32_t task = cuts_keys && size == pair.klen ? pair.task : 0;
      samples.push_back({one_partition ? 0 : span.block->parts[slot],
                         {std::string(key.view().substr(0, size)), stride, task}});
    }
    position -= span.count();
  }
  return samples;
}

// Keys that the index knows whole, and those of which it has the first 16 bytes.
struct RunSamples {
  std::vector<PartitionSample> whole, cut_off;
};

RunSamples sample_runs(const RunSet& set, bool cuts_keys) {
  RunSamples samples;
  const auto sample = [&](const Run& segment) {
    for (const BlockHeader& block : segment.index()) {
      std::uint8_t prefix[kPrefixBytes];
      store_big_endian(prefix, block.first_k0);
      store_big_endian(prefix + 8, block.first_k1);
      const std::size_t size = std::min(block.first_klen, kPrefixBytes);
      // All pairs of a key that is cut off are after its prefix, whatever their tasks.
      const bool is_whole = size == block.first_klen;
      (is_whole ? samples.whole : samples.cut_off)
          .push_back({block.partition,
                      {std::string(reinterpret_cast<const char*>(prefix), size),
                       block.raw_bytes * segment.footer().index_stride,
                       is_whole && cuts_keys ? block.first_task : 0}});
    }
  };
  for (const SortedRun& run : set.runs)
    std::for_each(run.segments.begin(), run.segments.end(), sample);
  return samples;
}

// Where many keys share the 16 bytes that the index knows, the sample of a total order, which holds
// 64, cuts between them: half of the weight of cut off keys is its own.
void add_united_sample(std::vector<WeightedKey> keys, std::vector<PartitionSample>& samples) {
  std::erase_if(keys, [](const WeightedKey& key) { return key.key.size() <= kPrefixBytes; });
  std::uint64_t indexed = 0, sampled = 0;
  for (const PartitionSample& sample : samples) indexed += sample.key.weight;
  for (const WeightedKey& key : keys) sampled += key.weight;
  if (sampled == 0) return;
  const double scale = static_cast<double>(indexed) / static_cast<double>(sampled);
  for (PartitionSample& sample : samples) sample.key.weight = sample.key.weight / 2 + 1;
  for (WeightedKey& key : keys) {
    key.weight = static_cast<std::uint64_t>(static_cast<double>(key.weight) * scale / 2) + 1;
    samples.push_back({0, std::move(key)});
  }
}

// The cuts between ranges that sort buffers kept apart, and others in those that became much larger
// than a piece.
std::vector<PartitionCuts> cut_ranges(const HeldEntries& held, const PiecePlan& ranges,
                                      const Partitioner& partitioner, const UserCode& job,
                                      std::uint64_t unit) {
  std::vector<PartitionCuts> cuts;
  std::vector<KeyBorder> borders;
  for (std::size_t range = 0; range < ranges.size(); ++range) {
    const Piece piece = ranges.piece(range);
    if (piece.range.has_low) borders.push_back({piece.range.low, 0});
    const std::vector<EntrySpan>& spans = held.lists[range];
    if (const std::uint64_t count = entry_count(spans); count > 2 * unit) {
      const std::uint64_t more = count / unit + 1;
      std::vector<WeightedKey> keys;
      for (PartitionSample& sample :
           sample_entries(spans, partitioner, job, std::min(more * kSamplesPerPiece, kSamplesMost)))
        keys.push_back(std::move(sample.key));
      const KeyBorders inside = balanced_borders(std::move(keys), std::min(more, kPiecesMost));
      for (std::size_t i = 0; i < inside.count(); ++i) borders.push_back(inside.border(i));
    }
    if (!piece.range.has_high && !borders.empty()) {
      cuts.push_back({piece.partition, KeyBorders(std::move(borders))});
      borders.clear();
    }
  }
  return cuts;
}

void append(std::vector<EntrySpan>& to, const std::vector<EntrySpan>& spans) {
  to.insert(to.end(), spans.begin(), spans.end());
}

// Which of the lists make whole pieces of `plan`, which has all borders of `ranges` and more.
MemoryPieces::Content content_of_ranges(HeldEntries held, const PiecePlan& ranges,
                                        const PiecePlan& plan) {
  MemoryPieces::Content content;
  content.whole.resize(plan.size());
  std::vector<std::size_t> pieces_of(ranges.size()), first_of(ranges.size());
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Piece piece = plan.piece(i);
    const std::size_t range = ranges.piece_of(
        piece.partition, key_view(piece.range.has_low ? piece.range.low : std::string()));
    if (pieces_of[range]++ == 0) first_of[range] = i;
  }
  for (std::size_t range = 0; range < ranges.size(); ++range) {
    if (pieces_of[range] == 1)
      content.whole[first_of[range]] = std::move(held.lists[range]);
    else
      append(content.mixed, held.lists[range]);
  }
  return content;
}

// Pieces few enough that their borders cost little, many enough for all threads, and so small that
// what one thread makes while another writes before it finds room in the queue of the output.
std::uint64_t run_piece_bytes(const RunSet& set, unsigned threads, std::uint64_t queue_bytes) {
  std::uint64_t row = 0;  // A block of every run.
  for (const SortedRun& run : set.runs)
    row += std::min<std::uint64_t>(run.raw_bytes(), run.block_bytes());
  const std::uint64_t least = std::max(kRunPieceBytes, row * kRunPieceBlocks);
  const std::uint64_t share = set.raw_bytes() / (threads * kRunPiecesPerThread);
  return std::max(least, std::min(share, queue_bytes / threads));
}

}  // namespace

std::vector<WeightedKey> sample_of(const MapOutput& output, const UserCode& job) {
  return job.spec().total_order ? output.united_sample().keys() : std::vector<WeightedKey>();
}

bool may_cut(const JobSpec& spec) { return !spec.has_reduce || spec.independent_groups; }

std::uint64_t piece_entries(std::uint64_t entries, std::uint64_t held_bytes) {
  const std::uint64_t bytes_per_entry = held_bytes / std::max<std::uint64_t>(1, entries) + 1;
  return std::clamp<std::uint64_t>(kPieceBytes / bytes_per_entry, 1, kPieceEntries);
}

Result<std::unique_ptr<PieceSource>> pieces_in_memory(MapOutput& output, const UserCode& job,
                                                      std::uint32_t part_count, Executor& executor,
                                                      const StopFlag& stop) {
  HeldEntries held = output.held();
  std::vector<PartitionCuts> cuts;
  const std::uint64_t unit = piece_entries(held.sum.count(), held.bytes);
  const std::uint64_t pieces = held.sum.count() / unit + 1;
  if (held.are_ranges())
    cuts = cut_ranges(held, *output.ranges(), output.partitioner(), job, unit);
  else if (may_cut(job.spec()) && pieces > 1)
    cuts = cut_partitions(sample_entries(held.lists.front(), output.partitioner(), job,
                                         std::min(pieces * kSamplesPerPiece, kSamplesMost)),
                          unit);
  auto source = std::make_unique<MemoryPieceSource>(
      plan_pieces(output.partitioner().partitions(), sample_of(output, job), job, part_count,
                  std::move(cuts)),
      held.sum, executor.width());
  MemoryPieces::Content content;
  if (held.are_ranges())
    content = content_of_ranges(std::move(held), *output.ranges(), source->plan());
  else
    content.mixed = std::move(held.lists.front());
  MRUN_TRY(source->scatter(output.memory(), std::move(content), output.partitioner().is_trivial(),
                           MemoryPieces::Tasks::unnamed, executor, stop));
  return std::unique_ptr<PieceSource>(std::move(source));
}

Result<std::unique_ptr<PieceSource>> pieces_of_spill(SortMemory& memory, HeldEntries held,
                                                     const Partitioner& partitioner,
                                                     const UserCode& job, Executor& executor,
                                                     const StopFlag& stop) {
  // Ranges are no pieces of it: pairs of a run name their tasks.
  std::vector<EntrySpan> spans;
  for (const std::vector<EntrySpan>& list : held.lists) append(spans, list);
  PiecePlan plan(partitioner.partitions(),
                 cut_partitions(sample_entries(spans, partitioner, job, kSpillSamples),
                                piece_entries(held.sum.count(), held.bytes)));
  auto source = std::make_unique<MemoryPieceSource>(std::move(plan), held.sum, executor.width());
  MRUN_TRY(source->scatter(memory, {std::move(spans), {}}, partitioner.is_trivial(),
                           MemoryPieces::Tasks::named, executor, stop));
  return std::unique_ptr<PieceSource>(std::move(source));
}

std::unique_ptr<PieceSource> pieces_in_runs(RunSet runs, std::uint32_t partitions,
                                            const std::vector<WeightedKey>& sample,
                                            const UserCode& job, std::uint32_t part_count,
                                            MemoryBudget& budget, const MergeMemory& memory,
                                            std::uint64_t queue_bytes) {
  std::vector<PartitionSample> samples;
  // The index knows 16 bytes of a key: a group's prefix may be cut off in them.
  const bool groups_stay_whole = !job.spec().has_reduce || !job.spec().has_group_lens;
  if (may_cut(job.spec()) && groups_stay_whole) {
    RunSamples known = sample_runs(runs, may_cut_keys(job.spec()));
    if (job.spec().total_order) add_united_sample(sample, known.cut_off);
    samples = std::move(known.whole);
    std::move(known.cut_off.begin(), known.cut_off.end(), std::back_inserter(samples));
  }
  PiecePlan plan = plan_pieces(
      partitions, sample, job, part_count,
      cut_partitions(std::move(samples), run_piece_bytes(runs, memory.tasks_at_once, queue_bytes)));
  return std::make_unique<RunPieceSource>(std::move(runs), std::move(plan), budget, memory);
}

}  // namespace mrun
