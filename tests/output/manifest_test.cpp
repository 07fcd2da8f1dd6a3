// The manifest reads back as it was written, is the same bytes each time, and no damage passes.
#include "output/manifest.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

TEST(Manifest, ReadsBackAsItWasWritten) {
  for (const Manifest& manifest : {full_manifest(), Manifest()}) {
    const std::string text = manifest_text(manifest);
    const Result<Manifest> read = parse_manifest(text, "_SUCCESS");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(manifest_text(*read), text);
    EXPECT_EQ(read->parts, manifest.parts);
    EXPECT_EQ(read->inputs, manifest.inputs);
    EXPECT_EQ(read->params, manifest.params);
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
