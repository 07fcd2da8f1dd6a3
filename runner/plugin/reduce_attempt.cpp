// Hands groups to a job's reduce, and further values as it asks for them.
#include "plugin/reduce_attempt.hpp"

#include <fmt/format.h>

#include <new>

#include "base/check.hpp"
#include "base/escape_text.hpp"

namespace mrun {

PluginReduceAttempt::PluginReduceAttempt(const JobTable& job, const AttemptContext& context,
                                         std::uint64_t task)
    : worker_(job, context, fmt::format("reduce task {}", task)) {}

Result<void> PluginReduceAttempt::open(void* job_object) {
  return worker_.open(job_object, nullptr);
}

Result<void> PluginReduceAttempt::reduce(Slice key, std::span<const Slice> first_values,
                                         GroupValues& values) {
  Group group;
  static_cast<mrun_group&>(group) = {};
  group.size = sizeof(mrun_group);
  group.key = {key.data, key.size};
  group.more = &PluginReduceAttempt::more;
  group.attempt = this;
  group.source = &values;
  fill(group, first_values);
  return worker_.call([&] { return fmt::format("key \"{}\"", excerpt_text(key.view())); },
                      [&] { return worker_.job().calls.reduce(worker_.object(), &group); });
}

/// The contract has no call at the end of a reduce task; what ends it is the worker's close.
Result<void> PluginReduceAttempt::finish() {
  return worker_.call(nullptr, [] { return mrun_status{MRUN_OK}; });
}

void PluginReduceAttempt::fill(Group& group, std::span<const Slice> values) const {
  group.n = static_cast<std::uint32_t>(values.size());
  group.values = reinterpret_cast<const mrun_slice*>(values.data());
  group.keys = nullptr;
  if (!worker_.job().spec.has_group_lens || values.empty()) return;
  const std::span<const Slice> keys = group.source->keys();
  MRUN_CHECK(keys.size() == values.size());
  group.keys = reinterpret_cast<const mrun_slice*>(keys.data());
}

mrun_status PluginReduceAttempt::more(mrun_group* table) {
  Group& group = *static_cast<Group*>(table);
  Worker& worker = group.attempt->worker_;
  group.n = 0;
  if (worker.has_error() || worker.stopped()) return MRUN_CANCELLED;
  // Nothing of ours may unwind through the job.
  try {
    Result<std::span<const Slice>> values = group.source->more();
    if (!values) return worker.remember(std::move(values).error());
    group.attempt->fill(group, *values);
    return MRUN_OK;
  } catch (const std::bad_alloc&) {
    return worker.remember({Code::limit, "out of memory", {}});
  }
}

}  // namespace mrun
