// What becomes of the lists by hash that pairs were spread to: each is folded by itself, so that
// each key is sorted once.
#include <fmt/format.h>

#include "engine/first_failure.hpp"
#include "engine/map_output.hpp"

namespace mrun {
namespace {

// Lists of a few thousand keys are common, and a table is walked and cleared for each of them.
constexpr std::size_t kSlotsForList = std::size_t{1} << 11;

}  // namespace

bool MapOutput::has_lists() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return !worker->lists_.empty(); });
}

Result<void> MapOutput::fold_lists(Executor& executor) {
  // What folding takes beside what it gives back: a table's entries where it was full before a
  // list was at its end, and copies of what does not fit an entry.
  std::uint64_t beside = workers_.size() * (2 * setup_.plan.table_share_bytes);
  for (const auto& worker : workers_) beside += worker->lists_.heap_bytes();
  memory_.trim();
  if (has_runs() || sort_budget_.free_bytes() < beside) {
    for (const auto& worker : workers_) MRUN_TRY(worker->end_spreading());
    return {};
  }
  for (const auto& worker : workers_) worker->spreading_ = WorkerOutput::Spreading::no_more;
  std::uint64_t stored_before = 0, stored = 0;
  for (const auto& worker : workers_) stored_before += worker->stored_pairs_;

  std::atomic<std::size_t> next_list{0};
  std::vector<Folded> folded(workers_.size());
  FirstFailure failure;
  executor.for_each_index(workers_.size(), [&](std::size_t i) {
    auto some = fold_some(next_list);
    if (some)
      folded[i] = *some;
    else
      failure.note(i, std::move(some).error());
  });
  MRUN_TRY(failure.result());

  EntrySum read, accepted;
  CombineTable::Totals totals;
  for (const Folded& some : folded) {
    read.add(some.read);
    totals.taken += some.totals.taken;
    totals.given += some.totals.given;
  }
  for (const auto& worker : workers_) {
    accepted.add(worker->lists_.accepted());
    stored += worker->stored_pairs_;
    if (!worker->lists_.refers()) worker->lists_.clear();
  }
  if (read == accepted && totals.taken == read.count() && totals.given == stored - stored_before)
    return {};
  return fail(Code::integrity,
              fmt::format("{} pairs were put into lists, {} were read there and {} folded to {}, "
                          "of which {} arrived",
                          accepted.count(), read.count(), totals.taken, totals.given,
                          stored - stored_before),
              "this is a bug in mrun or a fault of the machine's memory; no output was made");
}

// Folds lists one after another, as long as there is one that no other thread has.
Result<MapOutput::Folded> MapOutput::fold_some(std::atomic<std::size_t>& next_list) {
  MRUN_TRY_ASSIGN(WorkerOutput* const worker, take());
  const Hold held(worker, Return{this});
  worker->begin_task(0);
  MRUN_TRY_ASSIGN(CombineTable table,
                  CombineTable::create(fold_, worker->store_,
                                       {&table_budget_, setup_.plan.table_share_bytes,
                                        setup_.hash_seed, kSlotsForList}));
  Folded folded;
  for (std::size_t list; (list = next_list.fetch_add(1)) < list_count_;) {
    if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
    for (const EntrySpan& span : hash_list(list)) {
      MRUN_TRY(table.add({{span.block->entries + span.begin, span.count()}, nullptr, 0}));
      folded.read.add(SortBuffer::sum_of(span, false));
    }
    drop_list(list);  // Before the flush, which then finds memory.
    MRUN_TRY(table.flush());
  }
  folded.totals = table.totals();
  return folded;
}

std::vector<EntrySpan> MapOutput::hash_list(std::size_t list) const {
  std::vector<EntrySpan> spans;
  for (const auto& worker : workers_) {
    if (list >= worker->lists_.list_count()) continue;
    const std::vector<EntrySpan> of_worker = worker->lists_.list(list);
    spans.insert(spans.end(), of_worker.begin(), of_worker.end());
  }
  return spans;
}

void MapOutput::drop_list(std::size_t list) {
  const std::scoped_lock lock(mutex_);
  for (const auto& worker : workers_)
    if (list < worker->lists_.list_count()) worker->lists_.drop_list(list);
}

}  // namespace mrun
