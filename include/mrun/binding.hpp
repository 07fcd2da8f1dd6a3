// Binding: how the members of a job that declare something (parameters, counters, side outputs)
// meet the runner while the job's struct is being constructed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugin.h"

namespace mrun::detail {

/// The parameters' texts by declared name.
struct ParamTexts {
  std::string name;
  std::vector<std::string> texts;
};

/// What is being constructed: either a probe, which collects declarations, or a real object, which
/// gets its parameters and counters. One per thread, for the time of one constructor.
struct Binding {
  bool probing = false;
  std::vector<mrun_param> params;
  std::vector<mrun_counter> counters;
  std::vector<mrun_output> outputs;

  const std::vector<ParamTexts>* texts = nullptr;
  const mrun_job* job = nullptr;
  std::int64_t* counter_slots = nullptr;

  /// Hidden, so that libraries built without -fvisibility=hidden do not share the variable.
  __attribute__((visibility("hidden"))) static Binding*& current() {
    static thread_local Binding* binding = nullptr;
    return binding;
  }
};

/// Makes `binding` the current one for a scope.
class BindingScope {
 public:
  explicit BindingScope(Binding& binding) : before_(Binding::current()) {
    Binding::current() = &binding;
  }
  ~BindingScope() { Binding::current() = before_; }
  BindingScope(const BindingScope&) = delete;
  BindingScope& operator=(const BindingScope&) = delete;

 private:
  Binding* before_;
};

/// The index of the declaration called `name` in a list that ends with NULL; -1 where there is
/// none.
template <typename T>
int index_of(const T* const* list, std::string_view name) {
  for (int i = 0; list != nullptr && list[i] != nullptr; ++i)
    if (name == list[i]->name) return i;
  return -1;
}

}  // namespace mrun::detail
