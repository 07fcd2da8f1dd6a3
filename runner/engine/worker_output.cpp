#include "engine/worker_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/size_text.hpp"
#include "engine/map_output.hpp"

namespace mrun {

WorkerOutput::WorkerOutput(MapOutput& shared)
    : shared_(shared),
      buffer_(shared.memory_, shared.partitioner_),
      lists_(shared.memory_, shared.partitioner_) {
  if (shared.setup_.ranges != nullptr && shared.combiner_.fold == nullptr)
    buffer_.start_ranges(*shared.setup_.ranges);
}

void WorkerOutput::begin_task(std::uint32_t task) {
  // Where any order of folds gives the same bits, pairs of different tasks need not be told apart.
  buffer_.begin_task(shared_.combiner_.fold != nullptr && shared_.fold_.is_exact() ? 0 : task);
}

Result<void> WorkerOutput::end_task() {
  if (table_ != nullptr && !shared_.fold_.is_exact()) return table_->flush();
  return {};
}

void WorkerOutput::begin_batch(const std::shared_ptr<const void>& owner) {
  // A table may let entries pass it.
  buffer_.pin(owner);
  lists_.pin(owner);
}

Result<void> WorkerOutput::accept(const EntryBatch& batch) {
  emitted_pairs_ += batch.entries.size();
  if (shared_.setup_.job.spec().total_order) sample(batch);
  return table_ != nullptr ? table_->add(batch) : store_.accept(batch);
}

Result<void> WorkerOutput::accept_big(Slice key, Slice value) {
  ++emitted_pairs_;
  if (shared_.setup_.job.spec().total_order) {
    const Pair pair = pair_view(key, value);
    sample_.add(shared_.setup_.job, std::span(&pair, 1));
  }
  return table_ != nullptr ? table_->add_big(key, value) : store_.accept_big(key, value);
}

Result<void> WorkerOutput::hold(std::uint64_t bytes) {
  MRUN_TRY(check_fits(bytes));
  held_.reset();
  for (unsigned waits = 0; !held_.try_add(shared_.sort_budget_, bytes); ++waits) {
    MRUN_TRY(shared_.make_room(*this, waits));
    shared_.memory_.trim();
  }
  return {};
}

Result<void> WorkerOutput::check_fits(std::size_t pair_bytes) const {
  const std::size_t most = shared_.setup_.plan.sort_bytes / 2;
  if (pair_bytes <= most) return {};
  return fail(Code::limit,
              fmt::format("the job emitted a pair that needs {}, and --memory leaves {} for one",
                          size_text(pair_bytes), size_text(most)),
              "give more with --memory, or emit less at once");
}

void WorkerOutput::sample(const EntryBatch& batch) {
  const UserCode& job = shared_.setup_.job;
  if (!job.spec().has_group_lens) {
    for (const Entry& entry : batch.entries) {
      const std::uint32_t size = entry.key_size();
      if (size <= kPrefixBytes && sample_.surely_skips(entry.k0, entry.k1, size)) continue;
      const Pair pair = emitted_pair(entry, batch.heap);
      sample_.add(pair, pair.klen);
    }
    return;
  }
  std::array<Pair, Partitioner::kBatch> pairs;
  for (std::size_t begin = 0; begin < batch.entries.size(); begin += pairs.size()) {
    const std::size_t count = std::min(pairs.size(), batch.entries.size() - begin);
    for (std::size_t i = 0; i < count; ++i)
      pairs[i] = emitted_pair(batch.entries[begin + i], batch.heap);
    sample_.add(job, std::span(pairs).first(count));
  }
}

bool WorkerOutput::spreads() {
  // Folding what has left the table pays only where the same keys leave it again and again.
  const bool keys_recur = table_ == nullptr || !table_->keys_come_once();
  // Before, sorting what there is costs less than lists that are hardly begun.
  constexpr std::uint64_t kPairsBefore = std::uint64_t{1} << 19,
                          kPairsBeforeRanges = kPairsBefore / 4;
  if (spreading_ != Spreading::not_yet) return spreading_ == Spreading::now;
  if (keys_recur && stored_pairs_ >= kPairsBefore && shared_.list_count_ != 0) {
    lists_.start_lists(shared_.list_count_);
    spreading_ = Spreading::now;
  } else if (!keys_recur && stored_pairs_ >= kPairsBeforeRanges && unloaded_pairs_ == 0 &&
             shared_.setup_.ranges != nullptr) {
    buffer_.start_ranges(*shared_.setup_.ranges);
    spreading_ = Spreading::no_more;
  }
  return spreading_ == Spreading::now;
}

Result<void> WorkerOutput::end_spreading() {
  const bool spread = spreading_ == Spreading::now;
  spreading_ = Spreading::no_more;
  return spread ? buffer_.absorb_lists(std::move(lists_)) : Result<void>();
}

Result<void> WorkerOutput::Store::accept(const EntryBatch& whole) {
  MapOutput& shared = worker_.shared_;
  EntryBatch batch = whole;
  if (worker_.spreads() && !shared.pressure_.load(std::memory_order_relaxed)) {
    const std::size_t taken = worker_.lists_.accept(batch);
    worker_.stored_pairs_ += taken;
    batch.entries = batch.entries.subspan(taken);
    if (batch.entries.empty()) return {};
    MRUN_TRY(worker_.end_spreading());
  }
  if (shared.pressure_.load(std::memory_order_relaxed)) MRUN_TRY(shared.make_room(worker_, 0));
  // A batch may refer to more than all of the memory: it is taken in parts that fit.
  const std::uint64_t part_most = shared.setup_.plan.sort_bytes / 8;
  for (EntryBatch part = batch; !part.entries.empty();) {
    const std::size_t count = SortBuffer::fitting(part.entries, part_most);
    EntryBatch first{part.entries.first(count), batch.heap, batch.heap_bytes};
    for (unsigned waits = 0; !first.entries.empty();) {
      const std::size_t taken = worker_.buffer_.accept(first);
      worker_.stored_pairs_ += taken;
      first.entries = first.entries.subspan(taken);
      if (!first.entries.empty()) MRUN_TRY(shared.make_room(worker_, waits++));
    }
    part.entries = part.entries.subspan(count);
  }
  return {};
}

Result<void> WorkerOutput::Store::accept_big(Slice key, Slice value) {
  MRUN_TRY(worker_.check_fits(SortBuffer::big_bytes(key, value)));
  if (worker_.shared_.pressure_.load(std::memory_order_relaxed))
    MRUN_TRY(worker_.shared_.make_room(worker_, 0));
  for (unsigned waits = 0; !worker_.buffer_.try_accept_big(key, value); ++waits) {
    MRUN_TRY(worker_.shared_.make_room(worker_, waits));
  }
  ++worker_.stored_pairs_;
  return {};
}

}  // namespace mrun
