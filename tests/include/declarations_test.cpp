// What a struct declares reaches the C descriptor.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "mrun/mrun.hpp"

namespace {

template <typename J>
const mrun_job& job_of() {
  return *mrun::detail::plugin<J>("TheType")->jobs[0];
}

struct Plain {
  void map(std::string_view, mrun::Emit<std::string_view, std::string_view>&) {}
};

struct Everything {
  static constexpr auto name = "everything";
  static constexpr auto help = "all of it";
  static constexpr auto version = "7";
  static constexpr auto records = "fixed:10";
  static constexpr bool line_numbers = true;
  static constexpr bool total_order = true;
  static constexpr int group_fields = 1;
  static constexpr int partitions = 3;
  static constexpr auto output = mrun::Output::value;
  static constexpr auto record_end = mrun::RecordEnd::nul;
  using Key = std::tuple<std::string, mrun::Desc<std::int64_t>, mrun::File>;
  using Combine = mrun::Max;

  mrun::Param<std::string> needed{"needed", nullptr, "no default"};
  mrun::Param<double> factor{"factor", "1.5", nullptr, "1.5|2"};
  mrun::Repeated<std::uint64_t> numbers{"numbers"};
  mrun::Param<mrun::Path> table{"table", ""};
  mrun::Counter seen{"seen", "how many"};
  mrun::SideOutput bad{"bad"};

  void map(const mrun::Record&, mrun::Emit<Key, double>&) {}
  void finish(mrun::Emit<Key, double>&) {}
  static std::uint32_t partition(const Key&, std::uint32_t) { return 0; }
};

TEST(Declarations, OfAPlainJobAreDefaults) {
  const mrun_job& job = job_of<Plain>();
  EXPECT_STREQ("TheType", job.name);
  EXPECT_EQ(sizeof(mrun_job), job.size);
  EXPECT_EQ(MRUN_INDEPENDENT_GROUPS | MRUN_GROUP_STRIDED, static_cast<int>(job.flags));
  EXPECT_EQ(nullptr, job.params[0]);
  EXPECT_EQ(nullptr, job.reduce);
  EXPECT_EQ(nullptr, job.task_end);
  EXPECT_EQ(nullptr, job.group_lens);
  EXPECT_EQ(nullptr, job.partition);
  EXPECT_EQ(MRUN_T_BYTES, job.key_types[0]);
  EXPECT_EQ(static_cast<unsigned>(MRUN_T_BYTES), job.value_type);
  EXPECT_EQ(static_cast<unsigned>(MRUN_OUT_PAIR), job.out_kind);
  EXPECT_EQ(static_cast<unsigned>(MRUN_C_NONE), job.combine);
  EXPECT_STREQ("lines", job.inputs[0]->format);
}

TEST(Declarations, ReachTheDescriptor) {
  const mrun_job& job = job_of<Everything>();
  EXPECT_STREQ("everything", job.name);
  EXPECT_STREQ("all of it", job.help);
  EXPECT_STREQ("7", mrun::detail::plugin<Everything>("")->version);
  EXPECT_STREQ("fixed:10", job.inputs[0]->format);
  EXPECT_EQ(MRUN_IN_RECORDS | MRUN_IN_CHUNK | MRUN_IN_LINE_NUMBERS,
            static_cast<int>(job.inputs[0]->flags));
  EXPECT_NE(0u, job.flags & MRUN_TOTAL_ORDER);
  EXPECT_NE(0u, job.flags & MRUN_FOLD_EXACT);
  EXPECT_EQ(3u, job.partitions);
  EXPECT_EQ(static_cast<unsigned>(MRUN_OUT_VALUE), job.out_kind);
  EXPECT_EQ(static_cast<unsigned>(MRUN_END_NUL), job.out_end);
  EXPECT_NE(nullptr, job.group_lens);
  EXPECT_NE(nullptr, job.partition);
  EXPECT_NE(nullptr, job.task_end);
  ASSERT_EQ(3u, job.n_key_types);
  EXPECT_EQ(MRUN_T_BYTES, job.key_types[0]);
  EXPECT_EQ(MRUN_T_I64 | MRUN_T_DESCENDING, job.key_types[1]);
  EXPECT_EQ(MRUN_T_FILE, job.key_types[2]);
  EXPECT_EQ(static_cast<unsigned>(MRUN_C_LANES), job.combine);
  EXPECT_EQ(MRUN_LANE_MAX_F64, job.lane_ops[0]);
}

TEST(Declarations, OfParametersCountersAndOutputsKeepTheirOrder) {
  const mrun_job& job = job_of<Everything>();
  ASSERT_NE(nullptr, job.params[3]);
  EXPECT_EQ(nullptr, job.params[4]);
  EXPECT_STREQ("needed", job.params[0]->name);
  EXPECT_EQ(nullptr, job.params[0]->dflt);
  EXPECT_STREQ("1.5|2", job.params[1]->choices);
  EXPECT_EQ(static_cast<unsigned>(MRUN_T_F64), job.params[1]->type);
  EXPECT_EQ(static_cast<unsigned>(MRUN_P_REPEATS), job.params[2]->flags);
  EXPECT_EQ(static_cast<unsigned>(MRUN_P_PATH), job.params[3]->flags);
  EXPECT_STREQ("how many", job.counters[0]->help);
  EXPECT_STREQ("bad", job.outputs[0]->name);
}

struct ThrowsWhenProbed {
  mrun::Param<std::string> first{"first", nullptr};
  int length = first->empty() ? throw std::runtime_error("empty") : 1;
  mrun::Param<std::string> hidden{"hidden", nullptr};
  void map(std::string_view, mrun::Out&) {}
};

TEST(Declarations, BeforeAThrowingInitialiserStand) {
  const mrun_job& job = job_of<ThrowsWhenProbed>();
  ASSERT_NE(nullptr, job.params[0]);
  EXPECT_STREQ("first", job.params[0]->name);
  EXPECT_EQ(nullptr, job.params[1]);
}

struct Keeps {
  std::string last;
  void map(std::string_view, mrun::Emit<std::string_view, mrun::None>&) {}
  void reduce(std::string_view, mrun::Values<mrun::None>&, mrun::Out&) {}
};
struct KeepsNothing {
  void map(std::string_view, mrun::Emit<std::string_view, mrun::None>&) {}
  void reduce(std::string_view, mrun::Values<mrun::None>&, mrun::Out&) {}
};
struct SaysSo : Keeps {
  static constexpr bool independent_groups = true;
};

TEST(Declarations, MakeGroupsIndependentOnlyWhereNothingCanBeKept) {
  EXPECT_EQ(0u, job_of<Keeps>().flags & MRUN_INDEPENDENT_GROUPS);
  EXPECT_NE(0u, job_of<KeepsNothing>().flags & MRUN_INDEPENDENT_GROUPS);
  EXPECT_NE(0u, job_of<SaysSo>().flags & MRUN_INDEPENDENT_GROUPS);
}

template <typename C, typename V>
struct Combines {
  using Combine = C;
  void map(std::string_view, mrun::Emit<std::string_view, V>&) {}
  void reduce(std::string_view,
              mrun::Values<std::conditional_t<std::same_as<C, mrun::Count>, std::uint64_t, V>>&,
              mrun::Out&) {}
};
struct Folded {
  std::uint64_t words[3];
};
struct OwnFold {
  static constexpr bool exact = true;
  static void fold(Folded& state, const Folded& value) { state.words[0] |= value.words[0]; }
};

TEST(Declarations, OfCombinersSayLanesStatesAndExactness) {
  const mrun_job& sum = job_of<Combines<mrun::Sum, std::int32_t>>();
  EXPECT_EQ(MRUN_LANE_SUM_U64, sum.lane_ops[0]);
  EXPECT_EQ(8u, sum.state_size);
  EXPECT_EQ(MRUN_LANE_MIN_I64, (job_of<Combines<mrun::Min, std::int64_t>>().lane_ops[0]));

  const mrun_job& real = job_of<Combines<mrun::Sum, double>>();
  EXPECT_EQ(static_cast<unsigned>(MRUN_C_FOLD), real.combine);
  EXPECT_EQ(256u, real.state_size);
  EXPECT_NE(0u, real.flags & MRUN_FOLD_EXACT);

  const mrun_job& count = job_of<Combines<mrun::Count, mrun::None>>();
  EXPECT_EQ(static_cast<unsigned>(MRUN_T_U64), count.value_type);
  EXPECT_EQ(MRUN_LANE_SUM_U64, count.lane_ops[0]);

  const mrun_job& lanes =
      job_of<Combines<mrun::Lanes<mrun::Sum, mrun::Min, mrun::Max>, std::array<std::int64_t, 3>>>();
  EXPECT_EQ(24u, lanes.state_size);
  EXPECT_EQ(MRUN_LANE_MAX_I64, lanes.lane_ops[2]);
  EXPECT_NE(0u, lanes.flags & MRUN_FOLD_EXACT);
  const mrun_job& inexact = job_of<Combines<mrun::Lanes<mrun::Sum>, std::array<double, 1>>>();
  EXPECT_EQ(0u, inexact.flags & MRUN_FOLD_EXACT);

  const mrun_job& own = job_of<Combines<OwnFold, Folded>>();
  EXPECT_EQ(24u, own.state_size);
  EXPECT_NE(nullptr, own.fold);
  EXPECT_NE(0u, own.flags & MRUN_FOLD_EXACT);

  const mrun_job& unique = job_of<Combines<mrun::Unique, mrun::File>>();
  EXPECT_EQ(static_cast<unsigned>(MRUN_C_UNIQUE), unique.combine);
  EXPECT_EQ(0u, unique.state_size);
}

}  // namespace
