// The sample jobs in the test kit: each computes what its first line says.
#define MRUN_NO_ENTRY
#include <gtest/gtest.h>

#include <string>

#include "mrun/test.hpp"
namespace samples {
#include "samples/jobs/mean.cpp"
#include "samples/jobs/newest.cpp"
#include "samples/jobs/top.cpp"
#include "samples/jobs/wordcount.cpp"
}  // namespace samples

namespace {

// A name of its own, for GoogleTest's tests have a member Run.
template <typename J>
using JobRun = mrun::test::Run<J>;

TEST(Samples, WordCountCountsWords) {
  JobRun<samples::WordCount> run;
  run.input("a b a\n").input("c b\r\nc c");
  EXPECT_EQ("a\t2\nb\t2\nc\t3\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(Samples, MeanDividesSumsByCounts) {
  JobRun<samples::Mean> run;
  run.input("north\t10\nsouth\t-3\nnorth\t5\r\nsouth\tcold\nnorth\t0\n");
  EXPECT_EQ("north\t5\nsouth\t-3\n", run.output());
  EXPECT_EQ(1, run.counter("bad_lines"));
  EXPECT_EQ("", run.difference_between_ways());
  EXPECT_EQ("k\t0.5\n", JobRun<samples::Mean>().input("k\t0\nk\t1\n").output());
}

TEST(Samples, NewestKeepsTheLastDayOfEachStation) {
  JobRun<samples::Newest> run;
  run.input("kiel\t3\told\nbonn\t-7\ta\nkiel\t20\tnew\nbonn\t-9\tb\n")
      .input("kiel\t20\tlater in the input\n");
  EXPECT_EQ("bonn\t-7\ta\nkiel\t20\tnew\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

TEST(Samples, NewestNamesABadRecord) {
  JobRun<samples::Newest> run;
  run.input("kiel\tmonday\t3\n");
  EXPECT_EQ(MRUN_BAD_RECORD, run.status());
  EXPECT_EQ("the second field is not a day's number", run.error());
}

TEST(Samples, TopKeepsTheLargestWhereverSplitsLie) {
  JobRun<samples::Top> run;
  run.param("k", "3").input("a\t5\nb\t9\nc\t5\nd\t1\ne\t5\nb\t9\n").input("f\t7\ng\t-4\n");
  EXPECT_EQ("b\t9\nb\t9\nf\t7\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  run.param("k", "5");
  EXPECT_EQ("b\t9\nb\t9\nf\t7\na\t5\nc\t5\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

}  // namespace
