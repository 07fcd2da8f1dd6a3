// How a job says no, and the fence at which every exception of a job stops.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "plugin.h"

namespace mrun::detail {

/// What mrun::fail and mrun::bad_record throw. Not a std::exception, so that a job's own handlers
/// for those let it pass.
struct Said {
  mrun_status status;
  std::string message;
};

/// The runner refused a call and knows why.
struct Stop {
  mrun_status status;
};

/// What one worker shares between its parts. `status` keeps the runner's first refusal, so that it
/// holds even where the job's code swallows the exception.
struct Session {
  mrun_worker_ctx* ctx = nullptr;
  const mrun_host* host = nullptr;
  mrun_status status = MRUN_OK;
  const std::uint8_t* unused_at = nullptr;

  void check(mrun_status result) {
    if (result == MRUN_OK) return;
    if (status == MRUN_OK) status = result;
    throw Stop{result};
  }
  /// Ends the call where the job is being stopped. Cheap enough for every record.
  void check_stop() {
    if (ctx->cancelled != nullptr && __atomic_load_n(ctx->cancelled, __ATOMIC_RELAXED) != 0)
      check(MRUN_CANCELLED);
  }
  void set_at(const std::uint8_t* record) { *(ctx->at != nullptr ? ctx->at : &unused_at) = record; }
};

/// Turns the exception being handled into a status and hands its message to `say(status, text)`.
template <typename Say>
mrun_status translate_exception(Say&& say) noexcept {
  try {
    throw;
  } catch (const Stop& stop) {
    return stop.status;
  } catch (const Said& said) {
    say(said.status, std::string_view(said.message));
    return said.status;
  } catch (const std::bad_alloc&) {
    return MRUN_NO_MEMORY;
  } catch (const std::exception& error) {
    say(MRUN_THREW, std::string_view(error.what()));
  } catch (...) {
    say(MRUN_THREW, std::string_view("something that is not a std::exception"));
  }
  return MRUN_THREW;
}

/// Runs `body`; nothing it throws gets out.
template <typename Body>
mrun_status fenced(Session& session, Body&& body) noexcept {
  try {
    body();
    return session.status;
  } catch (...) {
    return translate_exception([&](mrun_status status, std::string_view text) {
      session.ctx->fail(session.ctx, status, text.data(), text.size());
    });
  }
}

}  // namespace mrun::detail

namespace mrun {

/// Ends the whole job with exit status 1 and this message. In the constructor of `Shared` it means
/// that a parameter is wrong: exit status 2.
[[noreturn]] inline void fail(std::string_view message) {
  throw detail::Said{MRUN_FAIL, std::string(message)};
}

/// Says that the record being mapped cannot be processed: exit status 4, with its file and offset.
[[noreturn]] inline void bad_record(std::string_view message) {
  throw detail::Said{MRUN_BAD_RECORD, std::string(message)};
}

}  // namespace mrun
