#include "engine/map_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/first_failure.hpp"
#include "shuffle/run_writer.hpp"
#include "shuffle/spill.hpp"

namespace mrun {
namespace {

// So many that the table for the keys of one list is about as large as a second-level cache, and so
// few that blocks that are hardly begun take only a part of the memory.
constexpr std::size_t kListsMost = 512, kListsLeast = 32, kListsShare = 12;

}  // namespace

MapOutput::MapOutput(const Setup& setup)
    : setup_(setup),
      sort_budget_(setup.plan.sort_bytes),
      table_budget_(setup.plan.table_bytes),
      spill_budget_(setup.plan.spill_bytes),
      index_budget_(setup.plan.index_bytes),
      memory_(sort_budget_),
      partitioner_(setup.job, setup.partitions),
      fold_(setup.job) {
  combiner_.fold = setup.job.spec().folds() ? &fold_ : nullptr;
  combiner_.unique = setup.job.spec().combine == CombineKind::unique;
  if (combiner_.fold != nullptr && fold_.is_exact()) {
    const std::size_t lists =
        setup.plan.sort_bytes / setup.workers / kListsShare / sizeof(EntryBlock);
    list_count_ = lists < kListsLeast ? 0 : std::min(lists, kListsMost);
  }
}

Result<std::unique_ptr<MapOutput>> MapOutput::create(const Setup& setup) {
  std::unique_ptr<MapOutput> output(new MapOutput(setup));
  for (std::uint32_t number = 0; number < setup.workers; ++number) {
    auto worker = std::make_unique<WorkerOutput>(*output, number);
    if (output->combiner_.fold != nullptr) {
      const CombineTable::Limits limits{&output->table_budget_, setup.plan.table_share_bytes,
                                        output->fold_.is_exact() ? setup.hash_seed : 0};
      MRUN_TRY_ASSIGN(CombineTable table,
                      CombineTable::create(output->fold_, worker->store_, limits));
      worker->table_ = std::make_unique<CombineTable>(std::move(table));
    }
    output->idle_.push_back(worker.get());
    output->workers_.push_back(std::move(worker));
  }
  return output;
}

Result<WorkerOutput*> MapOutput::take() {
  std::unique_lock lock(mutex_);
  // An idle worker may be away for a moment while another spills it.
  while (idle_.empty()) {
    if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
    room_.wait_for(lock, std::chrono::milliseconds(20));
  }
  WorkerOutput* const worker = idle_.back();
  idle_.pop_back();
  return worker;
}

// Takes this one worker, which nobody maps with any more; another may be spilling it.
Result<MapOutput::Hold> MapOutput::hold(WorkerOutput& worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto at = std::find(idle_.begin(), idle_.end(), &worker);
    if (at != idle_.end()) {
      idle_.erase(at);
      return Hold(&worker, Return{this});
    }
    if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
    room_.wait_for(lock, std::chrono::milliseconds(20));
  }
}

void MapOutput::give_back(WorkerOutput* worker) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(worker);
  }
  room_.notify_all();
}

bool MapOutput::is_pressed(const WorkerOutput& worker) const {
  return pressure_.load(std::memory_order_relaxed) &&
         worker.spillable_bytes() >= setup_.plan.sort_bytes / (2 * setup_.workers);
}

WorkerOutput* MapOutput::take_largest_idle() {
  const std::scoped_lock lock(mutex_);
  const auto holds_less = [](const WorkerOutput* a, const WorkerOutput* b) {
    return a->spillable_bytes() < b->spillable_bytes();
  };
  const auto largest = std::max_element(idle_.begin(), idle_.end(), holds_less);
  if (largest == idle_.end() || (*largest)->spillable_bytes() == 0) return nullptr;
  WorkerOutput* const worker = *largest;
  idle_.erase(largest);
  return worker;
}

// Frees memory for `worker`, which found none: its own if it holds a fair share, else that of an
// idle worker, else it waits a moment for the others, one of which must then hold much. `waits`:
// how often it has waited in vain.
Result<void> MapOutput::make_room(WorkerOutput& worker, unsigned waits) {
  constexpr unsigned kPatience = 20;     // Then even a small run is better than to wait on.
  constexpr unsigned kWaitsMost = 1000;  // While all others wait too: nobody gives memory back.
  if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
  const bool holds_much = worker.spillable_bytes() >= setup_.plan.sort_bytes / (2 * setup_.workers);
  if (worker.spillable_bytes() != 0 && (holds_much || waits >= kPatience))
    return spill_worker(worker);
  if (WorkerOutput* const idle = take_largest_idle(); idle != nullptr) {
    auto spilled = spill_worker(*idle);
    give_back(idle);
    return spilled;
  }
  pressure_.store(true, std::memory_order_relaxed);
  std::unique_lock lock(mutex_);
  // A worker that is neither idle nor waiting will come to give memory back, however slow it is.
  if (waits >= kWaitsMost && waiting_ + 1 + idle_.size() == workers_.size()) {
    return fail(Code::limit, "the threads together hold all of the memory, and none can go on",
                "give more with --memory, or use fewer threads with -j");
  }
  ++waiting_;
  room_.wait_for(lock, std::chrono::milliseconds(5));
  --waiting_;
  return {};
}

// Waits until the caller may write a run, and lets the others' indexes make room for its own.
Result<void> MapOutput::wait_for_writer() {
  std::unique_lock lock(mutex_);
  while (writers_ == setup_.plan.spill_writers) {
    if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
    room_.wait_for(lock, std::chrono::milliseconds(20));
  }
  ++writers_;
  const std::size_t wanted = RunWriter::index_bytes_wanted() * setup_.plan.spill_writers;
  bool has_more = true;
  while (index_budget_.free_bytes() < wanted && has_more) {
    has_more = false;
    for (NumberedRun& run : runs_) {
      if (run.run.index().size() > 1) run.run.thin_index();
      has_more = has_more || run.run.index().size() > 1;
    }
  }
  return {};
}

void MapOutput::leave_writer() {
  {
    const std::scoped_lock lock(mutex_);
    --writers_;
  }
  room_.notify_all();
}

Result<void> MapOutput::spill_worker(WorkerOutput& worker) {
  MRUN_TRY(worker.end_spreading());
  if (worker.buffer_.empty()) return {};
  if (worker.run_file_ == nullptr) worker.run_file_ = setup_.scratch.create();
  const SpillTarget target{*worker.run_file_, worker.run_file_bytes_, setup_.plan.block_bytes,
                           spill_budget_,     index_budget_,          setup_.stop,
                           setup_.packing};
  MRUN_TRY(wait_for_writer());
  const std::uint64_t unloaded = worker.buffer_.accepted().count();
  auto spilled = spill(worker.buffer_, memory_, partitioner_.partitions(), combiner_, target);
  leave_writer();
  if (!spilled) return Failure{std::move(spilled).error()};
  worker.run_file_bytes_ = spilled->end();
  worker.unloaded_pairs_ += unloaded;
  pressure_.store(false, std::memory_order_relaxed);
  {
    const std::scoped_lock lock(mutex_);
    spilled_bytes_ += spilled->size_bytes();
    if (setup_.progress != nullptr)
      setup_.progress->spilled_bytes.store(spilled_bytes_, std::memory_order_relaxed);
    ++spilled_runs_;
    spilled_pairs_ += spilled->pair_count();
    runs_.push_back({worker.number_, *std::move(spilled)});
  }
  room_.notify_all();
  return {};
}

Result<void> MapOutput::flush_table(std::size_t index) {
  WorkerOutput& worker = *workers_[index];
  MRUN_TRY_ASSIGN(const Hold held, hold(worker));
  if (worker.table_ == nullptr) return {};
  auto flushed = worker.table_->flush();
  const CombineTable::Totals totals = worker.table_->totals();
  worker.table_.reset();
  if (flushed && (totals.taken != worker.emitted_pairs_ || totals.given != worker.stored_pairs_)) {
    return fail(
        Code::integrity,
        fmt::format("a combine table took {} of {} pairs and gave {} on, of which {} arrived",
                    totals.taken, worker.emitted_pairs_, totals.given, worker.stored_pairs_),
        "this is a bug in mrun; nothing was written");
  }
  return flushed;
}

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
  MRUN_TRY_ASSIGN(
      CombineTable table,
      CombineTable::create(fold_, worker->store_,
                           {&table_budget_, setup_.plan.table_share_bytes, setup_.hash_seed}));
  Folded folded;
  for (std::size_t list; (list = next_list.fetch_add(1)) < list_count_;) {
    if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
    for (const EntryBlock* block : blocks_of_list(list)) {
      const std::span<const Entry> entries(block->entries, block->count);
      MRUN_TRY(table.add({entries, nullptr, 0}));
      folded.read.add(SortBuffer::sum_of(*block, false));
    }
    drop_list(list);  // Before the flush, which then finds memory.
    MRUN_TRY(table.flush());
  }
  folded.totals = table.totals();
  return folded;
}

std::vector<EntryBlock*> MapOutput::blocks_of_list(std::size_t list) const {
  std::vector<EntryBlock*> blocks;
  for (const auto& worker : workers_) {
    if (worker->lists_.list_count() == 0) continue;
    const std::span<EntryBlock* const> of_worker = worker->lists_.list(list);
    blocks.insert(blocks.end(), of_worker.begin(), of_worker.end());
  }
  return blocks;
}

void MapOutput::drop_list(std::size_t list) {
  const std::scoped_lock lock(mutex_);
  for (const auto& worker : workers_)
    if (worker->lists_.list_count() != 0) worker->lists_.drop_list(list);
}

Result<void> MapOutput::spill_rest(std::size_t index) {
  MRUN_TRY_ASSIGN(const Hold held, hold(*workers_[index]));
  return spill_worker(*workers_[index]);
}

Result<void> MapOutput::check_arrived(std::uint64_t emitted_pairs) const {
  std::uint64_t arrived = 0, stored = 0, held = 0;
  for (const auto& worker : workers_) {
    arrived += worker->emitted_pairs_;
    stored += worker->stored_pairs_;
    held += worker->unloaded_pairs_ + worker->buffer_.accepted().count() +
            worker->lists_.accepted().count();
  }
  if (arrived == emitted_pairs && held == stored &&
      (combiner_.fold != nullptr || stored == arrived))
    return {};
  return fail(Code::integrity,
              fmt::format("the maps emitted {} pairs, {} arrived, {} were to be sorted and {} are "
                          "there",
                          emitted_pairs, arrived, stored, held),
              "this is a bug in mrun; no output was made");
}

std::vector<Run> MapOutput::take_runs(std::vector<std::unique_ptr<StorageFile>>& files) {
  // A worker's runs are in the order it wrote them, which is the order of its tasks.
  std::stable_sort(runs_.begin(), runs_.end(),
                   [](const NumberedRun& a, const NumberedRun& b) { return a.worker < b.worker; });
  std::vector<Run> runs;
  for (NumberedRun& numbered : runs_) runs.push_back(std::move(numbered.run));
  runs_.clear();
  for (const auto& worker : workers_) {
    if (worker->run_file_ != nullptr) files.push_back(std::move(worker->run_file_));
  }
  return runs;
}

std::vector<EntryBlock*> MapOutput::blocks_in_order() const {
  std::vector<EntryBlock*> blocks;
  for (const auto& worker : workers_) {
    blocks.insert(blocks.end(), worker->buffer_.blocks().begin(), worker->buffer_.blocks().end());
  }
  // A task ran on one worker, so its blocks stand together in emit order.
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const EntryBlock* a, const EntryBlock* b) { return a->task < b->task; });
  return blocks;
}

EntrySum MapOutput::accepted() const {
  EntrySum sum;
  for (const auto& worker : workers_) sum.add(worker->buffer_.accepted());
  return sum;
}

std::uint64_t MapOutput::held_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& worker : workers_) bytes += worker->buffer_.size_bytes();
  return bytes;
}

KeySample MapOutput::united_sample() const {
  KeySample united;
  for (const auto& worker : workers_) united.add(worker->sample_);
  return united;
}

}  // namespace mrun
