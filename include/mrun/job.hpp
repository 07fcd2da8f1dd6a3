// MRUN_JOB: makes the C contract's descriptor of a struct, and exports it.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "binding.hpp"
#include "buffer.hpp"
#include "combine.hpp"
#include "fail.hpp"
#include "plugin.h"
#include "shape.hpp"
#include "signature.hpp"
#include "worker.hpp"

namespace mrun::detail {

/// A list of declarations and the NULL-ended list of pointers that the contract wants.
template <typename T>
struct Declared {
  std::vector<T> items;
  std::vector<const T*> pointers;

  const T* const* list(std::vector<T> declared) {
    items = std::move(declared);
    for (const T& item : items) pointers.push_back(&item);
    pointers.push_back(nullptr);
    return pointers.data();
  }
};

/// Writes `text` into the error buffer of `configure`, cut to its size.
inline void put_error(char* error, std::uint64_t capacity, std::string_view text) noexcept {
  if (error == nullptr || capacity == 0) return;
  const std::size_t size =
      text.size() < capacity ? text.size() : static_cast<std::size_t>(capacity) - 1;
  std::memcpy(error, text.data(), size);
  error[size] = '\0';
}

/// Everything the runner knows of job J. Lives until the process ends.
template <typename J>
class Descriptor {
  using S = Signature<J>;
  using KeyC = KeyCodec<typename S::Key>;

 public:
  explicit Descriptor(const char* type_name) {
    Binding probe;
    probe.probing = true;
    {
      const BindingScope scope(probe);
      probe_job();
    }
    job_.size = sizeof job_;
    job_.name = type_name;
    if constexpr (requires { J::name; }) job_.name = J::name;
    if constexpr (requires { J::help; }) job_.help = J::help;
    job_.params = params_.list(std::move(probe.params));
    job_.counters = counters_.list(std::move(probe.counters));
    job_.outputs = outputs_.list(std::move(probe.outputs));
    declare_inputs();
    declare_types();
    declare_combiner();
    declare_flags();
    declare_calls();
    plugin_.size = sizeof plugin_;
    plugin_.abi_minor = MRUN_ABI_MINOR;
    plugin_.name = job_.name;
    plugin_.version = "";
    if constexpr (requires { J::version; }) plugin_.version = J::version;
#if defined(__clang__)
    plugin_.built_with = __VERSION__;
#else
    plugin_.built_with = "GCC " __VERSION__;
#endif
    plugin_.jobs = jobs_;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  const mrun_plugin* plugin() const { return &plugin_; }

 private:
  /// Constructs one J for the declarations its members make. Where that throws, those made before
  /// stand, and `configure` will report the throw.
  static void probe_job() noexcept {
    try {
      static_cast<void>(J{});
    } catch (...) {
      return;
    }
  }

  void declare_inputs() {
    mrun_input input{};
    input.size = sizeof input;
    input.flags = MRUN_IN_RECORDS | MRUN_IN_CHUNK;
    if constexpr (requires { J::line_numbers; })
      if (J::line_numbers) input.flags |= MRUN_IN_LINE_NUMBERS;
    if constexpr (requires { J::header; })
      if (J::header) input.flags |= MRUN_IN_HEADER;
    input.format = "lines";
    if constexpr (requires { J::records; }) input.format = J::records;
    std::vector<mrun_input> inputs;
    if constexpr (requires { J::inputs; }) {
      static_assert(
          !requires { J::records; }, "where a job has `inputs`, each has its records");
      for (const Input& one : J::inputs) {
        input.tag = one.tag;
        input.format = one.records;
        input.help = one.help;
        inputs.push_back(input);
      }
    } else {
      inputs.push_back(input);
    }
    job_.inputs = inputs_.list(std::move(inputs));
  }

  void declare_types() {
    if constexpr (!S::kMapOnly) {
      job_.key_types = KeyC::kTypes.data();
      job_.n_key_types = static_cast<std::uint32_t>(KeyC::kTypes.size());
      job_.value_type = ValueCodec<typename S::Value>::kType;
      static_assert(HasReduce<J> || !ValueCodec<typename S::Value>::kIsStruct,
                    "a struct cannot be printed: give the job a reduce");
    }
    job_.out_kind = job_.value_type == MRUN_T_NONE ? MRUN_OUT_KEY : MRUN_OUT_PAIR;
    if constexpr (requires { J::output; })
      job_.out_kind = static_cast<std::uint32_t>(Output{J::output});
    if constexpr (requires { J::record_end; })
      job_.out_end = static_cast<std::uint32_t>(RecordEnd{J::record_end});
  }

  void declare_combiner() {
    if constexpr (HasCombine<J>) {
      static_assert(!S::kMapOnly, "a job that combines emits pairs");
      combine_ = combine_plan<J>();
      job_.combine = combine_.kind;
      job_.state_size = combine_.state_size;
      if (!combine_.lanes.empty()) job_.lane_ops = combine_.lanes.data();
      if (combine_.exact) job_.flags |= MRUN_FOLD_EXACT;
      if constexpr (FoldsWideStates<J>)
        job_.fold = &fold;
      else if constexpr (Combining<typename J::Combine, typename S::Value>::kFolds)
        job_.fold = &fold;
      if (combine_.stored == Stored::exact_sum) job_.value_type = MRUN_T_BYTES;
      if (combine_.stored == Stored::count) {
        job_.value_type = MRUN_T_U64;
        if constexpr (!requires { J::output; }) job_.out_kind = MRUN_OUT_PAIR;
      }
    }
  }

  void declare_flags() {
    job_.flags |= MRUN_GROUP_STRIDED;
    if constexpr (S::kMapOnly) job_.flags |= MRUN_MAP_ONLY;
    if constexpr (kUsesRows<J>) job_.flags |= MRUN_NEEDS_ROWS;
    if constexpr (requires { J::map_only; })
      if (J::map_only) job_.flags |= MRUN_MAP_ONLY;
    if constexpr (requires { J::total_order; })
      if (J::total_order) job_.flags |= MRUN_TOTAL_ORDER;
    bool independent = !HasReduce<J> || std::is_empty_v<J>;
    if constexpr (requires { J::independent_groups; }) independent = J::independent_groups;
    if (independent) job_.flags |= MRUN_INDEPENDENT_GROUPS;
    if constexpr (requires { J::partitions; }) {
      static_assert(J::partitions >= 1, "a job has at least one partition");
      job_.partitions = static_cast<std::uint32_t>(J::partitions);
    }
  }

  void declare_calls() {
    job_.configure = &configure;
    if constexpr (HasShape<J>) job_.shape = &shape;
    job_.open = &open;
    job_.map = &Worker<J>::map;
    if constexpr (HasFinish<J>) job_.task_end = &Worker<J>::task_end;
    if (HasReduce<J> || combine_.stored == Stored::exact_sum) job_.reduce = &Worker<J>::reduce;
    if constexpr (requires { J::group_fields; }) {
      static_assert(
          J::group_fields >= 1 && static_cast<std::size_t>(J::group_fields) <= KeyC::kFields,
          "group_fields is at most the number of the key's fields");
      job_.group_lens = &group_lens;
    }
    if constexpr (HasPartition<J>) job_.partition = &partition;
    job_.close = &Worker<J>::close;
    job_.destroy = [](void* job) { delete static_cast<JobObject<J>*>(job); };
  }

  static mrun_status configure(const mrun_host* host, const mrun_config* config, void** job,
                               char* error, std::uint64_t error_capacity) noexcept;
  static void shape_copy(JobObject<J>& object, mrun_job& copy) {
    copy.inputs = object.copy_inputs(copy);
    Shape<J> shape(copy, object.inputs);
    std::as_const(*object.prototype).shape(shape);
  }
  static mrun_status shape(void* job, mrun_job* copy) noexcept {
    try {
      shape_copy(*static_cast<JobObject<J>*>(job), *copy);
      return MRUN_OK;
    } catch (...) {
      return translate_exception([](mrun_status, std::string_view) {});
    }
  }
  static mrun_status open(void* job, mrun_worker_ctx* ctx, void** worker) noexcept {
    Session session{ctx, nullptr, MRUN_OK, nullptr};
    return fenced(session,
                  [&] { *worker = new Worker<J>(*static_cast<const JobObject<J>*>(job), *ctx); });
  }

  // What these throw passes through to the runner, which has no status to get from them.
  static void fold(void* job, std::uint32_t n, void* const* states, const void* const* values) {
    if constexpr (FoldsWideStates<J>) {
      const J& prototype = *static_cast<const JobObject<J>*>(job)->prototype;
      for (std::uint32_t i = 0; i < n; ++i)
        J::Combine::fold(prototype, static_cast<std::uint64_t*>(states[i]),
                         static_cast<const std::uint64_t*>(values[i]));
    } else {
      for (std::uint32_t i = 0; i < n; ++i)
        Combining<typename J::Combine, typename S::Value>::fold(states[i], values[i]);
    }
  }
  static void group_lens(void*, std::uint32_t n, const mrun_slice* keys, std::uint32_t* lens) {
    for (std::uint32_t i = 0; i < n; ++i)
      lens[i] = KeyC::prefix_size(keys[i], static_cast<std::size_t>(J::group_fields));
  }
  static void partition(void*, std::uint32_t n, const mrun_slice* keys, std::uint32_t partitions,
                        std::uint32_t* out) {
    Buffer scratch;
    for (std::uint32_t i = 0; i < n; ++i)
      out[i] = J::partition(KeyC::get(keys[i], scratch), partitions);
  }

  Declared<mrun_param> params_;
  Declared<mrun_counter> counters_;
  Declared<mrun_output> outputs_;
  Declared<mrun_input> inputs_;
  CombinePlan combine_;
  mrun_job job_{};
  const mrun_job* jobs_[2] = {&job_, nullptr};
  mrun_plugin plugin_{};
};

/// The one descriptor of job J. Hidden, so that two libraries with a job of the same name, built
/// without -fvisibility=hidden, do not share it. Null where memory ran out.
template <typename J>
__attribute__((visibility("hidden"))) const mrun_plugin* plugin(const char* type_name) noexcept {
  try {
    // Never destroyed: the runner may look at it until the process is gone.
    static const auto* const descriptor = new Descriptor<J>(type_name);
    return descriptor->plugin();
  } catch (...) {
    return nullptr;
  }
}

template <typename J>
mrun_status Descriptor<J>::configure(const mrun_host* host, const mrun_config* config, void** job,
                                     char* error, std::uint64_t error_capacity) noexcept {
  try {
    auto object = std::make_unique<JobObject<J>>(*detail::plugin<J>("")->jobs[0], *host, *config);
    if constexpr (HasShape<J>) {
      // What it says no to has a message here; the contract's `shape` returns a status alone.
      mrun_job copy = *object->descriptor;
      shape_copy(*object, copy);
    }
    *job = object.release();
    return MRUN_OK;
  } catch (const BadParam& bad) {
    put_error(error, error_capacity, bad.what());
    return MRUN_BAD_CONFIG;
  } catch (...) {
    const mrun_status status = translate_exception(
        [&](mrun_status, std::string_view text) { put_error(error, error_capacity, text); });
    return status == MRUN_FAIL ? MRUN_BAD_CONFIG : status;
  }
}

}  // namespace mrun::detail

/// Makes a library of one job. Once, at file scope, with a struct that has
///
// clang-format off
///   void map(std::string_view | mrun::Record | mrun::Chunk, [const Shared&,] mrun::Emit<K, V>& | mrun::Out&)
///
/// and may have, all found by their names:
///
///   void reduce(K key, mrun::Values<V>& values, [const Shared&, mrun::Rows&,] mrun::Out& out)   groups in key order
///   void setup([const Shared&])                  at the start of each attempt; must be cheap
///   void finish(mrun::Emit<K, V>& | mrun::Out&)  after the last record of a split
///   struct Shared { explicit Shared(const Job&); }   built once a process, read-only, used by all threads
///   using Combine = mrun::Sum;                   or Min, Max, Count, Unique, Lanes<...>, or the job's own
///   static std::uint32_t partition(const K&, std::uint32_t partitions)
///   void shape(mrun::Shape<Job>&) const          what the parameters change of all this
///   members of type mrun::Param, mrun::Repeated, mrun::Counter, mrun::SideOutput
///   static constexpr ... name, help, version, records ("lines", "nul", "fixed:100", "whole", "csv"), inputs,
///     line_numbers, header, map_only, total_order, group_fields, partitions, independent_groups, output,
///     record_end
// clang-format on
///
/// One object is made for each attempt of each task (a split, or a partition's groups), so its
/// members are private to that attempt. Exceptions may be thrown; they end the job with exit
/// status 7.
///
/// Where MRUN_NO_ENTRY is defined, as in a test that includes several jobs, nothing is exported.
#if defined(MRUN_NO_ENTRY)
#define MRUN_JOB(Job) static_assert(sizeof(Job) > 0);
#else
#define MRUN_JOB(Job)                                                          \
  extern "C" MRUN_EXPORT const mrun_plugin* mrun_plugin_v1(const mrun_host*) { \
    return ::mrun::detail::plugin<Job>(#Job);                                  \
  }
#endif
