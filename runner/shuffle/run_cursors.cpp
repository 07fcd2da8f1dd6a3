#include "shuffle/run_cursors.hpp"

namespace mrun {

Result<std::unique_ptr<RunCursor>> RunCursors::open(std::size_t run, std::uint32_t partition,
                                                    const KeyRange& range) {
  std::optional<RunPlace> behind;
  {
    const std::scoped_lock lock(mutex_);
    if (reached_[run].partition < partition) behind = reached_[run].place;
  }
  return RunCursor::open(budget_, buffers_, runs_[run].segments, partition, range, behind);
}

void RunCursors::close(std::size_t run, const RunCursor& cursor) {
  const auto& end = cursor.end_of_partition();
  if (!end) return;
  const std::scoped_lock lock(mutex_);
  Reached& reached = reached_[run];
  if (!reached.place || reached.partition < cursor.partition()) reached = {cursor.partition(), end};
}

}  // namespace mrun
