// Goal: no descriptor, however wrong, gets past the check or brings it down. Method: a sound one,
// with one thing changed at a time.
#include "plugin/job_table.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace mrun {
namespace {

/// A sound library of one job, whose parts a test changes before it is read.
struct Library {
  mrun_param param{sizeof(mrun_param), MRUN_T_U64, 0, 0, "k", "10", "how many", nullptr};
  const mrun_param* params[2] = {&param, nullptr};
  mrun_counter counter{sizeof(mrun_counter), 0, "seen", nullptr};
  const mrun_counter* counters[2] = {&counter, nullptr};
  mrun_output output{sizeof(mrun_output), 0, "odd", "odd ones"};
  const mrun_output* outputs[2] = {&output, nullptr};
  mrun_input input{
      sizeof(mrun_input), MRUN_IN_CHUNK | MRUN_IN_LINE_NUMBERS, nullptr, "lines", nullptr, nullptr};
  const mrun_input* inputs[3] = {&input, nullptr, nullptr};
  std::vector<std::uint8_t> key_types{MRUN_T_BYTES, MRUN_T_I64 | MRUN_T_DESCENDING};
  std::vector<std::uint8_t> lanes{MRUN_LANE_SUM_U64, MRUN_LANE_MAX_F64};
  mrun_job job{};
  const mrun_job* jobs[3] = {&job, nullptr, nullptr};
  mrun_plugin plugin{sizeof(mrun_plugin), 0, 0, 0, "library", "2.1", "gcc", jobs};

  Library() {
    job.size = sizeof(job);
    job.name = "job";
    job.params = params;
    job.counters = counters;
    job.outputs = outputs;
    job.inputs = inputs;
    job.key_types = key_types.data();
    job.n_key_types = 2;
    job.value_type = MRUN_T_U64;
    job.combine = MRUN_C_LANES;
    job.state_size = 16;
    job.lane_ops = lanes.data();
    job.map = [](void*, const mrun_batch*) -> mrun_status { return MRUN_OK; };
    job.reduce = [](void*, mrun_group*) -> mrun_status { return MRUN_OK; };
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  Result<PluginTable> read() const { return read_plugin_table(&plugin, "some.so"); }
};

TEST(JobTable, ReadsWhatAJobDeclares) {
  const Library library;
  const Result<PluginTable> table = library.read();
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->jobs.size(), 1u);
  const JobSpec& spec = table->jobs[0].spec;
  EXPECT_EQ(spec.name, "job");
  EXPECT_EQ(spec.version, "2.1");
  ASSERT_EQ(spec.params.size(), 1u);
  EXPECT_EQ(spec.params[0].default_text, "10");
  EXPECT_FALSE(spec.params[0].required);
  EXPECT_EQ(spec.counters.size(), 1u);
  EXPECT_EQ(spec.side_outputs[0].name, "odd");
  ASSERT_EQ(spec.key_fields.size(), 2u);
  EXPECT_TRUE(spec.key_fields[1].descending);
  EXPECT_EQ(spec.lanes, (std::vector<LaneOp>{LaneOp::sum_u64, LaneOp::max_f64}));
  ASSERT_EQ(spec.inputs.size(), 1u);
  EXPECT_TRUE(spec.inputs[0].chunks);
  EXPECT_TRUE(spec.inputs[0].line_numbers);
  EXPECT_FALSE(spec.inputs[0].header);
  EXPECT_TRUE(spec.has_reduce);
  EXPECT_EQ(table->jobs[0].value_bytes, 16u);
}

TEST(JobTable, AParameterWithoutDefaultIsRequiredUnlessItRepeats) {
  Library library;
  library.param.dflt = nullptr;
  EXPECT_TRUE(library.read()->jobs[0].spec.params[0].required);
  library.param.flags = MRUN_P_REPEATS;
  const Result<PluginTable> table = library.read();
  EXPECT_FALSE(table->jobs[0].spec.params[0].required);
  EXPECT_FALSE(table->jobs[0].spec.params[0].has_default);
}

TEST(JobTable, WhatAnOlderWriterDidNotKnowIsZero) {
  Library library;
  library.job.size = offsetof(mrun_job, reduce);
  library.job.destroy = [](void*) {};
  const Result<PluginTable> table = library.read();
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->jobs[0].calls.reduce, nullptr);
  EXPECT_EQ(table->jobs[0].calls.destroy, nullptr);
  EXPECT_FALSE(table->jobs[0].spec.has_reduce);
}

TEST(JobTable, WhatANewerWriterAppendedIsIgnored) {
  struct Newer {
    mrun_job job;
    void* later[4];
  } newer{};
  Library library;
  newer.job = library.job;
  newer.job.size = sizeof(newer);
  library.jobs[0] = &newer.job;
  EXPECT_TRUE(library.read());
}

TEST(JobTable, RefusesEveryBrokenDescriptor) {
  struct Case {
    const char* words;
    std::function<void(Library&)> breaks;
  };
  const std::string long_name(300, 'n');
  const std::string endless(100'000, 'x');
  const std::vector<Case> cases = {
      {"no job", [](Library& l) { l.plugin.jobs = nullptr; }},
      {"no job", [](Library& l) { l.jobs[0] = nullptr; }},
      {"size is 0", [](Library& l) { l.plugin.size = 0; }},
      {"newer mrun", [](Library& l) { l.plugin.abi_min = MRUN_ABI_MINOR + 1; }},
      {"size is 4", [](Library& l) { l.job.size = 4; }},
      {"name is missing", [](Library& l) { l.job.name = nullptr; }},
      {"name is missing", [](Library& l) { l.job.name = ""; }},
      {"control characters", [](Library& l) { l.job.name = "a\x1b[31m"; }},
      {"too long", [&](Library& l) { l.job.name = long_name.c_str(); }},
      {"does not end", [&](Library& l) { l.job.help = endless.c_str(); }},
      {"no map", [](Library& l) { l.job.map = nullptr; }},
      {"same name", [](Library& l) { l.jobs[1] = &l.job; }},
      {"name is missing", [](Library& l) { l.param.name = nullptr; }},
      {"'='", [](Library& l) { l.param.name = "a=b"; }},
      {"type 99", [](Library& l) { l.param.type = 99; }},
      {"type 0", [](Library& l) { l.param.type = MRUN_T_NONE; }},
      {"name is missing", [](Library& l) { l.counter.name = nullptr; }},
      {"cannot name", [](Library& l) { l.output.name = "a/b"; }},
      {"cannot name", [](Library& l) { l.output.name = ".."; }},
      {"cannot name", [](Library& l) { l.output.name = "part"; }},
      {"cannot name an input", [](Library& l) { l.inputs[1] = &l.input; }},
      {"cannot name an input",
       [](Library& l) {
         l.inputs[1] = &l.input;
         l.input.tag = "a=b";
       }},
      {"two inputs are named 'a'",
       [](Library& l) {
         l.inputs[1] = &l.input;
         l.input.tag = "a";
       }},
      {"1000000 key fields", [](Library& l) { l.job.n_key_types = 1'000'000; }},
      {"2 key fields", [](Library& l) { l.job.key_types = nullptr; }},
      {"key field 0 has the type 50", [](Library& l) { l.key_types[0] = 50; }},
      {"value has the type 77", [](Library& l) { l.job.value_type = 77; }},
      {"out_kind is 3", [](Library& l) { l.job.out_kind = 3; }},
      {"out_end 3", [](Library& l) { l.job.out_end = 3; }},
      {"entry layout 1", [](Library& l) { l.job.entry_layout = 1; }},
      {"combiner 9", [](Library& l) { l.job.combine = 9; }},
      {"multiple of 8", [](Library& l) { l.job.state_size = 12; }},
      {"multiple of 8", [](Library& l) { l.job.state_size = 0; }},
      {"lane_ops", [](Library& l) { l.job.lane_ops = nullptr; }},
      {"lane 1 has the operation 9", [](Library& l) { l.lanes[1] = 9; }},
      {"own fold", [](Library& l) { l.job.combine = MRUN_C_FOLD; }},
      {"several rounds", [](Library& l) { l.job.flags = MRUN_ITERATES; }},
      {"partitions", [](Library& l) { l.job.partitions = 1u << 20; }},
      {"exclude each other", [](Library& l) { l.job.flags = MRUN_MAP_ONLY | MRUN_TOTAL_ORDER; }},
      {"neither a reduce nor",
       [](Library& l) {
         l.job.reduce = nullptr;
         l.job.n_key_types = 0;
       }},
  };
  for (const Case& one : cases) {
    Library library;
    one.breaks(library);
    const Result<PluginTable> table = library.read();
    ASSERT_FALSE(table) << one.words;
    EXPECT_EQ(table.error().code, Code::plugin);
    EXPECT_NE(table.error().message.find(one.words), std::string::npos)
        << one.words << " in " << table.error().message;
    EXPECT_NE(table.error().message.find("some.so"), std::string::npos);
  }
}

TEST(JobTable, AListWithoutEndIsRefused) {
  Library library;
  const std::vector<const mrun_counter*> endless = [&] {
    std::vector<const mrun_counter*> list;
    static std::vector<std::string> names;
    static std::vector<mrun_counter> counters;
    names.reserve(2000);
    counters.reserve(2000);
    for (int i = 0; i < 2000; ++i) {
      names.push_back("c" + std::to_string(i));
      counters.push_back({sizeof(mrun_counter), 0, names.back().c_str(), nullptr});
      list.push_back(&counters.back());
    }
    return list;
  }();
  library.job.counters = endless.data();
  const Result<PluginTable> table = library.read();
  ASSERT_FALSE(table);
  EXPECT_NE(table.error().message.find("does not end"), std::string::npos);
}

TEST(JobTable, ShapeChangesOnlyWhatTheContractNames) {
  const Library library;
  const Result<PluginTable> table = library.read();
  mrun_job copy = table->jobs[0].calls;
  copy.flags = MRUN_MAP_ONLY;
  copy.name = "renamed";
  copy.map = nullptr;
  copy.params = nullptr;
  copy.partitions = 3;
  const Result<JobTable> shaped = read_shaped_job(table->jobs[0], copy, "some.so");
  ASSERT_TRUE(shaped) << shaped.error().message;
  EXPECT_EQ(shaped->spec.name, "job");
  EXPECT_EQ(shaped->spec.params.size(), 1u);
  EXPECT_NE(shaped->maps.at(0), nullptr);
  EXPECT_TRUE(shaped->spec.map_only);
  EXPECT_FALSE(shaped->spec.has_reduce);
  EXPECT_EQ(shaped->spec.partitions, 3u);
}

TEST(JobTable, AStateThatParametersMadeTooWideIsUsage) {
  const Library library;
  const Result<PluginTable> table = library.read();
  mrun_job copy = table->jobs[0].calls;
  copy.state_size = 264;
  const Result<JobTable> shaped = read_shaped_job(table->jobs[0], copy, "some.so");
  ASSERT_FALSE(shaped);
  EXPECT_EQ(shaped.error().code, Code::usage);
}

}  // namespace
}  // namespace mrun
