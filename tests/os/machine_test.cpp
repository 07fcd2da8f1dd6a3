// The machine: control groups of both versions are understood, and figures are sane.
#include "os/machine.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstring>
#include <thread>

#include "os/cgroup_limits.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

using test_support::write_file;

class CgroupTest : public testing::Test {
 protected:
  void set(const std::string& name, const std::string& text) { write_file(folder_ / name, text); }
  CgroupLimits read(const std::string& membership) {
    return read_cgroup_limits(membership, folder_.path());
  }
  test_support::TempFolder folder_;
};

TEST_F(CgroupTest, Version2TakesTheTightestLevel) {
  set("a/b/cpu.max", "max 100000\n");
  set("a/cpu.max", "150000 100000\n");
  set("a/b/memory.max", "8000000\n");
  set("a/b/memory.current", "3000000\n");
  set("a/b/memory.stat", "anon 1000000\ninactive_file 1500000\nactive_file 500000\n");
  set("a/memory.max", "9000000\n");
  set("a/memory.current", "8500000\n");
  const CgroupLimits limits = read("0::/a/b\n");
  EXPECT_DOUBLE_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory_limit_bytes, 8000000u);
  EXPECT_EQ(limits.memory_free_bytes, 500000u);
}

TEST_F(CgroupTest, Version2WithoutLimitsLimitsNothing) {
  set("a/cpu.max", "max 100000\n");
  set("a/memory.max", "max\n");
  const CgroupLimits limits = read("0::/a\n");
  EXPECT_EQ(limits.cpus, 0);
  EXPECT_EQ(limits.memory_limit_bytes, UINT64_MAX);
  EXPECT_EQ(limits.memory_free_bytes, UINT64_MAX);
}

TEST_F(CgroupTest, APathThatIsNotVisibleFallsBackToTheRoot) {
  set("cpu.max", "200000 100000\n");
  set("memory.max", "7000\n");
  EXPECT_DOUBLE_EQ(read("0::/docker/abc\n").cpus, 2);
  EXPECT_EQ(read("0::/\n").memory_limit_bytes, 7000u);
}

TEST_F(CgroupTest, Version1HasAFolderPerController) {
  set("cpu/job/cpu.cfs_quota_us", "50000\n");
  set("cpu/job/cpu.cfs_period_us", "100000\n");
  set("cpu/cpu.cfs_quota_us", "-1\n");
  set("cpu/cpu.cfs_period_us", "100000\n");
  set("memory/job/memory.limit_in_bytes", "4000\n");
  set("memory/job/memory.usage_in_bytes", "3000\n");
  set("memory/job/memory.stat", "cache 1\ntotal_inactive_file 900\ntotal_active_file 100\n");
  set("memory/memory.limit_in_bytes", "9223372036854771712\n");
  const CgroupLimits limits = read("4:memory:/job\n3:cpu,cpuacct:/job\n1:name=systemd:/\n");
  EXPECT_DOUBLE_EQ(limits.cpus, 0.5);
  EXPECT_EQ(limits.memory_limit_bytes, 4000u);
  EXPECT_EQ(limits.memory_free_bytes, 2000u);
}

TEST_F(CgroupTest, JunkLimitsNothing) {
  set("cpu.max", "junk\n");
  set("memory.max", "-5\n");
  const CgroupLimits limits = read("junk\n\n0::\n::::\n");
  EXPECT_EQ(limits.cpus, 0);
  EXPECT_EQ(limits.memory_limit_bytes, UINT64_MAX);
}

TEST(Machine, HonoursTheAffinityMask) {
  EXPECT_GE(usable_threads(), 1u);
  std::thread([] {
    cpu_set_t mask;
    ASSERT_EQ(::sched_getaffinity(0, sizeof mask, &mask), 0);
    std::size_t first = 0;
    while (!CPU_ISSET(first, &mask)) ++first;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    ASSERT_EQ(::sched_setaffinity(0, sizeof mask, &mask), 0);
    EXPECT_EQ(usable_threads(), 1u);
  }).join();
}

TEST(Machine, TellsMemory) {
  EXPECT_GT(memory_available_bytes(), 0u);
  EXPECT_LE(memory_available_bytes(), memory_total_bytes());
}

TEST(Machine, CountsAnonymousMemoryOnly) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const std::uint64_t before = anonymous_memory_bytes();
  void* memory =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  std::memset(memory, 1, kBytes);
  const std::uint64_t with = anonymous_memory_bytes();
  ::munmap(memory, kBytes);
  EXPECT_GT(with, before + kBytes * 9 / 10);
  EXPECT_LT(with, before + kBytes * 11 / 10);
}

TEST(Machine, RaisesTheLimitOfOpenFiles) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit lower{64, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  EXPECT_EQ(raise_open_file_limit(), limit.rlim_max);
}

TEST(Machine, MeasuresTime) {
  const double before = cpu_seconds();
  volatile std::uint64_t sum = 0;
  while (cpu_seconds() - before < 0.01) sum = sum + 1;
  EXPECT_GT(cpu_seconds(), before);
}

}  // namespace
}  // namespace mrun
