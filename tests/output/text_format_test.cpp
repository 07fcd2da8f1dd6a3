// Goal: every pair reads as the documentation of the text format says.
// Method: random types and random fields are encoded by a slow encoder written from the contract,
// formatted, and compared with the fields' texts joined by TAB; through every entry of the
// formatter.
#include "output/text_format.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "output/field_samples.hpp"

namespace mrun {
namespace {

using namespace test_support;

Slice slice(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string joined(const std::string& key, const std::string& value) { return key + "\t" + value; }

std::string text_of(const std::vector<std::uint8_t>& buffer, const std::uint8_t* end) {
  return {reinterpret_cast<const char*>(buffer.data()),
          static_cast<std::size_t>(end - buffer.data())};
}

/// The text through each way that the formatter offers; they must agree.
std::string format(PairFormatter& formatter, const std::string& key, const std::string& value) {
  std::vector<std::uint8_t> buffer(formatter.bytes_max(key.size(), value.size()));
  const std::uint8_t* end = formatter.write(buffer.data(), slice(key), slice(value));
  if (end == nullptr) return "(malformed)";
  const std::string text = text_of(buffer, end);

  std::string head = key.substr(0, 16);
  head.resize(16, '\0');
  std::uint64_t k0 = 0, k1 = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    k0 = k0 << 8 | static_cast<std::uint8_t>(head[i]);
    k1 = k1 << 8 | static_cast<std::uint8_t>(head[i + 8]);
  }
  const auto klen = static_cast<std::uint32_t>(key.size());
  const std::string tail = key.size() > 16 ? key.substr(16) : "";
  std::fill(buffer.begin(), buffer.end(), std::uint8_t{0xEE});
  end = formatter.write(buffer.data(), k0, k1, klen, slice(tail).data, slice(value));
  EXPECT_EQ(text, text_of(buffer, end));

  std::string pieces;
  const auto take = [&](Slice bytes) { pieces += bytes.view(); };
  EXPECT_TRUE(formatter.write_pieces(slice(key), slice(value), take));
  EXPECT_EQ(text, pieces);
  pieces.clear();
  EXPECT_TRUE(formatter.write_pieces(k0, k1, klen, slice(tail).data, slice(value), take));
  EXPECT_EQ(text, pieces);
  return text;
}

TEST(PairFormatter, WritesRandomPairsAsTheirFieldsJoinedByTab) {
  constexpr std::uint64_t kSeed = 20240611;
  static constexpr FieldType kTypes[] = {FieldType::none, FieldType::bytes, FieldType::i64,
                                         FieldType::u64,  FieldType::f64,   FieldType::boolean,
                                         FieldType::file};
  for (std::uint64_t round = 0; round < 3000; ++round) {
    SCOPED_TRACE(fmt::format("seed {} round {}", kSeed, round));
    Samples samples(kSeed + round);
    JobSpec spec;
    const std::uint64_t field_count = samples.below(5);
    for (std::uint64_t i = 0; i < field_count; ++i)
      spec.key_fields.push_back({kTypes[samples.below(7)], samples.below(3) == 0});
    spec.value_field.type = kTypes[samples.below(7)];
    spec.out_kind = static_cast<OutKind>(samples.below(3));
    spec.out_end = static_cast<OutEnd>(samples.below(3));
    PairFormatter formatter(spec, kNames);

    const bool has_key = std::any_of(spec.key_fields.begin(), spec.key_fields.end(),
                                     [](Field f) { return f.type != FieldType::none; });
    const bool has_value = spec.value_field.type != FieldType::none;
    const std::string end = spec.out_end == OutEnd::newline   ? "\n"
                            : spec.out_end == OutEnd::nothing ? ""
                                                              : std::string(1, '\0');
    for (int pair = 0; pair < 4; ++pair) {
      const Sample key = key_of(samples, spec.key_fields);
      const Sample value = samples.of(spec.value_field.type);
      std::string expected = spec.out_kind == OutKind::key     ? key.text
                             : spec.out_kind == OutKind::value ? value.text
                             : has_key && has_value            ? joined(key.text, value.text)
                                                               : key.text + value.text;
      ASSERT_EQ(format(formatter, key.key, value.value), expected + end);
    }
  }
}

TEST(PairFormatter, PrintsNumbersAsDocumented) {
  JobSpec spec;
  spec.key_fields = {{FieldType::bytes, false}};
  spec.value_field.type = FieldType::f64;
  PairFormatter formatter(spec, {});
  EXPECT_EQ(format(formatter, "k", sample_f64(0.1).value), "k\t0.1\n");
  EXPECT_EQ(format(formatter, "k", sample_f64(1).value), "k\t1\n");
  EXPECT_EQ(format(formatter, "k", sample_f64(1e23).value), "k\t1e+23\n");
  EXPECT_EQ(format(formatter, "k", sample_f64(std::nan("")).value), "k\tnan\n");
  EXPECT_EQ(format(formatter, "k", sample_f64(HUGE_VAL).value), "k\tinf\n");
}

TEST(PairFormatter, RefusesWhatIsNoEncodingOfTheDeclaredTypes) {
  const auto formats = [](std::vector<Field> key_fields, FieldType value_type,
                          const std::string& key, const std::string& value) {
    JobSpec spec;
    spec.key_fields = std::move(key_fields);
    spec.value_field.type = value_type;
    PairFormatter formatter(spec, kNames);
    return format(formatter, key, value) != "(malformed)";
  };
  const Field bytes{FieldType::bytes, false}, down{FieldType::bytes, true};
  const Field u64{FieldType::u64, false};
  EXPECT_TRUE(formats({u64}, FieldType::none, "12345678", ""));
  EXPECT_FALSE(formats({u64}, FieldType::none, "1234567", ""));
  EXPECT_FALSE(formats({u64}, FieldType::none, "123456789", ""));
  EXPECT_FALSE(formats({u64}, FieldType::none, "", ""));
  EXPECT_FALSE(formats({bytes}, FieldType::none, "k", "v"));
  EXPECT_FALSE(formats({bytes}, FieldType::u64, "k", "1234567"));
  EXPECT_FALSE(formats({bytes}, FieldType::boolean, "k", "\2"));
  EXPECT_FALSE(formats({bytes}, FieldType::file, "k", std::string("\4\0\0\0", 4)));
  EXPECT_FALSE(formats({bytes, u64}, FieldType::none, "no end", ""));
  EXPECT_FALSE(formats({bytes, bytes}, FieldType::none, std::string("a\0\2b", 4), ""));
  EXPECT_FALSE(formats({bytes, bytes}, FieldType::none, std::string("a\0", 2), ""));
  EXPECT_FALSE(formats({down}, FieldType::none, "\xFE\xFF", ""));
  EXPECT_TRUE(formats({down}, FieldType::none, "\xFF\xFE", ""));
  EXPECT_FALSE(formats({down}, FieldType::none, "\xFF\xFE more", ""));
}

TEST(PairFormatter, NamesTheSizesOfAMalformedPair) {
  const Error error = PairFormatter::malformed(slice("key\x01"), slice("")).error;
  EXPECT_EQ(error.code, Code::plugin);
  EXPECT_NE(error.message.find("4 bytes (6b657901)"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace mrun
