// The functions behind mrun_worker_ctx, and errors in words.
#include "plugin/worker.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

#include "base/check.hpp"
#include "base/escape_text.hpp"

namespace mrun {
namespace {

/// A message of a job is shown whole up to this size.
constexpr std::size_t kMessageBytesMax = 2000;
constexpr char kContractHint[] = "the contract is described in mrun/plugin.h";

}  // namespace

Failure call_failure(mrun_status status, const std::optional<std::string>& thrown,
                     const std::string& said, const std::string& job, const std::string& place) {
  const auto failed = [&](Code code, std::string_view what) {
    const std::string text = thrown ? *thrown : said;
    Failure failure = fail(code, fmt::format("job '{}' {}{}{}", job, what, text.empty() ? "" : ": ",
                                             excerpt_text(text, kMessageBytesMax)));
    failure.error.place = place;
    return failure;
  };
  if (thrown) return failed(Code::plugin, "threw an exception");
  switch (status) {
    case MRUN_FAIL:
      return failed(Code::job_failed, "failed");
    case MRUN_BAD_CONFIG:
      return failed(Code::usage, "refuses its parameters");
    case MRUN_BAD_RECORD:
      return failed(Code::input, "cannot process a record");
    case MRUN_NO_MEMORY:
      return failed(Code::limit, "ran out of memory");
    case MRUN_THREW:
      return failed(Code::plugin, "threw an exception");
    case MRUN_CANCELLED:
      return failed(Code::cancelled, "was stopped");
    default:
      Failure failure =
          failed(Code::plugin, fmt::format("returned {}, which is no status", status));
      failure.error.hint = kContractHint;
      return failure;
  }
}

Worker::Worker(const JobTable& job, const AttemptContext& context, std::string task)
    : job_(job), context_(context), task_(std::move(task)) {
  MRUN_CHECK(context.counters.size() >= job.spec.counters.size());
  MRUN_CHECK(context.records != nullptr && context.stop != nullptr);
  use_alternate_stack();
  scene_.job = job_.spec.name.c_str();
  scene_.task = task_.c_str();
  scene_.at = &at_;
  table_.size = sizeof(table_);
  table_.runner = this;
  table_.write = &Worker::write;
  table_.write_part = &Worker::write_part;
  table_.counters = context.counters.data();
  table_.cancelled = context.stop->word();
  table_.at = &at_;
  table_.fail = &Worker::fail_call;
  if (context.rows == nullptr) return;
  rows_.size = sizeof(rows_);
  rows_.runner = this;
  rows_.append = &Worker::append_row;
  rows_.next = &Worker::next_row;
  rows_.rewind = &Worker::rewind_rows;
  rows_.clear = &Worker::clear_rows;
  table_.rows = &rows_;
}

Worker::~Worker() {
  if (!open_ || job_.calls.close == nullptr) return;
  const CrashScope scope(scene_);
  // The attempt is over: what close throws can change neither its result nor the next one's.
  static_cast<void>(behind_fence([&] { job_.calls.close(object_); }));
}

Result<void> Worker::open(void* job_object, mrun_emitter* emit) {
  table_.emit = emit;
  if (job_.calls.open != nullptr)
    MRUN_TRY(call(nullptr, [&] { return job_.calls.open(job_object, &table_, &object_); }));
  open_ = true;
  return {};
}

mrun_status Worker::remember(Error error) noexcept {
  if (!error_) error_ = std::move(error);
  return MRUN_CANCELLED;
}

mrun_status Worker::remember_with_place(Error error) noexcept {
  if (!error_) wants_place_ = true;
  return remember(std::move(error));
}

mrun_status Worker::remember_broken(const char* what) noexcept {
  try {
    return remember_with_place(
        fail(Code::plugin,
             fmt::format("job '{}' broke the plugin contract: {}", job_.spec.name, what),
             kContractHint)
            .error);
  } catch (const std::bad_alloc&) {
    return remember({Code::limit, {}, {}});
  }
}

Worker& Worker::of(mrun_worker_ctx* context) { return *static_cast<Worker*>(context->runner); }

/// Nothing of ours may unwind through the job, and after an error nothing more is done.
template <typename Body>
mrun_status Worker::guarded(Body&& body) noexcept {
  if (error_) return MRUN_CANCELLED;
  try {
    Result<void> done = body();
    if (done) return MRUN_OK;
    // What the job asked for says more with the record or the key it came from.
    const Code code = done.error().code;
    return code == Code::limit || code == Code::plugin
               ? remember_with_place(std::move(done).error())
               : remember(std::move(done).error());
  } catch (const std::bad_alloc&) {
    return remember({Code::limit, "out of memory", {}});
  }
}

template <typename Write>
mrun_status Worker::guarded_write(std::uint32_t output, Write&& write_it) noexcept {
  if (!error_ && output > job_.spec.side_outputs.size())
    return remember_broken("it wrote to an output that it does not declare");
  return guarded(write_it);
}

mrun_status Worker::write(mrun_worker_ctx* context, std::uint32_t output, const mrun_slice* fields,
                          std::uint32_t n) {
  Worker& self = of(context);
  if (fields == nullptr && n > 0) return self.remember_broken("it wrote fields at no address");
  return self.guarded_write(output, [&] {
    return self.context_.records->write(output, {reinterpret_cast<const Slice*>(fields), n});
  });
}

mrun_status Worker::write_part(mrun_worker_ctx* context, std::uint32_t output, mrun_slice bytes,
                               std::uint32_t last) {
  Worker& self = of(context);
  if (bytes.data == nullptr && bytes.size > 0)
    return self.remember_broken("it wrote bytes at no address");
  return self.guarded_write(output, [&] {
    return self.context_.records->write_part(output, {bytes.data, bytes.size}, last != 0);
  });
}

mrun_status Worker::append_row(mrun_rows* table, mrun_slice row) {
  Worker& self = *static_cast<Worker*>(table->runner);
  if (row.data == nullptr && row.size > 0)
    return self.remember_broken("it put aside a row at no address");
  return self.guarded([&] { return self.context_.rows->append({row.data, row.size}); });
}

mrun_status Worker::next_row(mrun_rows* table, mrun_slice* row, std::uint32_t* has) {
  Worker& self = *static_cast<Worker*>(table->runner);
  *has = 0;
  return self.guarded([&]() -> Result<void> {
    MRUN_TRY_ASSIGN(const std::optional<Slice> next, self.context_.rows->next());
    if (!next) return {};
    *row = {next->data, next->size};
    *has = 1;
    return {};
  });
}

mrun_status Worker::rewind_rows(mrun_rows* table) {
  Worker& self = *static_cast<Worker*>(table->runner);
  return self.guarded([&]() -> Result<void> {
    if (self.context_.stop->stopped()) return fail(Code::cancelled, "stopped");
    self.context_.rows->rewind();
    return {};
  });
}

mrun_status Worker::clear_rows(mrun_rows* table) {
  Worker& self = *static_cast<Worker*>(table->runner);
  return self.guarded([&]() -> Result<void> {
    self.context_.rows->clear();
    return {};
  });
}

void Worker::fail_call(mrun_worker_ctx* context, mrun_status, const char* message,
                       std::uint64_t size) {
  Worker& self = of(context);
  if (self.said_ || message == nullptr) return;
  try {
    self.said_ = std::string(message, size < kMessageBytesMax ? size : kMessageBytesMax + 1);
  } catch (const std::bad_alloc&) {
    // The status alone must do.
  }
}

Result<void> Worker::judge(mrun_status status, std::optional<std::string> thrown,
                           const Place& place) {
  if (error_ && !wants_place_) return Failure{*error_};
  if (!error_ && status == MRUN_CANCELLED && !thrown && !context_.stop->stopped())
    remember_broken("it says that it was stopped, and nobody stopped it");
  std::string where = place ? place() : std::string();
  where += where.empty() ? task_ : fmt::format(" ({})", task_);
  if (error_) {
    error_->place = where;
    wants_place_ = false;
  } else {
    error_ = call_failure(status, thrown, said_.value_or(""), job_.spec.name, where).error;
  }
  return Failure{*error_};
}

}  // namespace mrun
