// JobObject and Worker: what the C contract's two handles are for a job written with the SDK.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "binding.hpp"
#include "buffer.hpp"
#include "combine.hpp"
#include "fail.hpp"
#include "lines.hpp"
#include "params.hpp"
#include "rows.hpp"
#include "signature.hpp"

namespace mrun::detail {

template <typename J>
struct SharedOf {
  struct Type {
    explicit Type(const J&) {}
  };
};
template <HasShared J>
struct SharedOf<J> {
  using Type = typename J::Shared;
};

/// One configured job: its parameters, and what `Shared` made of them. Read-only once configured.
template <typename J>
struct JobObject {
  const mrun_job* descriptor = nullptr;
  const mrun_host* host = nullptr;
  std::vector<ParamTexts> texts;
  std::unique_ptr<J> prototype;  ///< What `Shared` was made from.
  std::optional<typename SharedOf<J>::Type> shared;
  std::vector<mrun_input> inputs;  ///< As the parameters shaped them.
  std::vector<const mrun_input*> input_list;

  JobObject(const mrun_job& job, const mrun_host& the_host, const mrun_config& config)
      : descriptor(&job), host(&the_host) {
    for (std::uint32_t i = 0;
         i < config.n_params && job.params != nullptr && job.params[i] != nullptr; ++i) {
      ParamTexts& param = texts.emplace_back(ParamTexts{job.params[i]->name, {}});
      for (std::uint32_t j = 0; j < config.n_values[i]; ++j)
        param.texts.emplace_back(reinterpret_cast<const char*>(config.params[i][j].data),
                                 config.params[i][j].size);
    }
    Binding binding;
    bind(binding);
    const BindingScope scope(binding);
    prototype = std::make_unique<J>();
    shared.emplace(*prototype);
  }

  /// For `shape` to change: `inputs` are what `job` declares. The list lives with this object.
  const mrun_input* const* copy_inputs(const mrun_job& job) {
    inputs.clear();
    input_list.clear();
    for (const mrun_input* const* at = job.inputs; *at != nullptr; ++at) inputs.push_back(**at);
    for (const mrun_input& input : inputs) input_list.push_back(&input);
    input_list.push_back(nullptr);
    return input_list.data();
  }
  void bind(Binding& binding) const {
    binding.texts = &texts;
    binding.job = descriptor;
  }
};

/// Whether reduce sees counts in place of the values emitted.
template <typename J>
constexpr bool counts() {
  if constexpr (HasCombine<J>)
    return std::same_as<typename J::Combine, Count>;
  else
    return false;
}
template <typename J>
CombinePlan combine_plan() {
  if constexpr (FoldsWideStates<J>) {
    static_assert(std::same_as<typename Signature<J>::Value, std::string_view>,
                  "states of a size that parameters decide are emitted as std::string_view");
    bool exact = false;
    if constexpr (requires { J::Combine::exact; }) exact = J::Combine::exact;
    return {MRUN_C_FOLD, 8, exact, Stored::as_value, {}};
  } else if constexpr (HasCombine<J>)
    return Combining<typename J::Combine, typename Signature<J>::Value>::plan();
  else
    return {};
}

/// The job's struct at work in one attempt of one task.
template <typename J>
class Worker {
  using S = Signature<J>;

 public:
  Worker(const JobObject<J>& job, mrun_worker_ctx& ctx)
      : job_(&job),
        session_{&ctx, job.host, MRUN_OK, nullptr},
        emit_(session_, combine_plan<J>().stored),
        out_(session_),
        rows_(session_) {
    Binding binding;
    job.bind(binding);
    binding.counter_slots = ctx.counters;
    const BindingScope scope(binding);
    user_.emplace();
    if constexpr (HasSetup<J>) call<typename Arguments<decltype(&J::setup)>::List>(&J::setup);
  }

  static mrun_status map(void* self, const mrun_batch* batch) noexcept {
    auto& worker = *static_cast<Worker*>(self);
    return fenced(worker.session_, [&] { worker.map_batch(*batch); });
  }
  static mrun_status task_end(void* self) noexcept {
    auto& worker = *static_cast<Worker*>(self);
    return fenced(worker.session_, [&] {
      if constexpr (HasFinish<J>)
        worker.template call<typename FinishArguments<J>::List>(&J::finish);
    });
  }
  static mrun_status reduce(void* self, mrun_group* group) noexcept {
    auto& worker = *static_cast<Worker*>(self);
    return fenced(worker.session_, [&] { worker.reduce_group(*group); });
  }
  static void close(void* self) noexcept { delete static_cast<Worker*>(self); }

 private:
  void map_batch(const mrun_batch& batch) {
    if (batch.records != nullptr) {
      for (std::uint32_t i = 0; i < batch.n; ++i) {
        const std::uint64_t line = batch.first_line != 0 ? batch.first_line + i : 0;
        map_one(view(batch.records[i]), batch,
                batch.offsets != nullptr ? batch.offsets[i] : batch.offset, line);
      }
    } else if constexpr (S::kChunks) {
      map_one(view(batch.chunk), batch, batch.offset, batch.first_line);
    } else {
      map_lines(batch);
    }
  }

  void map_lines(const mrun_batch& batch) {
    const std::string_view chunk = view(batch.chunk);
    std::uint64_t line = batch.first_line;
    for (const std::string_view text : lines(chunk)) {
      map_one(text, batch, batch.offset + static_cast<std::uint64_t>(text.data() - chunk.data()),
              line);
      if (line != 0) ++line;
    }
  }

  void map_one(std::string_view text, const mrun_batch& batch, std::uint64_t offset,
               std::uint64_t line) {
    session_.check_stop();
    session_.set_at(reinterpret_cast<const std::uint8_t*>(text.data()));
    using Rest = decltype(drop_first(std::declval<typename S::Map>()));
    if constexpr (S::kChunks)
      call<Rest>(&J::map, Chunk{text, offset, line, File{batch.file}, batch.input,
                                view(batch.header), batch.records != nullptr, session_.ctx->at});
    else if constexpr (S::kRecords)
      call<Rest>(&J::map,
                 Record{text, offset, line, File{batch.file}, batch.input, view(batch.header)});
    else
      call<Rest>(&J::map, text);
  }

  void reduce_group(mrun_group& group) {
    if constexpr (HasReduce<J>) {
      using List = typename Arguments<decltype(&J::reduce)>::List;
      static_assert(std::tuple_size_v<List> >= 3,
                    "reduce takes a key, mrun::Values<V>& and mrun::Out&");
      using K = std::remove_cvref_t<std::tuple_element_t<0, List>>;
      static_assert(has_types<K>(KeyCodec<typename S::Key>::kTypes),
                    "reduce takes the key that map emits, all its fields also with group_fields");
      using ValuesArgument = std::remove_cvref_t<std::tuple_element_t<1, List>>;
      static_assert(std::is_lvalue_reference_v<std::tuple_element_t<1, List>>,
                    "reduce takes mrun::Values<V>&, by reference");
      ValuesArgument values(session_, group);
      check_values(values);
      if constexpr (kUsesRows<J>) rows_.clear();
      using Rest = decltype(drop_first(drop_first(std::declval<List>())));
      call<Rest>(&J::reduce, KeyCodec<K>::get(group.key, scratch_), values);
    } else {
      // Only where the combiner's state is not the value: an exact sum.
      Values<typename S::Value> values(session_, group);
      const auto key = KeyCodec<typename S::Key>::get(group.key, scratch_);
      for (const auto value : values) out_(key, value);
    }
  }

  /// Keys of different sizes have different numbers of types.
  template <typename K, std::size_t n>
  static consteval bool has_types(const std::array<std::uint8_t, n>& types) {
    if constexpr (KeyCodec<K>::kTypes.size() == n)
      return KeyCodec<K>::kTypes == types;
    else
      return false;
  }

  template <typename V>
  static void check_values(const Values<V>&) {
    using Kept = std::conditional_t<counts<J>(), std::uint64_t, typename S::Value>;
    static_assert(ValueCodec<V>::kType == ValueCodec<Kept>::kType,
                  "reduce takes the values that map emits");
    static_assert(!ValueCodec<V>::kIsStruct || std::same_as<V, Kept>,
                  "reduce takes the values that map emits");
  }

  template <typename First, typename... Rest>
  static std::tuple<Rest...> drop_first(const std::tuple<First, Rest...>&);

  /// Calls a function of the job with `first...` and then what its other arguments, `List`, ask
  /// for.
  template <typename List, typename F, typename... First>
  void call(F function, First&&... first) {
    [&]<typename... A>(std::type_identity<std::tuple<A...>>) {
      if constexpr (std::is_member_function_pointer_v<F>)
        ((*user_).*function)(std::forward<First>(first)..., provide<A>()...);
      else
        function(std::forward<First>(first)..., provide<A>()...);
    }(std::type_identity<List>{});
  }

  template <typename A>
  auto& provide() {
    using T = std::remove_cvref_t<A>;
    if constexpr (std::same_as<T, Out>)
      return out_;
    else if constexpr (std::same_as<T, Rows>)
      return rows_;
    else if constexpr (kIsEmit<T>)
      return emit_;
    else {
      static_assert(
          std::same_as<T, typename SharedOf<J>::Type>,
          "a job's functions take mrun::Emit<K, V>&, mrun::Out&, const Shared&, and reduce "
          "mrun::Rows&");
      static_assert(!std::is_lvalue_reference_v<A> || std::is_const_v<std::remove_reference_t<A>>,
                    "all threads share it: take const Shared&");
      return *job_->shared;
    }
  }

  static std::string_view view(mrun_slice slice) {
    return {reinterpret_cast<const char*>(slice.data), static_cast<std::size_t>(slice.size)};
  }

  const JobObject<J>* job_;
  Session session_;
  typename S::EmitType emit_;
  Out out_;
  Rows rows_;
  Buffer scratch_;
  std::optional<J> user_;
};

}  // namespace mrun::detail
