// Goal: a place within a file is known well enough from the bytes behind it. Method: texts are
// cut at many offsets, and counted from their beginning, too.
#include "input/record_guess.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;
using test_support::test_seed;

RecordCount guess(const std::string& text, std::size_t offset, Delimiter delimiter) {
  constexpr std::size_t kBehind = 4096;
  const auto* const data = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::size_t size = std::min(kBehind, text.size() - offset);
  return guess_records(offset, data[offset - 1], {data + offset, size}, delimiter);
}

RecordCount count(const std::string& text, std::size_t offset, Delimiter delimiter) {
  return count_records(reinterpret_cast<const std::uint8_t*>(text.data()), offset, delimiter);
}

bool is_in_quotes(CsvState state) { return state == CsvState::quotes || state == CsvState::quote; }

TEST(RecordGuess, KnowsWhetherTextOfCsvIsBetweenQuotes) {
  Random random(test_seed());
  std::string text;
  for (int row = 0; row < 5000; ++row) {
    text += std::to_string(row) + ",\"said \"\"no\"\",\n and ";
    text += std::string(random.below(60), 'x') + "\n, left\"," + std::to_string(row % 7) + "\n";
  }
  const Delimiter csv{'\n', true, ','};
  std::size_t in_quotes = 0;
  for (std::size_t offset = 1; offset + 4096 < text.size(); offset += 1 + random.below(300)) {
    const RecordCount real = count(text, offset, csv), guessed = guess(text, offset, csv);
    // Behind a quote between quotes only the next byte tells; a guess takes it for closing.
    if (real.state == CsvState::quote) continue;
    EXPECT_EQ(is_in_quotes(guessed.state), is_in_quotes(real.state))
        << "offset " << offset << ", seed " << test_seed();
    in_quotes += is_in_quotes(real.state) ? 1u : 0u;
  }
  EXPECT_GT(in_quotes, 100u);
}

TEST(RecordGuess, CountsRecordsAsIfAllWereAsLongAsTheNext) {
  Random random(test_seed());
  std::string text;
  while (text.size() < 1'000'000) text += std::string(20 + random.below(40), 'x') + "\n";
  for (std::size_t offset = 100'000; offset < 900'000; offset += 50'001) {
    const auto real = static_cast<double>(count(text, offset, {}).records);
    EXPECT_NEAR(static_cast<double>(guess(text, offset, {}).records), real, real * 0.2)
        << "seed " << test_seed();
  }
}

TEST(RecordGuess, TakesAFilesBeginningAndItsEnd) {
  EXPECT_EQ(guess_records(0, 0, {}, {}).records, 0u);
  const RecordCount at_end = guess_records(5, '\n', {}, {'\n', true, ','});
  EXPECT_EQ(at_end.records, 5u);
  EXPECT_EQ(at_end.state, CsvState::border);
}

}  // namespace
}  // namespace mrun
