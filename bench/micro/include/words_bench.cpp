// How long mrun::words takes for a word, as one text and line by line, beside a plain loop over
// bytes.
#include <benchmark/benchmark.h>

#include <mrun/words.hpp>
#include <string>
#include <string_view>

#include "micro/entries.hpp"

namespace mrun::bench {
namespace {

constexpr std::size_t kWords = std::size_t{1} << 21;

/// Lines of 12 words.
std::string make_text() {
  std::string text;
  std::size_t count = 0;
  for (const std::string& word : make_keys(Keys::zipf, kWords))
    text.append(word).push_back(++count % 12 == 0 ? '\n' : ' ');
  return text;
}

std::uint64_t add_words(std::string_view text) {
  std::uint64_t sizes = 0;
  for (const std::string_view word : words{text}) sizes += word.size();
  return sizes;
}

/// The same, a byte at a time.
std::uint64_t add_words_plainly(std::string_view text) {
  const auto is_space = [](char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); };
  std::uint64_t sizes = 0;
  for (std::size_t at = 0; at < text.size();) {
    while (at < text.size() && is_space(text[at])) ++at;
    const std::size_t begin = at;
    while (at < text.size() && !is_space(text[at])) ++at;
    sizes += at - begin;
    benchmark::DoNotOptimize(sizes);
  }
  return sizes;
}

std::uint64_t add_words_of_lines(std::string_view text) {
  std::uint64_t sizes = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    sizes += add_words(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return sizes;
}

void split_words(benchmark::State& state, std::uint64_t (*add)(std::string_view)) {
  const std::string text = make_text();
  for (auto _ : state) benchmark::DoNotOptimize(add(text));
  state.SetItemsProcessed(state.iterations() * std::int64_t{kWords});
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK_CAPTURE(split_words, whole_text, add_words)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(split_words, line_by_line, add_words_of_lines)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(split_words, byte_loop, add_words_plainly)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mrun::bench
