// Jobs of every shape the SDK knows, run in the test kit.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "mrun/test.hpp"

namespace {

// A name of its own, for GoogleTest's tests have a member Run.
template <typename J>
using JobRun = mrun::test::Run<J>;

struct RealSums {
  using Combine = mrun::Sum;
  void map(std::string_view line, mrun::Emit<std::string_view, double>& out) {
    const auto [key, number] = mrun::split2(line, ' ');
    out(key, std::stod(std::string(number)));
  }
};

TEST(Job, SumsDoublesExactlyWithoutAReduceOfItsOwn) {
  JobRun<RealSums> run;
  run.input("a 1e308\na 1\nb 0.1\na -1e308\nb 0.2\n").input("b -0.3\nc nan\nd inf\n");
  EXPECT_EQ("a\t1\nb\t2.7755575615628914e-17\nc\tnan\nd\tinf\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct RealSumsReduced : RealSums {
  void reduce(std::string_view key, mrun::Values<double>& sums, mrun::Out& out) {
    for (const double sum : sums) out(key, "sum", sum);
  }
};

TEST(Job, HandsExactSumsToReduceAsDoubles) {
  EXPECT_EQ("a\tsum\t1\n", JobRun<RealSumsReduced>().input("a 1e308\na 1\na -1e308\n").output());
}

/// All values of a key as one record, however long it becomes.
struct Concatenation {
  void map(std::string_view line, mrun::Emit<std::string_view, std::string_view>& out) {
    const auto [key, value] = mrun::split2(line, ' ');
    out(key, value);
  }
  void reduce(std::string_view key, mrun::Values<std::string_view>& values, mrun::Out& out) {
    out.piece(key);
    for (const std::string_view value : values) {
      out.piece(" ");
      out.piece(value);
    }
    out.end_record();
  }
};

TEST(Job, WritesARecordInPieces) {
  JobRun<Concatenation> run;
  run.input("a 1\nb 2\na 3\n").input("a 4\nb\n");
  EXPECT_EQ("a 1 3 4\nb 2 \n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct Counts {
  using Combine = mrun::Count;
  void map(std::string_view line, mrun::Emit<std::string_view, mrun::None>& out) {
    for (const auto word : mrun::words{line}) out(word);
  }
};

TEST(Job, CountsPairsWithoutValues) {
  JobRun<Counts> run;
  run.input("a b a\n").input("a\n");
  EXPECT_EQ("a\t3\nb\t1\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct Range {
  using Combine = mrun::Lanes<mrun::Sum, mrun::Min, mrun::Max>;
  using State = std::array<std::int64_t, 3>;
  void map(std::string_view line, mrun::Emit<mrun::None, State>& out) {
    const auto number = mrun::parse<std::int64_t>(line);
    out(mrun::None{}, {*number, *number, *number});
  }
  void reduce(mrun::None, mrun::Values<State>& states, mrun::Out& out) {
    for (const auto& [sum, min, max] : states) out(sum, min, max);
  }
};

TEST(Job, CombinesElementByElementUnderOneKey) {
  JobRun<Range> run;
  run.input("3\n-5\n10\n0\n");
  EXPECT_EQ("8\t-5\t10\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct Least {
  using Combine = mrun::Min;
  void map(std::string_view line, mrun::Emit<mrun::None, double>& out) {
    out(mrun::None{}, std::stod(std::string(line)));
  }
};

TEST(Job, TakesTheLeastDoubleByTheTotalOrder) {
  EXPECT_EQ("-0\n", JobRun<Least>().input("0\n-0\n0\nnan\n").output());
  EXPECT_EQ("1\n", JobRun<Least>().input("nan\n1\ninf\nnan\n").output());
}

struct FilesOfWords {
  using Combine = mrun::Unique;
  void map(const mrun::Record& record, mrun::Emit<std::string_view, mrun::File>& out) {
    for (const auto word : mrun::words{record}) out(word, record.file);
  }
};

TEST(Job, PrintsFilesAsTheirNamesAndDropsRepeatedValues) {
  JobRun<FilesOfWords> run;
  run.file("one.txt", "a b a\na\n").file("two.txt", "a\na\n");
  EXPECT_EQ("a\tone.txt\na\ttwo.txt\nb\tone.txt\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct Where {
  static constexpr bool line_numbers = true;
  mrun::SideOutput empty{"empty", "empty lines"};
  void map(const mrun::Record& record, mrun::Out& out) {
    if (record.text.empty()) {
      out.to(empty, record.file, record.line);
    } else {
      out(record.file, record.input, record.line, record.offset, record.text);
    }
  }
};

TEST(Job, KnowsWhereARecordLies) {
  JobRun<Where> run;
  run.file("f", "ab\n\nc\n").file("g", "d");
  EXPECT_EQ("f\t0\t1\t0\tab\nf\t0\t3\t4\tc\ng\t0\t1\t0\td\n", run.output());
  EXPECT_EQ("f\t2\n", run.side("empty"));
  EXPECT_EQ("", run.difference_between_ways());
}

struct Typed {
  using Key = std::tuple<mrun::Desc<std::string_view>, double, bool>;
  void map(std::string_view line, mrun::Emit<Key, std::int64_t>& out) {
    const mrun::fields f{line, ' '};
    out({{f[0]}, std::stod(std::string(f[1])), f[2] == "t"}, *mrun::parse<std::int64_t>(f[3]));
  }
};

TEST(Job, PrintsTypedKeysInTheirOrder) {
  JobRun<Typed> run;
  run.input("a 2 t 1\nb -0.5 f 2\nb 1e300 f -3\nb -0.5 t 4\n");
  EXPECT_EQ("b\t-0.5\tfalse\t2\nb\t-0.5\ttrue\t4\nb\t1e+300\tfalse\t-3\na\t2\ttrue\t1\n",
            run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct Joined {
  static constexpr mrun::Input inputs[] = {{"users"}, {"things"}};
  static constexpr int group_fields = 1;
  using Key = std::tuple<std::string, std::uint8_t>;
  void map(const mrun::Record& record, mrun::Emit<Key, std::string_view>& out) {
    const auto [id, rest] = mrun::split2(record);
    out(Key{std::string(id), static_cast<std::uint8_t>(record.input)}, rest);
  }
  void reduce(const Key& key, mrun::Values<std::string_view>& rows, mrun::Out& out) {
    std::string user;
    for (auto row = rows.begin(); row != rows.end(); ++row) {
      if (rows.key_bytes().back() == 0) {
        user = *row;
      } else {
        out(std::get<0>(key), user, *row);
      }
    }
  }
};

TEST(Job, TellsTheKeysOfAGroupApart) {
  JobRun<Joined> run;
  run.input_of("users", "1\tann\n2\tbob\n");
  run.input_of("things", "2\tpen\n1\tink\n2\tcap\n1\tbox\n1\tmap\n");
  EXPECT_EQ("1\tann\tink\n1\tann\tbox\n1\tann\tmap\n2\tbob\tpen\n2\tbob\tcap\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
  run.partitions(4);
  EXPECT_EQ("", run.error());
  EXPECT_EQ("", run.difference_between_ways());
}

/// Keys of a group that no value repeats.
struct Distances {
  using Key = std::tuple<std::string_view, mrun::Desc<std::int64_t>>;
  static constexpr int group_fields = 1;
  static constexpr bool independent_groups = true;
  void map(std::string_view line, mrun::Emit<Key, mrun::None>& out) {
    const auto [name, number] = mrun::split2(line);
    out({name, {*mrun::parse<std::int64_t>(number)}});
  }
  void reduce(const Key& first, mrun::Values<mrun::None>& values, mrun::Out& out) {
    const std::string name(std::get<0>(first));
    for (auto at = values.begin(); at != values.end(); ++at) {
      const Key key = values.key<Key>();
      out(name, std::get<0>(key), std::get<1>(first).value - std::get<1>(key).value);
    }
  }
};

TEST(Job, DecodesTheKeyOfEachValueOfAGroup) {
  JobRun<Distances> run;
  run.input("a\t3\nb\t5\na\t9\na\t-1\n");
  EXPECT_EQ("a\ta\t0\na\ta\t6\na\ta\t10\nb\tb\t0\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct FirstTwo {
  void map(std::string_view line, mrun::Emit<std::string_view, std::string_view>& out) {
    out("all", line);
  }
  void reduce(std::string_view, mrun::Values<std::string_view>& lines, mrun::Out& out) {
    int left = 2;
    for (const auto line : lines) {
      out(line);
      if (--left == 0) break;
    }
  }
};

TEST(Job, MayLeaveValuesUnread) {
  JobRun<FirstTwo> run;
  run.input("1\n2\n3\n4\n5\n6\n7\n");
  EXPECT_EQ("1\n2\n", run.output());
  EXPECT_EQ("", run.difference_between_ways());
}

struct Prepared {
  mrun::Param<std::int64_t> start{"start", "10"};
  mrun::Repeated<std::string> names{"name"};
  struct Shared {
    std::string names;
    explicit Shared(const Prepared& job) {
      for (const std::string& name : job.names) names += name + ";";
      if (names == "bad;") mrun::fail("no such name");
    }
  };
  std::int64_t doubled = *start * 2;
  std::int64_t next = 0;
  void setup(const Shared& shared) {
    next = doubled + static_cast<std::int64_t>(shared.names.size());
  }
  void map(std::string_view line, const Shared& shared, mrun::Out& out) {
    out(shared.names, next++, line);
  }
  void finish(mrun::Out& out) { out("end"); }
};

TEST(Job, IsPreparedFromItsParameters) {
  JobRun<Prepared> run;
  run.param("name", "x").param("name", "yy").param("start", "1").input("a\nb\n").input("c\n");
  EXPECT_EQ("x;yy;\t7\ta\nx;yy;\t8\tb\nend\nx;yy;\t7\tc\nend\n", run.output());
}

TEST(Job, TakesAFailureOfSharedForAWrongParameter) {
  JobRun<Prepared> run;
  run.param("name", "bad").input("a\n");
  EXPECT_EQ(MRUN_BAD_CONFIG, run.status());
  EXPECT_EQ("no such name", run.error());
}

struct Choosy {
  mrun::Param<std::uint64_t> count{"count", "1"};
  mrun::Param<double> factor{"factor", "1"};
  mrun::Param<bool> flag{"flag", "false"};
  mrun::Param<std::string> mode{"mode", "fast", nullptr, "fast|small"};
  mrun::Param<std::string> needed{"needed", nullptr};
  void map(std::string_view, mrun::Out& out) { out(*count, *factor, *flag, *mode, *needed); }
};

TEST(Job, SaysWhatIsWrongWithAParameter) {
  const auto error = [](const char* name, const char* value) {
    JobRun<Choosy> run;
    run.input("x\n").param("needed", "").param(name, value);
    EXPECT_EQ(MRUN_BAD_CONFIG, run.status());
    return run.error();
  };
  EXPECT_EQ("parameter count: '-1' is not a whole number of 0 or more", error("count", "-1"));
  EXPECT_EQ("parameter count: '18446744073709551616' is not in the range of the parameter's type",
            error("count", "18446744073709551616"));
  EXPECT_EQ("parameter factor: 'x' is not a number", error("factor", "x"));
  EXPECT_EQ("parameter factor: '' is not a number", error("factor", ""));
  EXPECT_EQ("parameter flag: 'yes' is not true or false", error("flag", "yes"));
  EXPECT_EQ("parameter mode: 'slow' is not one of fast|small", error("mode", "slow"));
  EXPECT_EQ("parameter needed is required", JobRun<Choosy>().input("x\n").error());
  EXPECT_EQ("the job has no parameter nedeed", JobRun<Choosy>().param("nedeed", "").error());
  EXPECT_EQ("2\t-0.25\ttrue\tsmall\tn\n", JobRun<Choosy>()
                                              .input("x\n")
                                              .param("count", "2")
                                              .param("factor", "-2.5e-1")
                                              .param("flag", "true")
                                              .param("mode", "small")
                                              .param("needed", "n")
                                              .output());
}

struct Thrower {
  mrun::Param<std::string> what{"what", ""};
  void act(std::string_view at) {
    if (*what == std::string(at) + "-throw")
      throw std::runtime_error("thrown in " + std::string(at));
    if (*what == std::string(at) + "-fail") mrun::fail("no in " + std::string(at));
    if (*what == std::string(at) + "-int") throw 1;
    if (*what == std::string(at) + "-memory") throw std::bad_alloc();
  }
  void setup() { act("setup"); }
  void map(std::string_view line, mrun::Emit<std::string_view, std::string_view>& out) {
    act("map");
    out(line, line);
  }
  void finish(mrun::Emit<std::string_view, std::string_view>&) { act("finish"); }
  void reduce(std::string_view, mrun::Values<std::string_view>&, mrun::Out&) { act("reduce"); }
};

TEST(Job, StopsEveryExceptionAtTheFence) {
  for (const std::string at : {"setup", "map", "finish", "reduce"}) {
    const auto run = [&](const char* what) {
      JobRun<Thrower> job;
      job.input("x\n").param("what", at + what);
      return job;
    };
    EXPECT_EQ(MRUN_THREW, run("-throw").status());
    EXPECT_EQ("thrown in " + at, run("-throw").error());
    EXPECT_EQ(MRUN_FAIL, run("-fail").status());
    EXPECT_EQ("no in " + at, run("-fail").error());
    EXPECT_EQ(MRUN_THREW, run("-int").status());
    EXPECT_EQ("something that is not a std::exception", run("-int").error());
    EXPECT_EQ(MRUN_NO_MEMORY, run("-memory").status());
    EXPECT_EQ("", run("-memory").output());
  }
}

struct BadPartition {
  void map(std::string_view line, mrun::Emit<std::string_view, mrun::None>& out) { out(line); }
  static std::uint32_t partition(std::string_view key, std::uint32_t partitions) {
    return key == "over" ? partitions : static_cast<std::uint32_t>(key.size()) % partitions;
  }
};

TEST(Job, PartitionsByAFunctionOfItsOwn) {
  JobRun<BadPartition> run;
  run.partitions(2).input("aa\nb\ncc\nddd\n");
  EXPECT_EQ("aa\ncc\nb\nddd\n", run.output());
  run.input("over\n");
  EXPECT_EQ("the job broke the contract: partition gave a number that is too large", run.error());
}

struct EndsWithNul {
  static constexpr auto record_end = mrun::RecordEnd::nul;
  static constexpr auto output = mrun::Output::value;
  void map(std::string_view line, mrun::Emit<std::string_view, std::string_view>& out) {
    const auto [key, value] = mrun::split2(line);
    out(key, value);
  }
};

TEST(Job, ChoosesWhatIsWrittenAndHowRecordsEnd) {
  EXPECT_EQ(std::string("2\0001\0", 4), JobRun<EndsWithNul>().input("b\t1\na\t2\n").output());
}

}  // namespace
