// Goal: every wrong parameter is named before the job runs.
#include "cli/params.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mrun {
namespace {

using Texts = std::vector<std::string>;

ParamSpec param(std::string name, FieldType type) {
  ParamSpec spec;
  spec.name = std::move(name);
  spec.type = type;
  spec.has_default = true;
  return spec;
}

JobSpec job_with_params() {
  JobSpec job;
  job.name = "tested";
  job.params = {param("number", FieldType::i64), param("count", FieldType::u64),
                param("factor", FieldType::f64), param("flag", FieldType::boolean),
                param("text", FieldType::bytes), param("mode", FieldType::bytes),
                param("file", FieldType::bytes)};
  job.params[5].choices = "fast|safe";
  job.params[6].repeats = true;
  job.params[6].has_default = false;
  return job;
}

void expect_usage(const Texts& given, const Texts& words, const JobSpec& job = job_with_params()) {
  const Result<JobParams> checked = check_params(given, job);
  ASSERT_FALSE(checked) << testing::PrintToString(given);
  EXPECT_EQ(checked.error().code, Code::usage);
  const std::string said = checked.error().message + " " + checked.error().hint;
  for (const std::string& word : words)
    EXPECT_NE(said.find(word), std::string::npos) << word << " in " << said;
}

TEST(Params, GoToTheirDeclaredPlaces) {
  const Texts given = {"text=a=b c",  "flag",  "number=-42", "file=x",
                       "factor=1e-3", "file=", "mode=safe"};
  const Result<JobParams> checked = check_params(given, job_with_params());
  ASSERT_TRUE(checked) << checked.error().message;
  const std::vector<Texts> expected = {{"-42"},   {},       {"1e-3"}, {"true"},
                                       {"a=b c"}, {"safe"}, {"x", ""}};
  EXPECT_EQ(checked->values, expected);
  ASSERT_EQ(checked->given.size(), 7u);
  EXPECT_EQ(checked->given[0], (std::pair<std::string, std::string>{"text", "a=b c"}));
  EXPECT_EQ(checked->given[5].second, "");
}

TEST(Params, NoneGivenIsFineWhereNoneIsRequired) {
  EXPECT_TRUE(check_params({}, job_with_params()));
  EXPECT_TRUE(check_params({}, JobSpec{}));
}

TEST(Params, RequiredOnesMustBeGiven) {
  JobSpec job = job_with_params();
  job.params[4].has_default = false;
  job.params[4].required = true;
  job.params[4].help = "what to look for";
  expect_usage({}, {"text", "what to look for", "-D text="}, job);
  const Texts given = {"text="};
  EXPECT_TRUE(check_params(given, job));
}

TEST(Params, UnknownOnesAreNamedWithTheNearest) {
  expect_usage({"numbr=1"}, {"numbr", "did you mean", "number"});
  expect_usage({"zzz"}, {"zzz", "number, count"});
  expect_usage({"=1"}, {"tested"});
  expect_usage({"x"}, {"it has none"}, JobSpec{});
}

TEST(Params, ValuesHaveTheirType) {
  for (const char* wrong :
       {"number=x1", "number=", "number=1.5", "number=9223372036854775808", "count=-1", "count=1 ",
        "factor=abc", "factor=", "factor=1,5", "flag=maybe", "flag=", "flag=TRUE"}) {
    const std::string text = wrong;
    expect_usage({text}, {text.substr(0, text.find('=')), text.substr(text.find('=') + 1)});
  }
  for (const char* right :
       {"number=9223372036854775807", "number=-9223372036854775808", "count=18446744073709551615",
        "factor=-0", "factor=12", "flag=0", "flag=true", "text="}) {
    const Texts given = {right};
    EXPECT_TRUE(check_params(given, job_with_params())) << right;
  }
}

TEST(Params, ChoicesAreWholeWords) {
  for (const char* wrong : {"mode=fas", "mode=", "mode=fast|safe", "mode"})
    expect_usage({wrong}, {"mode", "fast|safe"});
}

TEST(Params, OnlyRepeatableOnesMayRepeat) {
  expect_usage({"number=1", "number=2"}, {"number", "twice", "1", "2"});
}

}  // namespace
}  // namespace mrun
