// Shape: what a job's parameters change of the shape that its struct declares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "combine.hpp"
#include "plugin.h"
#include "signature.hpp"

namespace mrun {

/// What a job without reduce writes of each pair: `static constexpr auto output =
/// mrun::Output::value;`
enum class Output : std::uint32_t {
  pair = MRUN_OUT_PAIR,
  key = MRUN_OUT_KEY,
  value = MRUN_OUT_VALUE
};
/// What ends each output record: `static constexpr auto record_end = mrun::RecordEnd::nothing;`
enum class RecordEnd : std::uint32_t {
  newline = MRUN_END_NEWLINE,
  nothing = MRUN_END_NOTHING,
  nul = MRUN_END_NUL
};

/// Handed to `void shape(mrun::Shape<Job>& shape) const`, which is called once a process, when the
/// parameters are known and no record has been read. What is not set stays as declared.
template <typename J>
class Shape {
 public:
  /// `inputs`: the job object's own copies of what it declares.
  Shape(mrun_job& job, std::span<mrun_input> inputs) : job_(&job), inputs_(inputs) {}
  Shape(const Shape&) = delete;
  Shape& operator=(const Shape&) = delete;

  void output(Output kind) { job_->out_kind = static_cast<std::uint32_t>(kind); }
  void record_end(RecordEnd end) { job_->out_end = static_cast<std::uint32_t>(end); }
  /// Whether map writes records itself and what it emits goes nowhere.
  void map_only(bool on) { set(job_->flags, MRUN_MAP_ONLY, on); }
  /// Whether the job's own reduce is called; without it mrun writes the pairs itself.
  void reduce(bool on) {
    if (!on) job_->reduce = nullptr;
  }
  void total_order(bool on) { set(job_->flags, MRUN_TOTAL_ORDER, on); }
  /// At least 1; 0 leaves it to the input's size.
  void partitions(std::uint32_t n) { job_->partitions = n; }
  /// Whether records come with the numbers of their lines, from 1.
  void line_numbers(bool on) {
    for (mrun_input& input : inputs_) set(input.flags, MRUN_IN_LINE_NUMBERS, on);
  }

  /// The format of all inputs' records, such as "csv". The user's --records goes before it. The
  /// text must live as long as the program.
  void records(const char* format) {
    for (mrun_input& input : inputs_) input.format = format;
  }
  /// Whether the first record of each file is its header, see Record::header.
  void header(bool on) {
    for (mrun_input& input : inputs_) set(input.flags, MRUN_IN_HEADER, on);
  }

  /// Another combiner than the declared one. One that calls a fold of the job cannot come by
  /// parameter, nor one that stores values in another form (Count, a Sum over doubles).
  template <typename C>
  void combine() {
    using Combiner = detail::Combining<C, typename detail::Signature<J>::Value>;
    static_assert(!Combiner::kFolds, "this combiner must be the declared one");
    static const detail::CombinePlan plan = Combiner::plan();
    keeps_stored_form<C>();
    job_->combine = plan.kind;
    job_->state_size = plan.state_size;
    job_->lane_ops = plan.lanes.empty() ? nullptr : plan.lanes.data();
    set(job_->flags, MRUN_FOLD_EXACT, plan.exact);
  }
  /// Values stay as they are emitted.
  void combine_nothing() {
    keeps_stored_form<None>();
    job_->combine = MRUN_C_NONE;
  }
  /// For a combiner over states whose size the parameters decide (combine.hpp): 8 to 256 bytes, a
  /// multiple of 8. What is wider is refused as a wrong parameter (exit status 2).
  void state_size(std::size_t bytes) {
    job_->state_size = bytes < UINT32_MAX ? static_cast<std::uint32_t>(bytes) : UINT32_MAX;
  }

 private:
  template <typename C>
  static void keeps_stored_form() {
    if constexpr (requires { typename J::Combine; }) {
      constexpr bool is_count = std::same_as<typename J::Combine, Count> || std::same_as<C, Count>;
      constexpr bool is_real_sum = std::floating_point<typename detail::Signature<J>::Value> &&
                                   (std::same_as<typename J::Combine, Sum> || std::same_as<C, Sum>);
      static_assert(!is_count && !is_real_sum,
                    "Count and a Sum over doubles store no values: no parameter may change to or "
                    "from them");
    }
  }
  static void set(std::uint32_t& flags, std::uint32_t flag, bool on) {
    flags = on ? flags | flag : flags & ~flag;
  }

  mrun_job* job_;
  std::span<mrun_input> inputs_;
};

}  // namespace mrun
