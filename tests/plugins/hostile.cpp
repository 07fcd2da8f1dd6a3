// Libraries that do wrong before a job of theirs runs; HOSTILE chooses how. `plain` is the one that
// does not.
#include <mrun/plugin.h>

#include <stdexcept>

namespace {

mrun_status map_nothing(void*, const mrun_batch*) { return MRUN_OK; }

mrun_job make_job() {
  mrun_job job{};
  job.size = sizeof(job);
  job.flags = MRUN_MAP_ONLY;
  job.name = "plain";
  job.map = &map_nothing;
  return job;
}

const mrun_job kJob = make_job();
const mrun_job* const kJobs[] = {&kJob, nullptr};

}  // namespace

extern "C" MRUN_EXPORT const mrun_plugin* mrun_plugin_v1(const mrun_host*) {
  static mrun_plugin plugin{sizeof(mrun_plugin), MRUN_ABI_MINOR, 0, 0, "hostile", "1",
                            "a compiler",        kJobs};
  switch (HOSTILE) {
    case 1:
      return nullptr;
    case 2:
      throw std::runtime_error("thrown by the entry");
    case 3:
      plugin.abi_min = MRUN_ABI_MINOR + 1;
      break;
    case 4:
      plugin.jobs = nullptr;
      break;
    default:
      break;
  }
  return &plugin;
}
