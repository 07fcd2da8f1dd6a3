// Goal: whatever the budget and the threads, the shares fit the budget and every purpose gets what
// it cannot do without. Method: all sizes in steps that grow, all threads, all needs.
#include "engine/memory_plan.hpp"

#include <gtest/gtest.h>

#include "shuffle/run_format.hpp"
#include "shuffle/run_writer.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kGiB = std::size_t{1} << 30;
constexpr std::size_t kSortLeast = 4 * kMiB;  // Less, and workers would wait for each other.

template <typename Check>
void for_each_plan(const Check& check) {
  for (std::size_t bytes = kMemoryLeast; bytes <= 64 * kGiB; bytes += bytes / 50 + 4096) {
    for (unsigned asked = 1; asked <= 64; ++asked) {
      const unsigned threads = threads_for_memory(bytes, asked);
      for (unsigned bits = 0; bits < 8; ++bits) {
        const MemoryPlan::Needs needs{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
        check(bytes, threads, needs, MemoryPlan::make(bytes, threads, needs));
        if (testing::Test::HasFailure()) {
          FAIL() << bytes << " bytes, " << threads << " threads, needs " << bits;
        }
      }
    }
  }
}

TEST(ThreadsForMemory, AreAtMostThoseAskedForAndAtLeastOne) {
  EXPECT_EQ(threads_for_memory(0, 8), 1u);
  EXPECT_EQ(threads_for_memory(kMemoryLeast - 1, 8), 1u);
  EXPECT_EQ(threads_for_memory(kMemoryLeast, 8), 1u);
  EXPECT_EQ(threads_for_memory(kMemoryLeast + kThreadMemory, 8), 2u);
  EXPECT_EQ(threads_for_memory(kGiB, 0), 1u);
  EXPECT_EQ(threads_for_memory(kGiB, 8), 8u);
  EXPECT_EQ(threads_for_memory(64 * kGiB, 64), 64u);
}

TEST(MemoryPlan, FewDescriptorsServeFewThreads) {
  for (const std::uint64_t most : {0u, 11u, 12u, 14u, 16u, 17u}) {
    EXPECT_EQ(threads_for_descriptors(most, 8, 1, 1), 1u) << most;
  }
  EXPECT_EQ(threads_for_descriptors(18, 8, 1, 1), 2u);
  EXPECT_EQ(threads_for_descriptors(64, 32, 1, 1), 17u);
  EXPECT_EQ(threads_for_descriptors(64, 32, 4, 2), 7u) << "several folders and outputs";
  EXPECT_EQ(threads_for_descriptors(1024, 64, 1, 1), 64u);
  EXPECT_EQ(threads_for_descriptors(std::uint64_t{1} << 63, 3, 1, 1), 3u) << "no limit";
}

TEST(ThreadsForMemory, GrowWithTheMemory) {
  unsigned before = 1;
  for (std::size_t bytes = kMiB; bytes < 256 * kMiB; bytes += kMiB) {
    const unsigned threads = threads_for_memory(bytes, 64);
    EXPECT_GE(threads, before);
    before = threads;
  }
}

TEST(ThreadsFor, LeaveRoomForDecodersAndForCompressingAllOutputs) {
  constexpr std::size_t kMemory = std::size_t{256} << 20;
  MemoryPlan::Needs needs;
  EXPECT_EQ(*threads_for(kMemory, 8, needs), threads_for_memory(kMemory, 8));
  needs.decompresses = true;
  EXPECT_EQ(*threads_for(kMemory, 8, needs), 3u) << "a decoder may be in nobody's hands";
  EXPECT_EQ(*threads_for(std::size_t{34} << 20, 8, needs), 1u);
  needs.decompresses = false;
  needs.coding_bytes = std::size_t{8} << 20;
  EXPECT_EQ(*threads_for(kMemory, 100, needs), 7u) << "one more part may be about to end";
  needs.coding_bytes *= 5;
  needs.outputs = 5;
  const Result<unsigned> none = threads_for(kMemory, 100, needs);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::limit);
}

TEST(MemoryPlan, NeverGivesMoreThanThereIs) {
  for_each_plan([](std::size_t bytes, unsigned, const auto&, const MemoryPlan& plan) {
    EXPECT_LE(plan.input_bytes + plan.table_bytes + plan.spill_bytes + plan.spare_item_bytes +
                  plan.output_bytes + plan.index_bytes + plan.sort_bytes,
              bytes);
  });
}

TEST(MemoryPlan, GivesEveryPurposeWhatItNeeds) {
  for_each_plan([](std::size_t, unsigned threads, const auto& needs, const MemoryPlan& plan) {
    EXPECT_GE(plan.input_bytes, threads * kMiB);
    EXPECT_GE(plan.output_bytes, threads * (std::size_t{512} << 10));
    EXPECT_GE(plan.spill_bytes, plan.spill_writers * RunWriter::memory_bytes(plan.block_bytes));
    EXPECT_GE(plan.block_bytes, kBlockBytesMin);
    EXPECT_LE(plan.block_bytes, kBlockBytesMax);
    EXPECT_GE(plan.sort_bytes, kSortLeast);
    EXPECT_EQ(plan.table_bytes, plan.table_share_bytes * threads);
    EXPECT_EQ(plan.table_bytes != 0, needs.combines);
    if (needs.combines) {
      EXPECT_GE(plan.table_share_bytes, std::size_t{64} << 10);
    }
  });
}

TEST(MemoryPlan, SharesOfInexactFoldsDependOnTheMemoryAlone) {
  for (std::size_t bytes = kMemoryLeast; bytes <= 64 * kGiB; bytes += bytes / 3) {
    const MemoryPlan::Needs needs{true, false, false};
    const std::size_t share = MemoryPlan::make(bytes, 1, needs).table_share_bytes;
    for (unsigned asked = 2; asked <= kInexactThreadsMost; ++asked) {
      const unsigned threads = threads_for_memory(bytes, asked);
      EXPECT_EQ(MemoryPlan::make(bytes, threads, needs).table_share_bytes, share)
          << bytes << " bytes, " << threads << " threads";
    }
  }
}

TEST(MergeMemory, LetsEveryMergeReadTwoRunsAtLeast) {
  for (std::size_t bytes = kMiB; bytes <= 64 * kGiB; bytes *= 3) {
    for (const unsigned threads : {1u, 2u, 7u, 64u}) {
      for (const std::size_t cursor : {std::size_t{150} << 10, std::size_t{3} << 20}) {
        for (const std::size_t writer : {std::size_t{150} << 10, std::size_t{5} << 20}) {
          for (const std::size_t runs : {1u, 2u, 5u, 16u, 17u, 100'000u}) {
            const MergeMemory memory = MergeMemory::make(bytes, threads, cursor, writer, runs);
            EXPECT_GE(memory.fan_in, 2u);
            EXPECT_LE(memory.fan_in, 4096u);
            EXPECT_GE(memory.tasks_at_once, 1u);
            EXPECT_LE(memory.tasks_at_once, threads);
            EXPECT_EQ(memory.bytes, bytes);
            // All merges that run side by side fit, unless not even one does.
            const std::size_t one = std::min(memory.fan_in, runs) * cursor + writer;
            if (memory.tasks_at_once > 1 || memory.fan_in > 2) {
              EXPECT_LE(memory.tasks_at_once * one, bytes);
            }
          }
        }
      }
    }
  }
}

/// Whether runs of `data_bytes` of records of 100 bytes, to which a sort refers, are merged at
/// once, by a fifth of the threads at least.
void expect_one_pass(std::size_t memory_bytes, unsigned threads, std::size_t data_bytes) {
  SCOPED_TRACE(testing::Message() << memory_bytes / kMiB << " MiB, " << threads << " threads");
  const MemoryPlan plan = MemoryPlan::make(memory_bytes, threads, {});
  const std::size_t held_bytes = data_bytes / 100 * (100 + SortBuffer::kBytesPerEntry);
  const std::size_t runs = held_bytes / plan.sort_bytes + 1;
  const MergeMemory memory =
      MergeMemory::for_runs(plan, threads, plan.block_bytes, SpillCompression::none, runs);
  EXPECT_GE(memory.fan_in, runs);
  EXPECT_GE(memory.tasks_at_once, std::max(1u, threads / 5));
}

TEST(MergeMemory, OnePassServesTheSquareOfTheMemory) {
  for (const std::size_t memory_bytes : {256 * kMiB, 512 * kMiB, kGiB})
    for (unsigned threads = 1; threads <= 16; ++threads)
      expect_one_pass(memory_bytes, threads, memory_bytes / kMiB * memory_bytes);
}

TEST(MergeMemory, OfMoreThanSixteenThreadsOnePassServesLess) {
  for (const std::size_t memory_bytes : {512 * kMiB, kGiB})
    for (unsigned threads = 17; threads <= 64; ++threads)
      expect_one_pass(memory_bytes, threads, memory_bytes / kMiB * memory_bytes / threads * 11);
}

// Goal: many threads are not given up where only few runs are too many.
TEST(MergeMemory, MergesSideBySideWhereLittleIsWrittenTwice) {
  const auto tasks = [](std::size_t bytes, unsigned threads, std::size_t runs) {
    return MergeMemory::make(bytes, threads, 1, 0, runs).tasks_at_once;
  };
  EXPECT_EQ(tasks(800, 8, 100), 8u);
  EXPECT_EQ(tasks(800, 8, 101), 7u);
  EXPECT_EQ(tasks(800, 8, 133), 6u);
  EXPECT_EQ(tasks(800, 8, 134), 5u);
  EXPECT_EQ(tasks(800, 8, 400), 2u);
  EXPECT_EQ(tasks(800, 8, 401), 8u);
  EXPECT_EQ(tasks(200, 2, 100), 2u);
  EXPECT_EQ(tasks(200, 2, 133), 2u) << "rather a quarter of the data twice than half the threads";
  EXPECT_EQ(tasks(200, 2, 134), 1u);
}

TEST(MergeMemory, OfEveryPlanHasRoomForTwoRuns) {
  for_each_plan([](std::size_t, unsigned threads, const auto&, const MemoryPlan& plan) {
    const std::size_t bytes = plan.sort_bytes + plan.table_bytes + plan.input_bytes;
    const std::size_t cursor = 3 * plan.block_bytes;
    const std::size_t writer = RunWriter::memory_bytes(plan.block_bytes);
    const MergeMemory memory = MergeMemory::make(bytes, threads, cursor, writer, 1000);
    EXPECT_LE(memory.tasks_at_once * (memory.fan_in * cursor + writer), bytes);
  });
}

}  // namespace
}  // namespace mrun
