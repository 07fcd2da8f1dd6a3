// Goal: a broken input gives the same message on every run and core count. Method: the schedule is
// the test's to choose: backwards, and many seeded shuffles.
#include "engine/first_failure.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "engine/in_process_job.hpp"
#include "engine/map_phase.hpp"
#include "support/executors.hpp"
#include "support/files.hpp"
#include "support/input_arguments.hpp"

namespace mrun {
namespace {

using test_support::InProcessJob;
using test_support::InProcessSpec;
using test_support::KeepingSink;
using test_support::OrderedExecutor;
using test_support::TempFolder;
using Order = OrderedExecutor::Order;

OrderedExecutor executor_of(std::uint64_t seed) {
  return OrderedExecutor(seed == 0   ? Order::ascending
                         : seed == 1 ? Order::descending
                                     : Order::shuffled,
                         seed, 8);
}

TEST(FirstFailure, IsNoneWithoutANote) {
  FirstFailure failure;
  EXPECT_TRUE(failure.result());
  EXPECT_FALSE(failure.is_moot(0));
  EXPECT_FALSE(failure.is_moot(1'000'000));
  failure.note(3, Result<void>());
  EXPECT_TRUE(failure.result());
}

TEST(FirstFailure, IsTheLowestInAnyOrder) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    FirstFailure failure;
    executor_of(seed).for_each_index(64, [&](std::size_t i) {
      if (failure.is_moot(i)) return;
      if (i == 17 || i == 18 || i == 40)
        failure.note(i, Error{Code::job_failed, "task " + std::to_string(i), {}});
    });
    ASSERT_FALSE(failure.result());
    EXPECT_EQ(failure.result().error().message, "task 17");
  }
}

TEST(FirstFailure, SaysWhyRatherThanThatOthersWereCancelled) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    FirstFailure failure;
    executor_of(seed).for_each_index(6, [&](std::size_t i) {
      const bool is_cause = i == 3 || i == 4;
      failure.note(i, Error{is_cause ? Code::input : Code::cancelled, std::to_string(i), {}});
    });
    ASSERT_FALSE(failure.result());
    EXPECT_EQ(failure.result().error().message, "3");
  }
}

TEST(FirstFailure, MakesLaterTasksMootOnly) {
  FirstFailure failure;
  failure.note(5, Error{Code::input, "", {}});
  EXPECT_FALSE(failure.is_moot(4));
  EXPECT_FALSE(failure.is_moot(5));
  EXPECT_TRUE(failure.is_moot(6));
  failure.note(9, Error{Code::input, "", {}});
  EXPECT_FALSE(failure.is_moot(5));
}

// Each group has a sink of its own.
class KeepingTarget final : public MapTarget {
 public:
  void begin_section(std::span<const SplitGroup>) override {}
  Result<void> run(const GroupRun& group, const Maps& maps) override {
    if (group.moot) return {};
    KeepingSink sink;
    AttemptContext sinks;
    sinks.entries = &sink;
    return maps(sinks, [] { return Result<void>(); });
  }
};

TEST(MapPhase, ReportsTheLowestFailureInAnyOrder) {
  std::string text;
  for (int line = 0; line < 2000; ++line) text += "line " + std::to_string(line) + "\n";
  const TempFolder folder;
  test_support::write_file(folder / "input", text);
  const auto inputs = list_inputs(test_support::input_arguments({folder / "input"}));
  ASSERT_TRUE(inputs);
  const SplitPlan plan = plan_splits(*inputs, 100, test_support::kLines);
  const std::vector<SplitGroup> groups = group_splits(plan);
  ASSERT_GT(groups.size(), 40u);
  test_support::JobHooks hooks;
  hooks.before_record = [](std::string_view line, std::uint64_t) -> Result<void> {
    if (line != "line 700" && line != "line 1500") return {};
    return fail(Code::job_failed, std::string(line));
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    InProcessJob job(InProcessSpec{}, hooks);
    MemoryBudget budget(std::size_t{16} << 20);
    StopFlag stop;
    Progress progress;
    PeakMemory peak;
    ReaderOptions reading;
    reading.split_bytes = plan.split_bytes;
    InputReader reader(*inputs, plan, reading, budget, stop);
    KeepingTarget target;
    OrderedExecutor executor = executor_of(seed);
    const auto mapped =
        run_map_phase({job, plan, reader, target, executor, progress, stop, peak}, groups);
    ASSERT_FALSE(mapped);
    EXPECT_EQ(mapped.error().code, Code::job_failed);
    EXPECT_EQ(mapped.error().message, "line 700");
  }
}

}  // namespace
}  // namespace mrun
