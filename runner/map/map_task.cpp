#include "map/map_task.hpp"

namespace mrun {

Result<MapTaskInfo> run_map_task(UserCode& job, std::uint64_t task, BatchSource& source,
                                 const AttemptContext& context, Progress& progress) {
  MapTaskInfo info;
  MRUN_TRY_ASSIGN(const std::unique_ptr<MapAttempt> attempt, job.open_map(context, task));
  RecordBatch batch;
  while (true) {
    if (context.stop->stopped()) return fail(Code::cancelled, "stopped");
    MRUN_TRY_ASSIGN(const bool more, source.next(batch));
    if (!more) break;
    if (batch.record_count > 0) {
      context.entries->begin_batch(batch.owner);
      MRUN_TRY(attempt->map(batch));
    }
    info.records += batch.record_count;
    info.size_bytes += batch.size_bytes;
    progress.done.fetch_add(batch.size_bytes, std::memory_order_relaxed);
  }
  context.entries->begin_batch(nullptr);
  MRUN_TRY(attempt->finish());
  info.emitted_pairs = attempt->emitted_pairs();
  return info;
}

}  // namespace mrun
