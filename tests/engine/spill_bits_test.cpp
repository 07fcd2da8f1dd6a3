// Goal: no bit of spilled data changes unnoticed on its way to the disk and back (P9), whatever the
// job does with it, and no write is left out. Method: the steps of a run whose runs are some
// hundred bytes; one bit of what is written to scratch files is turned, or one write left out, for
// each in turn. The run must end with the integrity error that names file and offset; or, where the
// byte is one that this process does not read again (the header of a run, its index, its footer),
// with the very output of the model.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/job_run.hpp"
#include "engine/open_pipeline.hpp"
#include "shuffle/run_format.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using namespace test_support;

struct Subject {
  const char* name;
  JobShape shape;
  std::uint32_t partitions;
  std::size_t padding;  ///< Bytes of a value that compress well.
};
void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

class SpillBits : public testing::TestWithParam<Subject> {
 protected:
  PipelineSetup setup() const {
    PipelineSetup setup;
    setup.spec.shape = GetParam().shape;
    setup.spec.value_padding = GetParam().padding;
    setup.partitions = GetParam().partitions;
    setup.spills = true;
    setup.splits_of_run = 4;
    setup.split_bytes = 60;
    setup.table_bytes = 4096;  // So that pairs pass it.
    return setup;
  }
  /// Whether the run noticed; a run that did not must have made the right output.
  bool is_noticed(OpenPipeline& pipeline) {
    const auto parts = pipeline.run(text_);
    if (parts) {
      EXPECT_TRUE(*parts == expected_);
      return false;
    }
    EXPECT_EQ(parts.error().code, Code::integrity) << parts.error().message;
    EXPECT_NE(parts.error().message.find("offset"), std::string::npos) << parts.error().message;
    return true;
  }
  void SetUp() override {
    OpenPipeline pipeline(setup());
    pipeline.storage.scratch.write = [&](std::uint64_t, std::vector<std::byte>& bytes, auto&) {
      writes_.push_back(bytes.size());
      return 1u;
    };
    const auto parts = pipeline.run(text_);
    ASSERT_TRUE(parts);
    expected_ = *parts;
    if (GetParam().shape == JobShape::join) {
      ASSERT_TRUE(expected_ == model_parts(setup().spec, text_, GetParam().partitions));
    }
    ASSERT_GE(pipeline.info.spilled_runs, 3u);
    ASSERT_GE(pipeline.info.merged.passes, 1u);
  }

  const std::string text_ = words_text(test_seed(), 600, 40);
  std::vector<std::string> expected_;
  std::vector<std::size_t> writes_;  // Bytes of each.
};

TEST_P(SpillBits, AreNoticedWhereTheyAreReadAgain) {
  std::uint64_t bytes = 0;
  for (const std::size_t write : writes_) bytes += write;
  const std::uint64_t step = std::max<std::uint64_t>(1, bytes * 8 / scaled(1500));
  std::uint64_t unnoticed = 0, turned = 0;
  for (std::uint64_t bit = test_seed() % step; bit < bytes * 8; bit += step) {
    SCOPED_TRACE("bit " + std::to_string(bit) + " of " + std::to_string(bytes * 8));
    std::uint64_t done = 0;
    OpenPipeline pipeline(setup());
    pipeline.storage.scratch.write = [&](std::uint64_t, std::vector<std::byte>& written, auto&) {
      if (bit / 8 >= done && bit / 8 < done + written.size())
        written[bit / 8 - done] ^= static_cast<std::byte>(1 << bit % 8);
      done += written.size();
      return 1u;
    };
    ++turned;
    if (!is_noticed(pipeline)) ++unnoticed;
    ASSERT_FALSE(HasFailure());
  }
  // A run's header, the entries of its index and its footer; the rest are blocks.
  std::uint64_t not_read_again = 0;
  for (const std::size_t write : writes_)
    not_read_again += std::min<std::uint64_t>(
        write, kRunHeaderBytes + GetParam().partitions * kBlockHeaderBytes + kRunFooterBytes);
  EXPECT_LE(unnoticed * step, not_read_again * 8 + step);
  EXPECT_GT(turned - unnoticed, turned / 4);
}

TEST_P(SpillBits, OfAWriteThatIsLeftOutAreMissed) {
  std::uint64_t unnoticed = 0;
  for (std::uint64_t lost = 0; lost < writes_.size(); ++lost) {
    SCOPED_TRACE("write " + std::to_string(lost) + " of " + std::to_string(writes_.size()));
    OpenPipeline pipeline(setup());
    pipeline.storage.scratch.write = [&](std::uint64_t call, auto&, auto&) {
      return call == lost ? 0u : 1u;
    };
    if (!is_noticed(pipeline)) ++unnoticed;
    ASSERT_FALSE(HasFailure());
  }
  // An index and footer by themselves.
  EXPECT_LE(unnoticed, writes_.size() / 2);
}

INSTANTIATE_TEST_SUITE_P(Of, SpillBits,
                         testing::Values(Subject{"Sort", JobShape::sort, 1, 0},
                                         Subject{"Join", JobShape::join, 2, 0},
                                         Subject{"JoinOfLongValues", JobShape::join, 1, 200},
                                         Subject{"Count", JobShape::count, 2, 0}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace mrun
