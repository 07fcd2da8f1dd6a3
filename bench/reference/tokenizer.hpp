// for_each_word: the words of a stretch of text, found 64 bytes at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "reference/byte_block.hpp"
#include "reference/mapped_input.hpp"

namespace mrun::bench {

inline bool is_space(std::uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// Calls visit(first byte, size) for every word that begins in [from, to) of the input, in order;
/// the last one may end behind `to`.
///
/// A bit mask says which bytes are spaces; it differs from itself shifted by one exactly where
/// words begin and end (as in simdjson: Langdale, Lemire, "Parsing gigabytes of JSON per second",
/// 2019).
template <typename Visit>
void for_each_word(const MappedInput& input, std::size_t from, std::size_t to, Visit visit) {
  const std::uint8_t* const data = input.data();
  if (from != 0 && !is_space(data[from - 1]))
    while (from < to && !is_space(data[from])) ++from;

  constexpr std::size_t kNone = ~std::size_t{0};
  std::size_t open_word = kNone;  // Where the word began that the block before left unfinished.
  std::uint64_t space_before = 1;
  for (std::size_t at = from; at < to; at += ByteBlock::kBytes) {
    const std::uint64_t valid = low_bits(to - at);
    const std::uint64_t letters = ~ByteBlock(data + at).spaces() & valid;
    std::uint64_t edges = (letters ^ (letters << 1 | (space_before ^ 1))) & valid;
    space_before = letters >> 63 ^ 1;
    const auto next_edge = [&] {
      const std::size_t edge = at + static_cast<std::size_t>(std::countr_zero(edges));
      edges &= edges - 1;
      return edge;
    };

    if (open_word != kNone) {
      if (edges == 0) continue;
      visit(data + open_word, next_edge() - open_word);
      open_word = kNone;
    }
    while (edges != 0) {
      const std::size_t begin = next_edge();
      if (edges == 0) {
        open_word = begin;
        break;
      }
      visit(data + begin, next_edge() - begin);
    }
  }
  if (open_word == kNone) return;
  // The word that began in front of `to` is finished on the other side.
  std::size_t end = to;
  while (end < input.size() && !is_space(data[end])) ++end;
  visit(data + open_word, end - open_word);
}

}  // namespace mrun::bench
