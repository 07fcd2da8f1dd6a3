// Line ends are found exactly, wherever they lie in the words and vectors that look for them.
#include "input/newlines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

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

std::vector<std::string> lines_by_model(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      lines.push_back(line);
      line.clear();
    } else {
      line += c;
    }
  }
  if (!text.empty() && text.back() != '\n') lines.push_back(line);
  return lines;
}

/// Cuts with `room` records a call until nothing is left.
std::vector<std::string> lines_by_cutting(const std::string& text, std::size_t room,
                                          std::uint64_t offset) {
  const Padded padded(text);
  std::vector<Slice> records(room);
  std::vector<std::uint64_t> offsets(room);
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < padded.size()) {
    const CutLines cut =
        cut_lines(padded.data() + at, padded.size() - at, offset + at, records, offsets);
    EXPECT_GT(cut.lines, 0u);
    if (cut.lines == 0) break;
    for (std::size_t i = 0; i < cut.lines; ++i) {
      EXPECT_EQ(offsets[i], offset + static_cast<std::uint64_t>(records[i].data - padded.data()));
      lines.emplace_back(records[i].view());
    }
    at += cut.consumed_bytes;
  }
  return lines;
}

TEST(Newlines, AreFoundAtEveryPositionAlone) {
  for (std::size_t size = 1; size <= 200; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, '\x0b');
      text[at] = '\n';
      const Padded padded(text);
      ASSERT_EQ(count_newlines(padded.data(), padded.size()), 1u);
      ASSERT_EQ(lines_by_cutting(text, 8, 1000), lines_by_model(text));
    }
}

TEST(Newlines, AreNoOtherByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(130, static_cast<char>(byte));
    const Padded padded(text);
    ASSERT_EQ(count_newlines(padded.data(), padded.size()), byte == '\n' ? 130u : 0u) << byte;
    ASSERT_EQ(lines_by_cutting(text, 200, 0), lines_by_model(text)) << byte;
  }
}

TEST(Newlines, AreCountedBeyondWhatALaneHolds) {
  const std::string text(16 * 256 * 3 + 5, '\n');
  EXPECT_EQ(count_newlines(Padded(text).data(), text.size()), text.size());
}

TEST(Newlines, MatchTheModelOnRandomTexts) {
  for (std::uint64_t index = 0; index < 3000; ++index) {
    Random random(test_support::case_seed(index));
    std::string text(random.below(700), 'a');
    const std::uint64_t rarity = random.between(1, 80);
    for (char& c : text) c = random.one_in(rarity) ? '\n' : static_cast<char>(random.below(256));
    ASSERT_EQ(count_newlines(Padded(text).data(), text.size()),
              static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')));
    ASSERT_EQ(lines_by_cutting(text, random.between(1, 40), random.below(1000)),
              lines_by_model(text))
        << "seed " << test_support::case_seed(index);
  }
}

}  // namespace
}  // namespace mrun
