// The handlers of the stop signals.
#include "os/stop_signals.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "base/check.hpp"

namespace mrun {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

// A handler has no other way to find what it acts on.
std::atomic<StopFlag*> flag{nullptr};
std::array<struct sigaction, kSignals.size()> former_actions;

/// Async-signal-safe: lock-free atomics, sigaction and kill.
void on_stop_signal(int number) {
  StopFlag* stop = flag.load();
  if (stop == nullptr) return;
  // Whoever interrupts what is stopping already does not want to wait for the clean end.
  if (number == SIGINT && stop->stopped()) {
    ::signal(number, SIG_DFL);
    ::raise(number);
    return;
  }
  stop->stop(number);
}

}  // namespace

StopSignals::StopSignals(StopFlag& stop) {
  static_assert(std::atomic<StopFlag*>::is_always_lock_free);
  StopFlag* none = nullptr;
  MRUN_CHECK(flag.compare_exchange_strong(none, &stop));
  struct sigaction action {};
  // Without SA_RESTART, so that a blocked read or wait comes back.
  action.sa_handler = on_stop_signal;
  MRUN_CHECK(::sigemptyset(&action.sa_mask) == 0);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    MRUN_CHECK(::sigaction(kSignals[i], nullptr, &former_actions[i]) == 0);
    if (former_actions[i].sa_handler == SIG_IGN) continue;
    MRUN_CHECK(::sigaction(kSignals[i], &action, nullptr) == 0);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    ::sigaction(kSignals[i], &former_actions[i], nullptr);
  flag.store(nullptr);
}

void die_by_signal(int signal_number) {
  ::signal(signal_number, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal_number);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal_number);
  // Only a signal whose default is not to end the process comes here; say the same by status.
  ::_exit(128 + signal_number);
}

}  // namespace mrun
