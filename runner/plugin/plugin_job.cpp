// Configuring a job, opening its attempts, and the calls that cannot return an error.
#include "plugin/plugin_job.hpp"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "base/check.hpp"
#include "os/crash_report.hpp"
#include "plugin/fence.hpp"
#include "plugin/map_attempt.hpp"
#include "plugin/reduce_attempt.hpp"

namespace mrun {
namespace {

/// Room for what `configure` says of a wrong parameter.
constexpr std::size_t kConfigureErrorBytes = 4096;

mrun_slice slice_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The parameters as mrun_config hands them over.
struct ConfigTable {
  std::vector<std::vector<mrun_slice>> texts;
  std::vector<const mrun_slice*> params;
  std::vector<std::uint32_t> n_values;
  mrun_config table{};

  ConfigTable(const JobSpec& spec, const ParamValues& values, std::uint32_t partitions) {
    for (std::size_t i = 0; i < spec.params.size(); ++i) {
      std::vector<mrun_slice> given;
      for (const std::string& text : values[i]) given.push_back(slice_of(text));
      if (given.empty() && spec.params[i].has_default)
        given.push_back(slice_of(spec.params[i].default_text));
      texts.push_back(std::move(given));
    }
    for (const std::vector<mrun_slice>& given : texts) {
      params.push_back(given.data());
      n_values.push_back(static_cast<std::uint32_t>(given.size()));
    }
    table.size = sizeof(table);
    table.params = params.data();
    table.n_values = n_values.data();
    table.n_params = static_cast<std::uint32_t>(params.size());
    table.n_partitions = partitions;
  }
};

/// A configured job.
class PluginCode final : public UserCode {
 public:
  PluginCode(const JobTable& declared, std::string file, const JobConfig& config, PluginLog log)
      : job_(declared),
        file_(std::move(file)),
        file_names_(config.file_names),
        host_(std::move(log), config.file_names) {
    scene_.job = job_.spec.name.c_str();
  }
  PluginCode(const PluginCode&) = delete;
  PluginCode& operator=(const PluginCode&) = delete;

  ~PluginCode() override {
    if (!configured_ || job_.calls.destroy == nullptr) return;
    const CrashScope scope(scene_);
    // The run is over; what destroy throws changes nothing any more.
    static_cast<void>(behind_fence([&] { job_.calls.destroy(object_); }));
  }

  Result<void> configure(const ParamValues& values, std::uint32_t partitions);
  Result<void> shape();

  const JobSpec& spec() const override { return job_.spec; }

  Result<std::unique_ptr<MapAttempt>> open_map(const AttemptContext& context,
                                               std::uint64_t task) override {
    auto attempt = std::make_unique<PluginMapAttempt>(job_, context, task, file_names_);
    MRUN_TRY(attempt->open(object_));
    return std::unique_ptr<MapAttempt>(std::move(attempt));
  }
  Result<std::unique_ptr<ReduceAttempt>> open_reduce(const AttemptContext& context,
                                                     std::uint64_t task) override {
    MRUN_CHECK(job_.spec.has_reduce);
    auto attempt = std::make_unique<PluginReduceAttempt>(job_, context, task);
    MRUN_TRY(attempt->open(object_));
    return std::unique_ptr<ReduceAttempt>(std::move(attempt));
  }

  void fold(std::span<void* const> states, std::span<const void* const> values) const override;
  void group_lens(std::span<const Slice> keys, std::span<std::uint32_t> lens) const override;
  void partition(std::span<const Slice> keys, std::uint32_t partitions,
                 std::span<std::uint32_t> out) const override;
  Result<void> fault() const override;

 private:
  template <typename Body>
  void call(const char* what, Body&& body) const;
  void set_fault(const std::string& message) const;
  Failure failure(mrun_status status, const std::optional<std::string>& thrown,
                  const std::string& said, const char* where) const;

  JobTable job_;
  std::string file_;  ///< The library.
  CrashScene scene_{nullptr, "no task: what is done once a run"};
  std::span<const std::string> file_names_;
  Host host_;
  void* object_ = nullptr;
  bool configured_ = false;

  // Written by any thread, for a fold that throws; read once at the end.
  mutable std::mutex fault_mutex_;
  mutable std::optional<Error> fault_;
};

/// What a job says no to while it is configured is a parameter.
Failure PluginCode::failure(mrun_status status, const std::optional<std::string>& thrown,
                            const std::string& said, const char* where) const {
  const mrun_status meant = status == MRUN_FAIL ? mrun_status{MRUN_BAD_CONFIG} : status;
  const bool is_refusal = meant == MRUN_BAD_CONFIG && !thrown;
  Failure failure = call_failure(meant, thrown, said, job_.spec.name, is_refusal ? "" : where);
  if (failure.error.code == Code::usage)
    failure.error.hint = "'mrun info JOB' shows a job's parameters";
  return failure;
}

Result<void> PluginCode::configure(const ParamValues& values, std::uint32_t partitions) {
  if (job_.calls.configure != nullptr) {
    const ConfigTable config(job_.spec, values, partitions);
    std::vector<char> error(kConfigureErrorBytes + 1, '\0');
    const CrashScope scope(scene_);
    mrun_status status = MRUN_OK;
    const std::optional<std::string> thrown = behind_fence([&] {
      status = job_.calls.configure(host_.table(), &config.table, &object_, error.data(),
                                    kConfigureErrorBytes);
    });
    if (thrown || status != MRUN_OK) return failure(status, thrown, error.data(), "configure");
  }
  configured_ = true;
  return {};
}

Result<void> PluginCode::shape() {
  if (job_.calls.shape == nullptr) return {};
  mrun_job copy = job_.calls;
  copy.size = sizeof(copy);
  mrun_status status = MRUN_OK;
  const CrashScope scope(scene_);
  const std::optional<std::string> thrown =
      behind_fence([&] { status = job_.calls.shape(object_, &copy); });
  if (thrown || status != MRUN_OK) return failure(status, thrown, "", "shape");
  MRUN_TRY_ASSIGN(job_, read_shaped_job(job_, copy, file_));
  scene_.job = job_.spec.name.c_str();
  return {};
}

template <typename Body>
void PluginCode::call(const char* what, Body&& body) const {
  const std::optional<std::string> thrown = behind_fence(body);
  if (thrown) set_fault(fmt::format("threw an exception in its {}: {}", what, *thrown));
}

void PluginCode::set_fault(const std::string& message) const {
  const std::lock_guard lock(fault_mutex_);
  if (!fault_)
    fault_ = fail(Code::plugin, fmt::format("job '{}' {}", job_.spec.name, message)).error;
}

Result<void> PluginCode::fault() const {
  const std::lock_guard lock(fault_mutex_);
  if (fault_) return Failure{*fault_};
  return {};
}

void PluginCode::fold(std::span<void* const> states, std::span<const void* const> values) const {
  call("fold", [&] {
    job_.calls.fold(object_, static_cast<std::uint32_t>(states.size()), states.data(),
                    values.data());
  });
}

void PluginCode::group_lens(std::span<const Slice> keys, std::span<std::uint32_t> lens) const {
  call("group_lens", [&] {
    job_.calls.group_lens(object_, static_cast<std::uint32_t>(keys.size()),
                          reinterpret_cast<const mrun_slice*>(keys.data()), lens.data());
  });
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (lens[i] <= keys[i].size) continue;
    lens[i] = static_cast<std::uint32_t>(keys[i].size);
    set_fault("broke the plugin contract: a group's key is longer than the key");
  }
}

void PluginCode::partition(std::span<const Slice> keys, std::uint32_t partitions,
                           std::span<std::uint32_t> out) const {
  call("partition", [&] {
    job_.calls.partition(object_, static_cast<std::uint32_t>(keys.size()),
                         reinterpret_cast<const mrun_slice*>(keys.data()), partitions, out.data());
  });
  for (std::uint32_t& partition : out) {
    if (partition < partitions) continue;
    set_fault(fmt::format("broke the plugin contract: it chose partition {} of {}", partition,
                          partitions));
    partition = 0;
  }
}

}  // namespace

PluginJob::PluginJob(JobTable declared, std::string file, ParamValues values, PluginLog log)
    : declared_(std::move(declared)),
      file_(std::move(file)),
      values_(std::move(values)),
      log_(std::move(log)) {
  MRUN_CHECK(values_.size() == declared_.spec.params.size());
}

Result<std::unique_ptr<UserCode>> PluginJob::configure(const JobConfig& config) {
  auto code = std::make_unique<PluginCode>(declared_, file_, config, log_);
  MRUN_TRY(code->configure(values_, config.partitions));
  MRUN_TRY(code->shape());
  return std::unique_ptr<UserCode>(std::move(code));
}

}  // namespace mrun
