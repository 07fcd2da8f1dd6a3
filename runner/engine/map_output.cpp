#include "engine/map_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/run_spill.hpp"
#include "shuffle/run_writer.hpp"

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
      memory_(sort_budget_, setup.plan.spare_item_bytes),
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
  while (output->workers_.size() < setup.workers) {
    auto worker = std::make_unique<WorkerOutput>(*output);
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

std::uint64_t MapOutput::spillable_bytes(const Meeting& meeting) const {
  std::uint64_t bytes = 0;
  for (const WorkerOutput* worker : meeting.workers) bytes += worker->spillable_bytes();
  for (const WorkerOutput* worker : idle_) bytes += worker->spillable_bytes();
  return bytes;
}

bool MapOutput::are_all_in(const Meeting& meeting) const {
  return meeting.workers.size() + idle_.size() == workers_.size();
}

// Runs should be long, so a meeting waits for those that are at work, but not for ever: then even a
// small run is better than to wait on.
bool MapOutput::may_begin(const Meeting& meeting) const {
  const std::uint64_t bytes = spillable_bytes(meeting);
  if (bytes == 0) return false;
  return are_all_in(meeting) || bytes >= setup_.plan.sort_bytes / 8 * 7 ||
         std::chrono::steady_clock::now() >= meeting.deadline;
}

// Frees memory for `worker`, which found none: with all others that come within a short while it
// spills what they and idle workers hold. Or it waits a moment, if they hold nothing. `waits`: how
// often it has waited in vain.
Result<void> MapOutput::make_room(WorkerOutput& worker, unsigned waits) {
  constexpr auto kPatience = std::chrono::milliseconds(100);
  constexpr auto kMoment = std::chrono::milliseconds(5);
  constexpr unsigned kWaitsMost = 1000;  // While all others wait too: nobody gives memory back.
  if (setup_.stop.stopped()) return fail(Code::cancelled, "stopped");
  MRUN_TRY(worker.end_spreading());
  std::unique_lock lock(mutex_);
  if (spill_failure_) return Failure{*spill_failure_};
  if (meeting_ == nullptr) {
    meeting_ = std::make_shared<Meeting>(static_cast<unsigned>(workers_.size()));
    meeting_->deadline = std::chrono::steady_clock::now() + kPatience;
  }
  const std::shared_ptr<Meeting> meeting = meeting_;
  // Who comes late holds what the run will not have, but can help to write it.
  if (meeting->begun) return help(*meeting, lock);
  meeting->workers.push_back(&worker);
  pressure_.store(true, std::memory_order_relaxed);
  if (may_begin(*meeting)) return lead(*meeting, lock);
  const bool is_stuck =
      waits >= kWaitsMost && are_all_in(*meeting) && spillable_bytes(*meeting) == 0;
  while (!is_stuck) {
    room_.wait_for(lock, kMoment);
    if (meeting->begun) return help(*meeting, lock);
    if (may_begin(*meeting)) return lead(*meeting, lock);
    if (spillable_bytes(*meeting) == 0 || setup_.stop.stopped()) break;
  }
  std::erase(meeting->workers, &worker);
  if (meeting->workers.empty()) {
    meeting_.reset();
    pressure_.store(false, std::memory_order_relaxed);
  }
  if (is_stuck)
    return fail(Code::limit, "the threads together hold all of the memory, and none can go on",
                "give more with --memory, or use fewer threads with -j");
  return {};
}

// `lock` holds the mutex, here and in `lead`.
Result<void> MapOutput::help(Meeting& meeting, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  meeting.team.help();
  lock.lock();
  room_.wait(lock, [&] { return meeting.ended; });
  return meeting.outcome;
}

// Whoever finds that the meeting may begin spills; all others that come help.
Result<void> MapOutput::lead(Meeting& meeting, std::unique_lock<std::mutex>& lock) {
  meeting.begun = true;
  pressure_.store(false, std::memory_order_relaxed);
  std::vector<WorkerOutput*> workers = meeting.workers;
  workers.insert(workers.end(), idle_.begin(), idle_.end());
  const std::vector<WorkerOutput*> idle = std::exchange(idle_, {});
  lock.unlock();
  room_.notify_all();
  meeting.outcome =
      fail(Code::limit, "the memory ran out while a run was written", "give more with --memory");
  // Whatever becomes of the run, also where an allocation throws, nobody may wait for ever.
  struct End {
    MapOutput& output;
    Meeting& meeting;
    std::unique_lock<std::mutex>& lock;
    const std::vector<WorkerOutput*>& idle;
    ~End() {
      meeting.team.end();
      lock.lock();
      output.idle_.insert(output.idle_.end(), idle.begin(), idle.end());
      // What the workers hold is not as it was: nobody may spill it again.
      if (!meeting.outcome) output.spill_failure_ = meeting.outcome.error();
      meeting.ended = true;
      output.meeting_.reset();
      lock.unlock();
      output.room_.notify_all();
    }
  } const end{*this, meeting, lock, idle};
  meeting.outcome = spill(workers, meeting.team);
  return meeting.outcome;
}

// Writes what the workers hold as one run. Nobody else may use them, nor spill.
Result<void> MapOutput::spill(std::span<WorkerOutput* const> workers, Executor& executor) {
  for (WorkerOutput* worker : workers) MRUN_TRY(worker->end_spreading());
  HeldEntries held = held_by(workers);
  if (held.sum.count() == 0) {  // What is charged for nothing may be what others wait for.
    for (WorkerOutput* worker : workers) worker->buffer_.clear();
    return {};
  }
  lanes_.resize(setup_.plan.spill_writers);
  const std::span<RunLane> lanes(
      lanes_.data(), std::min<std::size_t>(setup_.plan.spill_writers, executor.width()));
  for (RunLane& lane : lanes)
    if (lane.file == nullptr) lane.file = setup_.scratch.create();
  make_index_room();
  MRUN_TRY_ASSIGN(auto pieces, pieces_of_spill(memory_, std::move(held), partitioner_, setup_.job,
                                               executor, setup_.stop));
  const SpillSetup spilling{combiner_,   setup_.plan.block_bytes, spill_budget_, index_budget_,
                            setup_.stop, setup_.packing};
  MRUN_TRY_ASSIGN(SortedRun run, spill_run(*pieces, lanes, spilling, executor));
  pieces.reset();  // Before what their items are charged with.
  for (WorkerOutput* worker : workers) {
    worker->unloaded_pairs_ += worker->buffer_.accepted().count();
    worker->buffer_.clear();
  }
  spilled_bytes_ += run.size_bytes();
  if (setup_.progress != nullptr)
    setup_.progress->spilled_bytes.store(spilled_bytes_, std::memory_order_relaxed);
  ++spilled_runs_;
  spilled_pairs_ += run.pair_count();
  runs_.push_back(std::move(run));
  return {};
}

// Lets the indexes of earlier runs make room for those of the next one.
void MapOutput::make_index_room() {
  const std::size_t wanted =
      RunWriter::index_bytes_wanted() * setup_.plan.spill_writers * kSegmentsPerLane;
  bool has_more = true;
  while (index_budget_.free_bytes() < wanted && has_more) {
    has_more = false;
    for (SortedRun& run : runs_) {
      for (Run& segment : run.segments) {
        if (segment.index().size() > 1) segment.thin_index();
        has_more = has_more || segment.index().size() > 1;
      }
    }
  }
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

Result<void> MapOutput::spill_rest(Executor& executor) {
  if (spill_failure_) return Failure{*spill_failure_};
  const std::vector<WorkerOutput*> workers = all_workers();
  return spill(workers, executor);
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

std::vector<SortedRun> MapOutput::take_runs(std::vector<std::unique_ptr<StorageFile>>& files) {
  // In the order in which they were written: what one task emitted first stands in the first.
  for (RunLane& lane : lanes_)
    if (lane.file != nullptr) files.push_back(std::move(lane.file));
  lanes_.clear();
  return std::exchange(runs_, {});
}

HeldEntries MapOutput::held() const { return held_by(all_workers()); }

HeldEntries MapOutput::held_by(std::span<WorkerOutput* const> workers) {
  HeldEntries held;
  std::vector<SortBuffer*> buffers;
  for (WorkerOutput* worker : workers) {
    SortBuffer& buffer = worker->buffer_;
    if (buffer.empty()) continue;
    held.sum.add(buffer.accepted());
    held.bytes += buffer.size_bytes();
    buffers.push_back(&buffer);
  }
  // Who has spilled since it had ranges has one list.
  const bool are_ranges =
      !buffers.empty() && std::all_of(buffers.begin(), buffers.end(), [](const SortBuffer* buffer) {
        return buffer->list_count() > 1;
      });
  held.lists.resize(are_ranges ? buffers.front()->list_count() : 1);
  for (SortBuffer* buffer : buffers)
    for (std::size_t list = 0; list < buffer->list_count(); ++list) {
      const std::vector<EntrySpan> spans = buffer->list(list);
      std::vector<EntrySpan>& to = held.lists[are_ranges ? list : 0];
      to.insert(to.end(), spans.begin(), spans.end());
    }
  // A task ran on one worker, so its spans of a list stand together in emit order.
  for (std::vector<EntrySpan>& list : held.lists)
    std::stable_sort(list.begin(), list.end(),
                     [](const EntrySpan& a, const EntrySpan& b) { return a.task < b.task; });
  return held;
}

std::vector<WorkerOutput*> MapOutput::all_workers() const {
  std::vector<WorkerOutput*> all;
  for (const auto& worker : workers_) all.push_back(worker.get());
  return all;
}

KeySample MapOutput::united_sample() const {
  KeySample united;
  for (const auto& worker : workers_) united.add(worker->sample_);
  return united;
}

}  // namespace mrun
