// verify finds every damage to a small output, and cat prints the main parts in order.
#include "output/output_reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "output/sample_output.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using test_support::read_file;
using test_support::TempFolder;
using test_support::write_file;

class OutputReader : public ::testing::Test {
 protected:
  OutputReader() : storage_(make_disk_storage()), output_(folder_ / "out") {
    OutputRequest request;
    request.output = output_;
    request.sync = false;
    const Result<std::string> made = make_output(*storage_, request);
    EXPECT_TRUE(made) << made.error().message;
  }

  Result<VerifyReport> verify() { return verify_output(output_, stop_); }
  void expect_damage(const std::string& words) {
    const Result<VerifyReport> report = verify();
    ASSERT_FALSE(report) << words;
    EXPECT_EQ(report.error().code, Code::integrity);
    EXPECT_NE(report.error().message.find(words), std::string::npos) << report.error().message;
  }
  Result<std::string> cat() {
    std::string text;
    MRUN_TRY(cat_output(output_, "", stop_, [&](std::span<const std::byte> bytes) {
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return Result<void>();
    }));
    return text;
  }

  TempFolder folder_;
  std::unique_ptr<Storage> storage_;
  std::string output_;
  StopFlag stop_;
};

TEST_F(OutputReader, AcceptsAWholeOutput) {
  const Result<VerifyReport> report = verify();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files, 3u);
  EXPECT_EQ(report->size_bytes, 21u);
  EXPECT_EQ(report->records, 3u);
}

/// Changes one byte in place: a file that is written anew costs some file systems a flush.
void put_byte(const std::string& path, std::size_t offset, int byte) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset)).put(static_cast<char>(byte));
}

TEST_F(OutputReader, FindsEveryFlippedBitAndEveryTruncation) {
  for (const char* name : {"part-00000", "part-00001", "hot-00000", "_SUCCESS"}) {
    const std::string path = output_ + "/" + name;
    const std::string whole = read_file(path);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      put_byte(path, bit / 8, whole[bit / 8] ^ (1 << bit % 8));
      const Result<VerifyReport> report = verify();
      ASSERT_FALSE(report) << name << " bit " << bit;
      ASSERT_EQ(report.error().code, Code::integrity);
      ASSERT_NE(report.error().message.find(name), std::string::npos) << report.error().message;
      put_byte(path, bit / 8, whole[bit / 8]);
    }
    for (std::size_t size = whole.size(); size-- > 0;) {
      std::filesystem::resize_file(path, size);
      ASSERT_FALSE(verify()) << name << " cut to " << size;
    }
    write_file(path, whole);
    ASSERT_TRUE(verify());
  }
}

TEST_F(OutputReader, NamesWhatIsMissingOrTooMuch) {
  const std::string part = output_ + "/part-00001";
  std::filesystem::rename(part, folder_ / "elsewhere");
  expect_damage("part-00001' is missing");
  std::filesystem::create_symlink(folder_ / "elsewhere", part);
  expect_damage("part-00001' is not a file");
  std::filesystem::remove(part);
  std::filesystem::rename(folder_ / "elsewhere", part);
  write_file(output_ + "/part-00002", "");
  expect_damage("part-00002' does not belong");
}

TEST_F(OutputReader, LeavesTheRunFolderAlone) {
  std::filesystem::remove_all(output_ + "/_mrun");
  EXPECT_TRUE(verify());
}

TEST_F(OutputReader, CatPrintsTheMainPartsInOrder) {
  const Result<std::string> text = cat();
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "alpha\t1\nbeta\t2\n");
}

TEST_F(OutputReader, CatSaysThatAPartWasChanged) {
  write_file(output_ + "/part-00001", "beta\t3\n");
  EXPECT_EQ(cat().error().code, Code::integrity);
}

TEST_F(OutputReader, CatEndsWithTheWritersError) {
  const Result<void> result =
      cat_output(output_, "", stop_, [](std::span<const std::byte>) -> Result<void> {
        return fail(Code::output, "the pipe is closed");
      });
  EXPECT_EQ(result.error().message, "the pipe is closed");
}

TEST_F(OutputReader, StopsWhenAskedTo) {
  stop_.stop(15);
  EXPECT_EQ(verify().error().code, Code::cancelled);
  EXPECT_EQ(cat().error().code, Code::cancelled);
}

}  // namespace
}  // namespace mrun
