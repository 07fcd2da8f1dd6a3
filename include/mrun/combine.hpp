// Combiners: what `using Combine = …` of a job may name, and what the contract makes of it.
//
// Values of a key are combined in the runner, in any grouping, before reduce sees them: reduce gets
// one value a key (except for Unique). A combiner that is none of these is a compile error.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "codec.hpp"
#include "emit.hpp"
#include "exact_sum.hpp"
#include "plugin.h"

namespace mrun {

/// Adds. Integers add modulo 2^64; doubles add exactly and are rounded once at the end, so that the
/// result does not depend on any order (exact_sum.hpp). An array adds element by element.
struct Sum {};
/// Keeps the smallest value; of an array, element by element. Doubles go by IEEE 754's total order,
/// in which -0.0 is below +0.0 and NaN (without a sign) is the largest.
struct Min {};
/// Keeps the largest value; of an array, element by element. Doubles as for Min.
struct Max {};
/// Counts the pairs of a key. For Emit<K, mrun::None>; reduce gets Values<std::uint64_t>.
struct Count {};
/// Drops a value that equals the one before it under the same key. reduce may still see equal
/// values that were not neighbours.
struct Unique {};
/// One of Sum, Min and Max for each element of a std::array of integers or doubles. A sum of
/// doubles in here rounds at each step, and so promises equal bytes at equal --memory and split
/// size only.
template <typename... Ops>
struct Lanes {};

}  // namespace mrun

namespace mrun::detail {

/// What a job's declaration says about combining.
struct CombinePlan {
  std::uint32_t kind = MRUN_C_NONE;
  std::uint32_t state_size = 0;
  bool exact = false;
  Stored stored = Stored::as_value;
  std::vector<std::uint8_t> lanes;
};

template <typename V>
struct LanesOf {
  using Lane = V;
  static constexpr std::size_t kCount = 1;
};
template <typename T, std::size_t N>
struct LanesOf<std::array<T, N>> {
  using Lane = T;
  static constexpr std::size_t kCount = N;
};

template <typename T>
inline constexpr bool kIsLane = kIsInteger<T> || std::floating_point<T>;

/// MRUN_LANE_* of an operation over numbers of type T.
template <typename Op, typename T>
constexpr std::uint8_t lane_op() {
  static_assert(std::same_as<Op, Sum> || std::same_as<Op, Min> || std::same_as<Op, Max>,
                "a lane's operation is mrun::Sum, mrun::Min or mrun::Max");
  if constexpr (std::same_as<Op, Sum>)
    return std::floating_point<T> ? MRUN_LANE_SUM_F64 : MRUN_LANE_SUM_U64;
  constexpr bool min = std::same_as<Op, Min>;
  if constexpr (std::floating_point<T>)
    return min ? MRUN_LANE_MIN_F64 : MRUN_LANE_MAX_F64;
  else if constexpr (std::signed_integral<T>)
    return min ? MRUN_LANE_MIN_I64 : MRUN_LANE_MAX_I64;
  else
    return min ? MRUN_LANE_MIN_U64 : MRUN_LANE_MAX_U64;
}

template <typename V>
CombinePlan lanes_plan(std::vector<std::uint8_t> ops) {
  using L = LanesOf<V>;
  static_assert(kIsLane<typename L::Lane>,
                "this combiner is for integers, doubles, and arrays of them");
  static_assert(L::kCount == 1 || sizeof(typename L::Lane) == 8,
                "an array to combine has elements of 64 bits");
  static_assert(L::kCount >= 1 && L::kCount <= 32,
                "at most 32 elements (256 bytes) can be combined");
  CombinePlan plan{MRUN_C_LANES, static_cast<std::uint32_t>(L::kCount * 8), true, Stored::as_value,
                   std::move(ops)};
  for (const std::uint8_t op : plan.lanes) plan.exact = plan.exact && op != MRUN_LANE_SUM_F64;
  return plan;
}

template <typename C, typename V>
concept HasFold = requires(V& state, const V& value) {
  C::fold(state, value);
};

/// The plan of combiner C over values of type V. The job's own combiner has
/// `static void fold(V& state, const V& value)`, and `static constexpr bool exact = true` if any
/// order and grouping gives the same bits.
template <typename C, typename V>
struct Combining {
  static_assert(HasFold<C, V>,
                "Combine must be mrun::Sum, Min, Max, Count, Unique, Lanes<...>, or have static "
                "void fold(V&, const V&)");
  static constexpr bool kFolds = true;
  static void fold(void* state, const void* value) {
    C::fold(*static_cast<V*>(state), *static_cast<const V*>(value));
  }
  static CombinePlan plan() {
    static_assert(ValueCodec<V>::kIsStruct || ValueCodec<V>::kSize == 8,
                  "a folded value is a struct or a number");
    static_assert(sizeof(V) >= 8 && sizeof(V) <= 256 && sizeof(V) % 8 == 0 && alignof(V) <= 8,
                  "a folded value has 8 to 256 bytes, a multiple of 8");
    bool exact = false;
    if constexpr (requires { C::exact; }) exact = C::exact;
    return {MRUN_C_FOLD, sizeof(V), exact, Stored::as_value, {}};
  }
};

/// A combiner over states whose size the job's parameters decide (Shape::state_size). It has
/// `static void fold(const Job&, std::uint64_t* state, const std::uint64_t* value)`; the values
/// emitted are the bytes of such states, as std::string_view.
template <typename J>
concept FoldsWideStates = requires(const J& job, std::uint64_t* state, const std::uint64_t* value) {
  J::Combine::fold(job, state, value);
};

struct WithoutFold {
  static constexpr bool kFolds = false;
};

template <typename Op, typename V>
struct LaneCombining : WithoutFold {
  static CombinePlan plan() {
    return lanes_plan<V>(
        std::vector<std::uint8_t>(LanesOf<V>::kCount, lane_op<Op, typename LanesOf<V>::Lane>()));
  }
};
template <typename V>
struct Combining<Sum, V> : LaneCombining<Sum, V> {};
template <typename V>
struct Combining<Min, V> : LaneCombining<Min, V> {};
template <typename V>
struct Combining<Max, V> : LaneCombining<Max, V> {};

template <std::floating_point V>
struct Combining<Sum, V> {
  static constexpr bool kFolds = true;
  static void fold(void* state, const void* value) {
    static_cast<ExactSum*>(state)->add(*static_cast<const ExactSum*>(value));
  }
  static CombinePlan plan() { return {MRUN_C_FOLD, sizeof(ExactSum), true, Stored::exact_sum, {}}; }
};

template <typename... Ops, typename V>
struct Combining<Lanes<Ops...>, V> : WithoutFold {
  static_assert(sizeof...(Ops) == LanesOf<V>::kCount,
                "Lanes<...> names one operation for each element of the value");
  static CombinePlan plan() {
    return lanes_plan<V>({lane_op<Ops, typename LanesOf<V>::Lane>()...});
  }
};

template <typename V>
struct Combining<Count, V> : WithoutFold {
  static_assert(std::same_as<V, None>, "mrun::Count is for Emit<K, mrun::None>");
  static CombinePlan plan() { return {MRUN_C_LANES, 8, true, Stored::count, {MRUN_LANE_SUM_U64}}; }
};

template <typename V>
struct Combining<Unique, V> : WithoutFold {
  static CombinePlan plan() { return {MRUN_C_UNIQUE, 0, false, Stored::as_value, {}}; }
};

}  // namespace mrun::detail
