// Stop signals: INT, TERM and HUP ask the run to stop; a second INT ends the process at once.
#pragma once

#include "base/stop_flag.hpp"

namespace mrun {

/// Routes INT, TERM and HUP to `stop` (the reason is the signal's number) until it dies, then puts
/// the former handlers back. A signal that was ignored at the start (nohup) stays ignored. One at a
/// time per process; `stop` outlives it.
class StopSignals {
 public:
  explicit StopSignals(StopFlag& stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
};

/// Ends the process by the signal itself, so that its parent sees what ended it.
[[noreturn]] void die_by_signal(int signal_number);

}  // namespace mrun
