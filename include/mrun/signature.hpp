// Reads a job's types off the signatures of its functions: what map takes, what it emits, what it
// writes.
#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>

#include "emit.hpp"
#include "out.hpp"
#include "rows.hpp"
#include "types.hpp"
#include "values.hpp"

namespace mrun::detail {

/// The argument types of a member function.
template <typename F>
struct Arguments;
template <typename C, typename R, typename... A>
struct Arguments<R (C::*)(A...)> {
  using List = std::tuple<A...>;
};
template <typename C, typename R, typename... A>
struct Arguments<R (C::*)(A...) const> : Arguments<R (C::*)(A...)> {};
template <typename C, typename R, typename... A>
struct Arguments<R (C::*)(A...) noexcept> : Arguments<R (C::*)(A...)> {};
template <typename C, typename R, typename... A>
struct Arguments<R (C::*)(A...) const noexcept> : Arguments<R (C::*)(A...)> {};
template <typename R, typename... A>
struct Arguments<R (*)(A...)> {
  using List = std::tuple<A...>;
};

template <typename T>
struct EmitTypes {
  static constexpr bool kIs = false;
};
template <typename K, typename V>
struct EmitTypes<Emit<K, V>> {
  static constexpr bool kIs = true;
};
template <typename T>
inline constexpr bool kIsEmit = EmitTypes<std::remove_cvref_t<T>>::kIs;

/// Stands for "this job emits nothing".
struct NoEmit {
  using Key = None;
  using Value = None;
  NoEmit(Session&, Stored) {}
};

/// The Emit<K, V> among a list of arguments, or NoEmit.
template <typename List>
struct EmitAmong {
  using Type = NoEmit;
};
template <typename First, typename... Rest>
struct EmitAmong<std::tuple<First, Rest...>> {
  using Type =
      typename std::conditional_t<kIsEmit<First>,
                                  std::type_identity<std::tuple<std::remove_cvref_t<First>>>,
                                  std::type_identity<EmitAmong<std::tuple<Rest...>>>>::type;
};
template <typename T>
struct Unwrap {
  using Type = typename Unwrap<typename T::Type>::Type;
};
template <typename T>
struct Unwrap<std::tuple<T>> {
  using Type = T;
};
template <>
struct Unwrap<NoEmit> {
  using Type = NoEmit;
};
template <typename List>
using EmitOf = typename Unwrap<typename EmitAmong<List>::Type>::Type;

template <typename J>
concept HasReduce = requires {
  &J::reduce;
};
template <typename J>
concept HasFinish = requires {
  &J::finish;
};
template <typename J>
concept HasSetup = requires {
  &J::setup;
};
template <typename J>
concept HasShared = requires {
  typename J::Shared;
};
template <typename J>
concept HasCombine = requires {
  typename J::Combine;
};
template <typename J>
concept HasPartition = requires {
  &J::partition;
};
template <typename J>
concept HasShape = requires {
  &J::shape;
};

template <typename T, typename List>
inline constexpr bool kIsAmong = false;
template <typename T, typename... A>
inline constexpr bool kIsAmong<T, std::tuple<A...>> = (std::same_as<T, std::remove_cvref_t<A>> ||
                                                       ...);
template <typename J>
inline constexpr bool kUsesRows = false;
template <HasReduce J>
inline constexpr bool kUsesRows<J> = kIsAmong<Rows, typename Arguments<decltype(&J::reduce)>::List>;

template <typename J>
struct FinishArguments {
  using List = std::tuple<>;
};
template <HasFinish J>
struct FinishArguments<J> {
  using List = typename Arguments<decltype(&J::finish)>::List;
};

/// What the signatures of job J say.
template <typename J>
struct Signature {
  using Map = typename Arguments<decltype(&J::map)>::List;
  static_assert(std::tuple_size_v<Map> >= 1, "map takes a record");
  using Input = std::remove_cvref_t<std::tuple_element_t<0, Map>>;
  static constexpr bool kChunks = std::same_as<Input, Chunk>;
  static constexpr bool kRecords = std::same_as<Input, Record>;
  static_assert(kChunks || kRecords || std::same_as<Input, std::string_view>,
                "map's first argument is std::string_view, mrun::Record or mrun::Chunk");

  using MapEmit = EmitOf<Map>;
  using FinishEmit = EmitOf<typename FinishArguments<J>::List>;
  static_assert(std::same_as<MapEmit, NoEmit> || std::same_as<FinishEmit, NoEmit> ||
                    std::same_as<MapEmit, FinishEmit>,
                "map and finish emit the same types");
  using EmitType = std::conditional_t<std::same_as<MapEmit, NoEmit>, FinishEmit, MapEmit>;
  using Key = typename EmitType::Key;
  using Value = typename EmitType::Value;
  static constexpr bool kMapOnly = std::same_as<EmitType, NoEmit>;
  static_assert(!kMapOnly || !HasReduce<J>,
                "a job with reduce emits pairs: map takes mrun::Emit<K, V>&");
};

}  // namespace mrun::detail
