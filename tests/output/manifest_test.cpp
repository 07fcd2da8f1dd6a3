// The manifest reads back as it was written, is the same bytes each time, and no damage passes.
#include "output/manifest.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "output/sample_output.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

Manifest full_manifest() {
  Manifest manifest = sample_manifest();
  manifest.parts = {{"part-00000", "", 10, 2, {1, 2}},
                    {"part-00001", "", ~std::uint64_t{0}, 0, {~std::uint64_t{0}, 0}},
                    {"hot-00000", "hot", 0, 0, {}}};
  return manifest;
}

/// Of an output that is a table, with everything that its schema may hold.
Manifest table_manifest() {
  Manifest manifest = full_manifest();
  PairSchema schema;
  schema.from_records = true;
  schema.key_fields = {{FieldType::bytes},     {FieldType::i64, true}, {FieldType::u64},
                       {FieldType::f64},       {FieldType::boolean},   {FieldType::none},
                       {FieldType::file, true}};
  schema.value_field = {FieldType::file};
  schema.out_kind = OutKind::value;
  schema.out_end = OutEnd::nul;
  schema.part_rule = PartRule::range;
  schema.combine = CombineKind::lanes;
  schema.lanes = {LaneOp::sum_u64, LaneOp::max_f64};
  schema.state_size = 16;
  schema.fold_exact = true;
  schema.file_names = {"a.txt", "b\n\xFF"};
  manifest.pairs = schema;
  manifest.parts[0].keys = KeyBounds{"", std::string("\0\xFF", 2), true};
  manifest.parts[1].keys = KeyBounds{"b", "c", false};
  return manifest;
}

TEST(Manifest, ReadsBackAsItWasWritten) {
  for (const Manifest& manifest : {full_manifest(), Manifest(), table_manifest()}) {
    const std::string text = manifest_text(manifest);
    const Result<Manifest> read = parse_manifest(text, "_SUCCESS");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(manifest_text(*read), text);
    EXPECT_EQ(read->parts, manifest.parts);
    EXPECT_EQ(read->inputs, manifest.inputs);
    EXPECT_EQ(read->params, manifest.params);
    EXPECT_EQ(read->pairs.has_value(), manifest.pairs.has_value());
  }
}

TEST(Manifest, IsJsonThatEndsInANewline) {
  const std::string text = manifest_text(full_manifest());
  EXPECT_EQ(text.back(), '\n');
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["job"]["name"], "sample");
  EXPECT_EQ(json["params"][1]["value"]["hex"], "ff");
  EXPECT_EQ(json["totals"]["input_files"], 4);
  EXPECT_EQ(json["parts"][2]["side_output"], "hot");
  EXPECT_FALSE(json["parts"][0].contains("side_output"));
}

TEST(Manifest, FindsEveryFlippedBitAndEveryTruncation) {
  const std::string text = manifest_text(full_manifest());
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const Result<Manifest> read = parse_manifest(damaged, "_SUCCESS");
    ASSERT_FALSE(read) << "bit " << bit;
    ASSERT_EQ(read.error().code, Code::integrity);
  }
  for (std::size_t size = 0; size < text.size(); ++size)
    ASSERT_FALSE(parse_manifest(text.substr(0, size), "_SUCCESS")) << "size " << size;
  EXPECT_FALSE(parse_manifest(text + "\n", "_SUCCESS"));
}

TEST(Manifest, RefusesSchemasThatItDoesNotKnow) {
  const std::string text = manifest_text(table_manifest());
  for (const auto& [known, unknown] : std::initializer_list<std::pair<const char*, const char*>>{
           {"\"table\"", "\"tables\""},
           {"i64 descending", "i65 descending"},
           {"\"records\"", "\"reports\""},
           {"\"value\": \"file\"", "\"value\": 7"},
           {"sum_u64", "sum_u65"},
           {"\"state_bytes\": 16", "\"state_bytes\": 4294967296"}}) {
    std::string changed = text.substr(0, text.find("  \"checksum\""));
    const std::size_t at = changed.find(known);
    ASSERT_NE(at, std::string::npos) << known;
    changed.replace(at, std::string_view(known).size(), unknown);
    const std::string digest =
        digest128(std::as_bytes(std::span(changed.data(), changed.size()))).hex();
    const Result<Manifest> read =
        parse_manifest(changed + "  \"checksum\": \"" + digest + "\"\n}\n", "_SUCCESS");
    ASSERT_FALSE(read) << unknown;
    EXPECT_EQ(read.error().message, "'_SUCCESS' has members that this version does not know");
  }
}

TEST(Manifest, BoundsOfAPartHoldItsKeysAndWhatACutOneMayHide) {
  const KeyBounds bounds{"b", "dog", false};
  const KeyBounds cut{"b", "dog", true};
  for (const char* key : {"b", "c", "dog"}) EXPECT_TRUE(bounds.may_hold(key)) << key;
  for (const char* key : {"", "a", "dogs", "e"}) EXPECT_FALSE(bounds.may_hold(key)) << key;
  EXPECT_TRUE(cut.may_hold("dogs"));
  EXPECT_FALSE(cut.may_hold("doh"));
}

TEST(Manifest, RefusesPartNamesThatLeadOutOfTheOutput) {
  for (const char* name : {"", ".", "..", "../part-00000", "a/b", "/etc/passwd"}) {
    Manifest manifest = full_manifest();
    manifest.parts[0].name = name;
    EXPECT_FALSE(parse_manifest(manifest_text(manifest), "_SUCCESS")) << name;
  }
}

TEST(Manifest, SaysWhereThereIsNoFinishedOutput) {
  const test_support::TempFolder folder;
  test_support::write_file(folder / "file", "x");
  test_support::write_file(folder / "foreign/_SUCCESS", "");
  EXPECT_EQ(read_manifest(folder / "missing").error().code, Code::input);
  EXPECT_EQ(read_manifest(folder / "file").error().code, Code::input);
  EXPECT_EQ(read_manifest(folder.path()).error().code, Code::input);
  EXPECT_EQ(read_manifest(folder / "foreign").error().code, Code::integrity);
}

}  // namespace
}  // namespace mrun
