// Goal: wherever a compressed file is cut, the part before the next unit and the part from it on
// decode by themselves and make the whole text. Method: small files of many streams and blocks, cut
// at every byte; texts and checks are joined as who reads parts in turn does.
#include "codec/part_decoder.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "codec/unit_search.hpp"
#include "decoding.hpp"
#include "input/packing.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr Compression kAll[] = {Compression::gzip, Compression::zstd, Compression::lz4,
                                Compression::bzip2, Compression::xz};

/// Lines that pack well, for a block of bzip2 holds 100,000 bytes at least.
std::string lines(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += "line " + std::to_string(i * i % 1013) + "\n";
  return text;
}

/// Decodes the part, and joins it to what came before.
Result<std::string> text_of(Compression compression, const std::string& file, FilePart part,
                            std::unique_ptr<StreamChecks>& checks, std::size_t piece) {
  part.first_bytes = bytes_of(file).first(kMagicBytes);
  MRUN_TRY_ASSIGN(const auto decoder, make_part_decoder(compression, part, std::size_t{12} << 20));
  std::vector<std::byte> room(std::size_t{64} << 10);
  std::string text;
  for (std::uint64_t at = part.begin_byte(); at < part.end_byte(); at += piece)
    MRUN_TRY(decode(*decoder, bytes_of(file).subspan(at, std::min(piece, part.end_byte() - at)),
                    room, [&](std::span<const std::byte> bytes) -> Result<void> {
                      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                      return {};
                    }));
  if (!decoder->is_between_units()) return fail(Code::integrity, "it ends amid a unit");
  if (!decoder->join(checks)) return fail(Code::integrity, "it does not fit what came before");
  const bool ends_file = part.end_bit == file.size() * 8;
  if (ends_file && !decoder->may_end()) return fail(Code::integrity, "it ends amid a stream");
  return text;
}

TEST(PartDecoder, GivesTheWholeTextWhereverTheFileIsCut) {
  for (const Compression compression : kAll) {
    SCOPED_TRACE(compression_name(compression));
    const std::string text = lines(compression == Compression::bzip2 ? 500'000 : 30'000);
    const std::string file =
        packed_streams(compression, text, text.size() / 2 - 5, text.size() / 13);
    std::set<std::uint64_t> borders;
    for (std::size_t cut = 0; cut <= file.size(); ++cut)
      borders.insert(find_unit(compression, bytes_of(file).subspan(cut), file.size() - cut, cut)
                         .value_or(file.size() * 8));
    const bool has_blocks = compression == Compression::bzip2 || compression == Compression::xz;
    EXPECT_GE(borders.size(), has_blocks ? 5u : 4u);
    EXPECT_EQ(*borders.rbegin(), file.size() * 8);
    for (const std::uint64_t border : borders)
      for (const std::size_t piece : {std::size_t{7}, std::size_t{1000}, file.size()}) {
        SCOPED_TRACE(testing::Message() << "cut at bit " << border << ", pieces of " << piece);
        std::unique_ptr<StreamChecks> checks;
        std::string whole;
        if (border > 0) {
          const auto before = text_of(compression, file, {0, border, {}}, checks, piece);
          ASSERT_TRUE(before) << before.error().message;
          whole += *before;
        }
        if (border < file.size() * 8) {
          const auto behind =
              text_of(compression, file, {border, file.size() * 8, {}}, checks, piece);
          ASSERT_TRUE(behind) << behind.error().message;
          whole += *behind;
        }
        ASSERT_TRUE(whole == text);
      }
  }
}

// What was guessed wrong must show: as a failure, or as a part that does not fit.
TEST(PartDecoder, NeverTakesAnotherPlaceForAUnit) {
  for (const Compression compression : kAll) {
    SCOPED_TRACE(compression_name(compression));
    const std::string text = lines(compression == Compression::bzip2 ? 250'000 : 5'000);
    const std::string file = packed_streams(compression, text, text.size(), text.size() / 3);
    const std::uint64_t step = compression == Compression::bzip2 ? 1 : 8;
    std::set<std::uint64_t> units;
    for (std::size_t cut = 0; cut < file.size(); ++cut)
      if (const auto unit =
              find_unit(compression, bytes_of(file).subspan(cut), file.size() - cut, cut))
        units.insert(*unit);
    for (std::uint64_t begin = step; begin < file.size() * 8; begin += step) {
      if (units.count(begin) != 0) continue;
      std::unique_ptr<StreamChecks> checks;
      EXPECT_FALSE(text_of(compression, file, {begin, file.size() * 8, {}}, checks, file.size()))
          << begin;
    }
  }
}

}  // namespace
}  // namespace mrun
