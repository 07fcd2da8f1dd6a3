// Worker: a job's worker object for one attempt, and everything around a call into it: the context
// it sees, the fence, and the error that a failed call becomes.
#pragma once

#include <mrun/plugin.h>

#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "model/user_code.hpp"
#include "os/crash_report.hpp"
#include "plugin/fence.hpp"
#include "plugin/job_table.hpp"

namespace mrun {

static_assert(sizeof(Slice) == sizeof(mrun_slice) &&
              offsetof(Slice, data) == offsetof(mrun_slice, data) &&
              offsetof(Slice, size) == offsetof(mrun_slice, size));
static_assert(sizeof(Entry) == sizeof(mrun_entry) &&
              offsetof(Entry, k0) == offsetof(mrun_entry, k0) &&
              offsetof(Entry, k1) == offsetof(mrun_entry, k1) &&
              offsetof(Entry, klen) == offsetof(mrun_entry, klen) &&
              offsetof(Entry, vlen) == offsetof(mrun_entry, vlen) &&
              offsetof(Entry, v) == offsetof(mrun_entry, v));

/// Where a job's code was when it failed, for messages: "file 'a.txt', byte 1234, record \"...\"".
/// Asked after a failure only. May be empty.
using Place = std::function<std::string()>;

/// One thread at a time. Stays in place: the job holds pointers into it.
class Worker {
 public:
  /// `job` and what `context` refers to outlive the worker. `task`: "map task 17".
  Worker(const JobTable& job, const AttemptContext& context, std::string task);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Makes the job's worker object. `emit` may be null.
  Result<void> open(void* job_object, mrun_emitter* emit);

  /// Runs `body`, which calls the job's code and returns its status, and turns what happened into a
  /// Result. An error of ours that came up inside (see `remember`) goes before the job's status.
  template <typename Body>
  Result<void> call(const Place& place, Body&& body) {
    if (error_) return Failure{*error_};
    const CrashScope scope(scene_);
    mrun_status status = MRUN_OK;
    std::optional<std::string> thrown = behind_fence([&] {
      try {
        status = body();
      } catch (const std::bad_alloc&) {
        status = MRUN_NO_MEMORY;
      }
    });
    if (status == MRUN_OK && !thrown && !error_) [[likely]]
      return {};
    return judge(status, std::move(thrown), place);
  }

  /// Keeps an error of the runner that came up inside a call of the job; the first one counts.
  /// Returns the status that makes the job come back.
  mrun_status remember(Error error) noexcept;
  /// The same for an error that is to name the record that the job was at.
  mrun_status remember_with_place(Error error) noexcept;
  /// The same for a job that did what the contract forbids.
  mrun_status remember_broken(const char* what) noexcept;
  bool has_error() const { return error_.has_value(); }
  /// Whether the job is to come back, for the run is being stopped. Then that is remembered, so
  /// that a call cut short does not count even where the job hides it.
  bool stopped() noexcept {
    if (!context_.stop->stopped()) return false;
    remember({Code::cancelled, "stopped", {}});
    return true;
  }

  void* object() const { return object_; }
  const JobTable& job() const { return job_; }
  /// The record that user code is at, where it says so. Reset before each call.
  const std::uint8_t*& at() { return at_; }
  /// The file and the bytes that user code is given, for the report of a crash.
  CrashScene& scene() { return scene_; }

 private:
  static Worker& of(mrun_worker_ctx* context);
  static mrun_status write(mrun_worker_ctx*, std::uint32_t output, const mrun_slice* fields,
                           std::uint32_t n);
  static mrun_status write_part(mrun_worker_ctx*, std::uint32_t output, mrun_slice bytes,
                                std::uint32_t last);
  static mrun_status append_row(mrun_rows*, mrun_slice row);
  static mrun_status next_row(mrun_rows*, mrun_slice* row, std::uint32_t* has);
  static mrun_status rewind_rows(mrun_rows*);
  static mrun_status clear_rows(mrun_rows*);
  static void fail_call(mrun_worker_ctx*, mrun_status status, const char* message,
                        std::uint64_t size);

  template <typename Body>
  mrun_status guarded(Body&& body) noexcept;
  template <typename Write>
  mrun_status guarded_write(std::uint32_t output, Write&& write_it) noexcept;
  Result<void> judge(mrun_status status, std::optional<std::string> thrown, const Place& place);

  const JobTable& job_;
  AttemptContext context_;
  std::string task_;
  mrun_worker_ctx table_{};
  mrun_rows rows_{};
  void* object_ = nullptr;
  bool open_ = false;
  const std::uint8_t* at_ = nullptr;
  CrashScene scene_;
  std::optional<std::string> said_;  ///< By the job's ctx->fail.
  std::optional<Error> error_;
  bool wants_place_ = false;
};

/// The failure of a call that returned `status` or threw at `place`.
Failure call_failure(mrun_status status, const std::optional<std::string>& thrown,
                     const std::string& said, const std::string& job, const std::string& place);

}  // namespace mrun
