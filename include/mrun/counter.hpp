// Counter: a number that all attempts of a job add to; mrun shows the sum.
#pragma once

#include <cstdint>

#include "binding.hpp"
#include "plugin.h"

namespace mrun {

/// As a member of a job: `mrun::Counter bad{"bad_lines", "lines without a number"};`, then `++bad`.
/// What a failed attempt counted is dropped with it.
class Counter {
 public:
  explicit Counter(const char* name, const char* help = nullptr) {
    detail::Binding* const binding = detail::Binding::current();
    if (binding == nullptr) return;
    if (binding->probing) binding->counters.push_back({sizeof(mrun_counter), 0, name, help});
    if (binding->counter_slots == nullptr) return;
    if (const int index = detail::index_of(binding->job->counters, name); index >= 0)
      slot_ = binding->counter_slots + index;
  }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  Counter& operator++() {
    ++*slot_;
    return *this;
  }
  Counter& operator+=(std::int64_t n) {
    *slot_ += n;
    return *this;
  }
  /// What this attempt has counted so far.
  std::int64_t value() const { return *slot_; }

 private:
  std::int64_t unbound_ = 0;
  std::int64_t* slot_ = &unbound_;
};

}  // namespace mrun
