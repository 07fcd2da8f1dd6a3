// Libraries that do wrong while they are loaded or run; HOSTILE chooses how. `plain` is the one
// that does not.
#include <mrun/plugin.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

mrun_status open_worker(void*, mrun_worker_ctx* context, void** worker) {
  *worker = context;
  return MRUN_OK;
}

mrun_status map_nothing(void* worker, const mrun_batch*) {
  auto* const context = static_cast<mrun_worker_ctx*>(worker);
  if (HOSTILE == 5) return 77;
  if (HOSTILE == 6) return context->write(context, 9, nullptr, 0);
  return MRUN_OK;
}

const mrun_input kOddInput{sizeof(mrun_input), 0, nullptr, "lines of verse", nullptr, nullptr};
const mrun_input* const kOddInputs[] = {&kOddInput, nullptr};

constexpr std::size_t kManyOutputs = 40;

/// A list of outputs "a", "aa", "aaa" ...
const mrun_output* const* many_outputs() {
  static const std::string names(kManyOutputs, 'a');
  static mrun_output outputs[kManyOutputs];
  static const mrun_output* list[kManyOutputs + 1];
  for (std::size_t i = 0; i < kManyOutputs; ++i) {
    outputs[i].size = sizeof(mrun_output);
    outputs[i].name = names.c_str() + i;
    list[i] = &outputs[i];
  }
  return list;
}

mrun_job make_job(const char* name) {
  mrun_job job{};
  job.size = sizeof(job);
  job.flags = MRUN_MAP_ONLY;
  job.name = name;
  job.open = &open_worker;
  job.map = &map_nothing;
  if (HOSTILE == 8) job.inputs = kOddInputs;
  if (HOSTILE == 10) job.outputs = many_outputs();
  return job;
}

const mrun_job kJob = make_job("plain");
const mrun_job kThird = make_job("third");
const mrun_job* const kJobs[] = {&kJob, HOSTILE == 9 ? &kThird : nullptr, nullptr};

void log_at_all_levels(const mrun_host* host) {
  constexpr std::string_view kText = "one line\nand another";
  for (int level = 0; level <= 3; ++level) host->log(host, level, kText.data(), kText.size());
}

}  // namespace

extern "C" MRUN_EXPORT const mrun_plugin* mrun_plugin_v1(const mrun_host* host) {
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
    case 7:
      log_at_all_levels(host);
      break;
    default:
      break;
  }
  return &plugin;
}
