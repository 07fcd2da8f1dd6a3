// Large inputs of a known shape, written in a second, whose word counts are known without counting.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mrun::test_support {

/// What a large input holds. Its words are "w<number>", one space or newline after each.
struct BigInput {
  std::uint64_t bytes = 0;
  std::uint64_t words = 0;
  std::vector<std::uint32_t> counts;  ///< Of each word by its number.
};

/// Words by a Zipf-like law over `vocabulary` words (word n about as often as 1/n).
BigInput write_zipf_text(const std::string& path, std::uint64_t size_bytes,
                         std::uint64_t vocabulary);
/// Every word once, in an order far from sorted.
BigInput write_distinct_words(const std::string& path, std::uint64_t size_bytes);
/// Lines "hot <number>", numbers rising from 0; now and then another key. counts[0] is the hot
/// key's.
BigInput write_hot_key(const std::string& path, std::uint64_t size_bytes);

}  // namespace mrun::test_support
