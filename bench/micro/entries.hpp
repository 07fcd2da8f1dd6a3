// What the micro-benchmarks work on: pairs with generated keys, and the text that such keys make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "common/fatal.hpp"
#include "model/entry.hpp"
#include "shuffle/pair.hpp"

namespace mrun::bench {

enum class Keys {
  zipf,      ///< Words as frequent as in natural text, half a million different ones.
  distinct,  ///< Words of 12 to 14 letters, hardly one of them twice.
  random,    ///< 10 random bytes, as in the sort benchmark.
};

/// `count` keys; the same in each call.
std::vector<std::string> make_keys(Keys keys, std::size_t count);

/// Pairs as a map task emits them: each key with the number 1. Holds the bytes that its entries and
/// pairs refer to, so it must outlive them.
class Emitted {
 public:
  Emitted(Keys keys, std::size_t count);
  Emitted(const Emitted&) = delete;
  Emitted& operator=(const Emitted&) = delete;

  std::size_t size() const { return entries_.size(); }
  std::span<const Entry> entries() const { return entries_; }
  /// The same as pairs, in the order of `entries`.
  std::vector<Pair> pairs() const;
  /// Entries from `begin` on, as one flush of an emitter hands them over; empty at the end.
  EntryBatch batch_from(std::size_t begin) const;

 private:
  static constexpr std::size_t kBatchEntries = 1024;

  std::vector<std::uint64_t> heap_;  // Of 64-bit words, so that it is 8-aligned.
  std::vector<Entry> entries_;
};

/// The value of a result. No benchmark expects a failure: it ends the program.
template <typename T>
T must(Result<T> outcome) {
  if (!outcome) fatal(outcome.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(outcome);
}

}  // namespace mrun::bench
