// Goal: sizes mean what people write, and shown text cannot steer a terminal. Method: tables, and
// comparison with a slow obvious model over all short and many random texts.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/escape_text.hpp"
#include "base/size_text.hpp"

namespace mrun {
namespace {

TEST(SizeText, ReadsWhatPeopleWrite) {
  const std::vector<std::pair<std::string, std::uint64_t>> cases = {
      {"0", 0},
      {"1048576", 1048576},
      {"12B", 12},
      {"4k", 4096},
      {"4K", 4096},
      {"4KB", 4096},
      {"4KiB", 4096},
      {"4 KiB", 4096},
      {"512MiB", 512ull << 20},
      {"4G", 4ull << 30},
      {"1.5G", 3ull << 29},
      {"0.5K", 512},
      {"1.0", 1},
      {"2t", 2ull << 40},
      {"15E", 15ull << 60},
      {"18446744073709551615", UINT64_MAX},
      {"15.999999999999E", (15ull << 60) + 1152921504605694054ull},
  };
  for (const auto& [text, bytes] : cases) {
    const Result<std::uint64_t> read = parse_size(text);
    ASSERT_TRUE(read) << text << ": " << read.error().message;
    EXPECT_EQ(*read, bytes) << text;
  }
}

TEST(SizeText, RefusesWhatIsNoSize) {
  for (const char* text : {"",
                           " ",
                           "-1",
                           "+1",
                           "x",
                           "12x",
                           "1..5",
                           "1.",
                           ".5",
                           "1.5",
                           "0.1B",
                           "4 G B",
                           "4  G",
                           "1e3",
                           "60%",
                           "16E",
                           "18446744073709551616",
                           "17179869184G",
                           "99999999999999999999999",
                           "1.1234567890123456G",
                           "0x10",
                           "G",
                           "4GiBs"}) {
    const Result<std::uint64_t> read = parse_size(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::usage);
    EXPECT_FALSE(read.error().hint.empty());
  }
}

/// What a size without a fraction means, in floating point and with no care for speed.
std::optional<long double> model_size(std::string text) {
  const std::string digits = text.substr(0, text.find_first_not_of("0123456789"));
  if (digits.empty()) return std::nullopt;
  std::string unit = text.substr(digits.size());
  if (!unit.empty() && unit[0] == ' ') unit.erase(0, 1);
  for (char& c : unit) c = static_cast<char>(std::toupper(c));
  int power = 0;
  if (!unit.empty() && unit != "B") {
    const std::size_t letter = std::string("KMGTPE").find(unit[0]);
    if (letter == std::string::npos) return std::nullopt;
    const std::string rest = unit.substr(1);
    if (!rest.empty() && rest != "B" && rest != "I" && rest != "IB") return std::nullopt;
    power = static_cast<int>(letter + 1) * 10;
  }
  const long double bytes = std::ldexp(std::stold(digits), power);
  if (bytes >= std::ldexp(1.0L, 64)) return std::nullopt;
  return bytes;
}

TEST(SizeText, AgreesWithAModelOnEveryShortText) {
  const std::string letters = "019kKmgEBix -";
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string text = texts[i];
    if (text.size() < 4)
      for (const char c : letters) texts.push_back(text + c);
    const Result<std::uint64_t> read = parse_size(text);
    const std::optional<long double> expected = model_size(text);
    ASSERT_EQ(read.has_value(), expected.has_value()) << '"' << text << '"';
    if (read) {
      ASSERT_EQ(static_cast<long double>(*read), *expected) << text;
    }
  }
}

TEST(SizeText, RandomTextsAreReadOrRefused) {
  constexpr unsigned kSeed = 7;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    const std::size_t size = random() % 24;
    for (std::size_t i = 0; i < size; ++i)
      text +=
          random() % 4 == 0 ? static_cast<char>(random()) : "0123456789.KMGTPEiB% "[random() % 21];
    static_cast<void>(parse_size(text));
    static_cast<void>(parse_percent(text));
  }
}

TEST(SizeText, PrintsAtMostFourDigitsAndReadsItBack) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1024), "1 KiB");
  EXPECT_EQ(size_text(34ull << 20), "34 MiB");
  EXPECT_EQ(size_text(3ull << 29), "1.5 GiB");
  EXPECT_EQ(size_text((1ull << 20) - 1), "1 MiB");
  EXPECT_EQ(size_text(UINT64_MAX), "16 EiB");
  for (std::uint64_t bytes = 1; bytes < (1ull << 62); bytes = bytes * 3 / 2 + 1) {
    const Result<std::uint64_t> back = parse_size(size_text(bytes));
    ASSERT_TRUE(back) << size_text(bytes);
    EXPECT_NEAR(static_cast<double>(*back) / static_cast<double>(bytes), 1, 0.05)
        << size_text(bytes);
  }
}

TEST(SizeText, PercentIsAWholeNumberUpToAHundred) {
  EXPECT_EQ(*parse_percent("60%"), 60u);
  EXPECT_EQ(*parse_percent("1%"), 1u);
  EXPECT_EQ(*parse_percent("100%"), 100u);
  for (const char* text :
       {"", "%", "0%", "101%", "-1%", "6 0%", "60", "60%%", "1.5%", "99999999999%"})
    EXPECT_FALSE(parse_percent(text)) << text;
}

TEST(EscapeText, KeepsTextAndShowsTheRest) {
  EXPECT_EQ(escape_text("plain \\ text"), "plain \\ text");
  EXPECT_EQ(escape_text("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82"),
            "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82");
  EXPECT_EQ(escape_text("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(escape_text("\x1b[31m\x7f"), "\\x1b[31m\\x7f");
  EXPECT_EQ(escape_text(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(escape_text("\xc2\x9b"
                        "31m"),
            "\\xc2\\x9b31m")
      << "a one-character CSI";
  EXPECT_EQ(escape_text("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(escape_text("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(escape_text("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

TEST(EscapeText, NeverLetsAControlByteThroughAndIsStable) {
  constexpr unsigned kSeed = 11;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes;
    const std::size_t size = random() % 12;
    for (std::size_t i = 0; i < size; ++i)
      bytes += static_cast<char>(random() % 3 == 0 ? 0x80 + random() % 0x40 : random());
    const std::string escaped = escape_text(bytes);
    for (const char c : escaped)
      ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << round;
    ASSERT_EQ(escape_text(escaped), escaped) << round;
    ASSERT_LE(excerpt_text(bytes, 5).size(), 5u * 4 + 3) << round;
  }
}

TEST(EscapeText, AnExcerptIsCutBetweenCharacters) {
  EXPECT_EQ(excerpt_text("abcdef", 6), "abcdef");
  EXPECT_EQ(excerpt_text("abcdefg", 6), "abcdef...");
  EXPECT_EQ(excerpt_text("abcde\xc3\xa9x", 6), "abcde...");
  EXPECT_EQ(excerpt_text(std::string(1'000'000, '\x80'), 3), "\\x80\\x80\\x80...");
}

}  // namespace
}  // namespace mrun
