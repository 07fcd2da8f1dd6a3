// Any bytes become valid JSON that reads back as the same bytes.
#include "output/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace mrun {
namespace {

TEST(JsonText, ReadsBackAsTheSameText) {
  std::string every_ascii;
  for (int c = 0; c < 128; ++c) every_ascii += static_cast<char>(c);
  for (const std::string& text : {std::string(), every_ascii, std::string("\"\\/\n"),
                                  std::string("Grüße, 世界, \xF0\x9F\x98\x80")}) {
    const auto json = nlohmann::json::parse(json_quoted(text));
    EXPECT_EQ(json.get<std::string>(), text);
  }
}

TEST(JsonText, ShowsOtherBytesInHex) {
  EXPECT_EQ(json_quoted("a\xFF"), R"({"hex": "61ff"})");
  EXPECT_TRUE(nlohmann::json::parse(json_quoted("\x80")).is_object());
}

TEST(JsonText, AgreesWithTheJsonLibraryOnWhatIsUtf8) {
  // All sequences of two bytes, and of three and four at the edges where a rule changes.
  static constexpr int kEdges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
  const auto agrees = [](const std::string& bytes) {
    const bool valid = nlohmann::json::accept("\"" + bytes + "\"");
    EXPECT_EQ(is_utf8(bytes), valid) << hex_digits(bytes);
  };
  for (int a = 0x80; a < 0x100; ++a) {
    for (int b = 0; b < 0x100; ++b) {
      if (b < 0x20 || b == '"' || b == '\\') continue;  // Not allowed in JSON for other reasons.
      const std::string two{static_cast<char>(a), static_cast<char>(b)};
      agrees(two);
      for (const int c : kEdges) {
        if (a < 0xE0 || c < 0x20) continue;
        const std::string three = two + static_cast<char>(c);
        agrees(three);
        for (const int d : kEdges) {
          if (a >= 0xF0 && d >= 0x20) agrees(three + static_cast<char>(d));
        }
      }
    }
  }
}

}  // namespace
}  // namespace mrun
