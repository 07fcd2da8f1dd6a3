#include "reduce/reduce_task.hpp"

namespace mrun {

Result<std::uint64_t> run_reduce_task(UserCode& job, std::uint64_t task, GroupSource& source,
                                      const AttemptContext& context) {
  constexpr std::uint64_t kGroupsBetweenStops = 256;
  MRUN_TRY_ASSIGN(const std::unique_ptr<ReduceAttempt> attempt, job.open_reduce(context, task));
  GroupCursor cursor(source, job);
  std::uint64_t groups = 0;
  while (true) {
    if (groups % kGroupsBetweenStops == 0 && context.stop->stopped())
      return fail(Code::cancelled, "stopped");
    MRUN_TRY_ASSIGN(const bool more, cursor.next_group());
    if (!more) break;
    MRUN_TRY(attempt->reduce(cursor.key(), cursor.first_values(), cursor));
    ++groups;
  }
  MRUN_TRY(attempt->finish());
  return groups;
}

}  // namespace mrun
