// Ends of records are found exactly, wherever they lie in the words and vectors that look for them.
#include "input/delimiters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

constexpr Delimiter kNewline{'\n', false}, kNul{'\0', false}, kCsv{'\n', true};

/// A text with the 64 readable bytes that must follow; they hold LFs, which must not be counted.
class Padded {
 public:
  explicit Padded(const std::string& text)
      : bytes_(text + std::string(64, '\n')), size_(text.size()) {}
  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(bytes_.data()); }
  std::size_t size() const { return size_; }

 private:
  std::string bytes_;
  std::size_t size_;
};

/// The ends of the records of `text`, one byte at a time; `state` becomes that of its end.
std::vector<std::size_t> ends_by_model(const std::string& text, Delimiter delimiter,
                                       CsvState& state) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!delimiter.quoted) {
      if (c == static_cast<char>(delimiter.byte)) ends.push_back(at + 1);
      continue;
    }
    if (state == CsvState::quotes) {
      if (c == '"') state = CsvState::quote;
    } else if (c == '"' && (state == CsvState::quote || state == CsvState::border)) {
      state = CsvState::quotes;
    } else if (c == '\n') {
      ends.push_back(at + 1);
      state = CsvState::border;
    } else {
      state = c == ',' ? CsvState::border : CsvState::field;
    }
  }
  return ends;
}
std::vector<std::size_t> ends_by_model(const std::string& text, Delimiter delimiter) {
  CsvState state = CsvState::border;
  return ends_by_model(text, delimiter, state);
}

std::vector<std::string> records_by_model(const std::string& text, Delimiter delimiter) {
  std::vector<std::string> records;
  std::size_t begin = 0;
  for (const std::size_t end : ends_by_model(text, delimiter)) {
    records.push_back(text.substr(begin, end - 1 - begin));
    begin = end;
  }
  if (begin < text.size()) records.push_back(text.substr(begin));
  return records;
}

/// Cuts with `room` records a call until nothing is left.
std::vector<std::string> records_by_cutting(const std::string& text, Delimiter delimiter,
                                            std::size_t room, std::uint64_t offset) {
  const Padded padded(text);
  std::vector<Slice> slices(room);
  std::vector<std::uint64_t> offsets(room);
  std::vector<std::string> records;
  std::size_t at = 0;
  while (at < padded.size()) {
    const CutRecords cut = cut_records(padded.data() + at, padded.size() - at, offset + at,
                                       delimiter, slices, offsets);
    EXPECT_GT(cut.records, 0u);
    if (cut.records == 0) break;
    for (std::size_t i = 0; i < cut.records; ++i) {
      EXPECT_EQ(offsets[i], offset + static_cast<std::uint64_t>(slices[i].data - padded.data()));
      records.emplace_back(slices[i].view());
    }
    at += cut.consumed_bytes;
  }
  return records;
}

void expect_model(const std::string& text, Delimiter delimiter, std::size_t room = 8) {
  const Padded padded(text);
  const std::vector<std::size_t> ends = ends_by_model(text, delimiter);
  ASSERT_EQ(count_records(padded.data(), padded.size(), delimiter).records, ends.size());
  ASSERT_EQ(records_by_cutting(text, delimiter, room, 1000), records_by_model(text, delimiter));
  const auto last = last_end(padded.data(), padded.size(), delimiter);
  ASSERT_EQ(last.value_or(0), ends.empty() ? 0 : ends.back());
}

TEST(Delimiters, AreFoundAtEveryPositionAlone) {
  for (const Delimiter delimiter : {kNewline, kNul, kCsv})
    for (std::size_t size = 1; size <= 200; ++size)
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, static_cast<char>(delimiter.byte + 1));
        text[at] = static_cast<char>(delimiter.byte);
        ASSERT_NO_FATAL_FAILURE(expect_model(text, delimiter));
        for (const std::size_t after : {std::size_t{0}, at, at + 1, size - 1}) {
          const auto end = first_end(Padded(text).data(), size, after, delimiter);
          ASSERT_EQ(end.has_value(), after <= at && after < size);
          if (end) {
            ASSERT_EQ(*end, at + 1);
          }
        }
      }
}

TEST(Delimiters, AreNoOtherByte) {
  for (const Delimiter delimiter : {kNewline, kNul, kCsv})
    for (int byte = 0; byte < 256; ++byte)
      ASSERT_NO_FATAL_FAILURE(
          expect_model(std::string(130, static_cast<char>(byte)), delimiter, 200))
          << byte;
}

TEST(Delimiters, AreCountedBeyondWhatALaneHolds) {
  const std::string text(16 * 256 * 3 + 5, '\n');
  EXPECT_EQ(count_records(Padded(text).data(), text.size(), kNewline).records, text.size());
}

TEST(Delimiters, MatchTheModelOnRandomTexts) {
  for (std::uint64_t index = 0; index < 3000; ++index) {
    Random random(test_support::case_seed(index));
    SCOPED_TRACE(test_support::case_seed(index));
    std::string text(random.below(700), 'a');
    const std::uint64_t rarity = random.between(1, 80);
    for (char& c : text)
      c = random.one_in(rarity) ? "\n\"\0,"[random.below(4)] : static_cast<char>(random.below(256));
    const Delimiter delimiter = random.one_in(3) ? kNewline : random.one_in(2) ? kNul : kCsv;
    ASSERT_NO_FATAL_FAILURE(expect_model(text, delimiter, random.between(1, 40)));
    // From a place within: what lies before decides whether it is between quotes.
    const std::size_t cut = random.below(text.size() + 1);
    const std::string before = text.substr(0, cut), behind = text.substr(cut);
    const RecordCount half = count_records(Padded(before).data(), cut, delimiter);
    const RecordCount all = count_records(Padded(behind).data(), behind.size(), delimiter, half);
    CsvState state = CsvState::border;
    EXPECT_EQ(all.records, ends_by_model(text, delimiter, state).size());
    if (delimiter.quoted) {
      EXPECT_EQ(all.state, state);
    }
    state = half.state;
    const std::vector<std::size_t> ends = ends_by_model(behind, delimiter, state);
    const std::size_t after = random.below(behind.size() + 1);
    const auto wanted = std::upper_bound(ends.begin(), ends.end(), after);
    const auto found =
        first_end(Padded(behind).data(), behind.size(), after, delimiter, half.state);
    ASSERT_EQ(found.value_or(0), wanted == ends.end() ? 0 : *wanted);
    const auto last = last_end(Padded(behind).data(), behind.size(), delimiter, half.state);
    ASSERT_EQ(last.value_or(0), ends.empty() ? 0 : ends.back());
  }
}

TEST(Delimiters, OfCsvMindQuotesAtTheBeginningOfAFieldAlone) {
  // Every text of up to seven of these bytes, cut anywhere in two.
  constexpr std::string_view kLetters = "a,\n\"";
  for (std::size_t length = 1; length <= 7; ++length) {
    for (std::size_t number = 0; number < std::size_t{1} << (2 * length); ++number) {
      std::string text;
      for (std::size_t i = 0; i < length; ++i) text += kLetters[number >> (2 * i) & 3];
      ASSERT_NO_FATAL_FAILURE(expect_model(text, kCsv)) << testing::PrintToString(text);
      CsvState state = CsvState::border;
      const std::size_t ends = ends_by_model(text, kCsv, state).size();
      for (std::size_t cut = 0; cut <= length; ++cut) {
        const RecordCount half = count_records(Padded(text.substr(0, cut)).data(), cut, kCsv);
        const RecordCount all =
            count_records(Padded(text.substr(cut)).data(), length - cut, kCsv, half);
        ASSERT_EQ(all.records, ends) << testing::PrintToString(text) << ' ' << cut;
        ASSERT_EQ(all.state, state) << testing::PrintToString(text) << ' ' << cut;
      }
    }
  }
}

TEST(Delimiters, SayWhereATextEndsBetweenQuotes) {
  const Padded text("a,\"b\nc");
  std::vector<Slice> slices(8);
  std::vector<std::uint64_t> offsets(8);
  const CutRecords cut = cut_records(text.data(), text.size(), 0, kCsv, slices, offsets);
  EXPECT_EQ(cut.records, 1u);
  EXPECT_TRUE(cut.in_quotes);
  EXPECT_EQ(count_records(text.data(), text.size(), kCsv).state, CsvState::quotes);
}

}  // namespace
}  // namespace mrun
