// Goal: whatever a job's calls return, say or throw becomes one error that names task, file, byte
// and record, and close is always called. Method: a job of lambdas behind the C table.
#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <stdexcept>

#include "test_job.hpp"

namespace mrun::plugin_test {
namespace {

/// The flag of the test that runs, for its job.
StopFlag*& test_stop() {
  static StopFlag* flag = nullptr;
  return flag;
}

mrun_status say(mrun_worker_ctx* context, mrun_status status, std::string_view text) {
  context->fail(context, status, text.data(), text.size());
  return status;
}

/// A map that stops at the second line of its batch.
Calls at_second_line(const std::function<mrun_status(mrun_worker_ctx*)>& stop) {
  return {.map = [stop](mrun_worker_ctx* context, const mrun_batch* batch) {
    *context->at = batch->chunk.data + 6;
    return stop(context);
  }};
}

TEST(JobCalls, EachStatusIsItsOwnKindOfError) {
  const std::vector<std::pair<mrun_status, Code>> kinds = {
      {MRUN_FAIL, Code::job_failed},
      {MRUN_BAD_CONFIG, Code::usage},
      {MRUN_BAD_RECORD, Code::input},
      {MRUN_NO_MEMORY, Code::limit},
      {MRUN_THREW, Code::plugin},
      {MRUN_AGAIN, Code::plugin},
      {MRUN_CANCELLED, Code::plugin /* nobody stopped it */},
      {99, Code::plugin}};
  for (const auto& [status, code] : kinds) {
    TestJob test(at_second_line(
        [status = status](mrun_worker_ctx* c) { return say(c, status, "a reason"); }));
    expect_failure(test.map_lines("first\nsecond\nthird\n"), code, {"tested", "map task 17"});
  }
}

TEST(JobCalls, AnErrorNamesFileByteAndRecord) {
  TestJob test(at_second_line([](mrun_worker_ctx* c) { return say(c, MRUN_FAIL, "a reason"); }));
  expect_failure(test.map_lines("first\nsecond\nthird\n"), Code::job_failed,
                 {"a reason", "'in/a.txt'", "offset 1006", "record \"second\""});
}

TEST(JobCalls, OfRecordsThatTouchTheRightOneIsNamed) {
  const std::string text = "aaabbbccc";
  const auto* begin = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::vector<Slice> records = {{begin, 3}, {begin + 3, 3}, {begin + 6, 3}};
  const std::vector<std::uint64_t> offsets = {500, 503, 506};
  TestJob test({.map = [](mrun_worker_ctx* context, const mrun_batch* batch) -> mrun_status {
    EXPECT_EQ(batch->n, 3u);
    *context->at = batch->records[1].data;
    return MRUN_BAD_RECORD;
  }});
  const auto code = test.configure();
  ASSERT_TRUE(code);
  const auto attempt = (*code)->open_map(test.context(), 2);
  ASSERT_TRUE(attempt);
  RecordBatch batch;
  batch.records = records;
  batch.offsets = offsets;
  batch.offset = 500;
  expect_failure((*attempt)->map(batch), Code::input,
                 {"map task 2", "offset 503", "record \"bbb\""});
}

TEST(JobCalls, ARecordIsShownShortAndEscaped) {
  TestJob test(at_second_line([](mrun_worker_ctx*) -> mrun_status { return MRUN_BAD_RECORD; }));
  const Result<void> mapped = test.map_lines("first\n\x1b[31m" + std::string(500, 'x') + "\n");
  expect_failure(mapped, Code::input, {"\\x1b[31m", "..."});
  EXPECT_LT(mapped.error().place.size(), 250u);
}

TEST(JobCalls, TheFirstReasonCounts) {
  TestJob test(at_second_line([](mrun_worker_ctx* c) {
    say(c, MRUN_FAIL, "the first");
    return say(c, MRUN_FAIL, "the second");
  }));
  const Result<void> mapped = test.map_lines("first\nsecond\n");
  expect_failure(mapped, Code::job_failed, {"the first"});
  EXPECT_EQ(mapped.error().message.find("the second"), std::string::npos);
}

TEST(JobCalls, ThrowsStopAtTheFence) {
  const std::vector<std::function<void()>> throws = {
      [] { throw std::runtime_error("words"); }, [] { throw 42; },
      [] { throw std::string("words"); }, [] { throw "words"; },
      [] { throw static_cast<const char*>(nullptr); }};
  for (const auto& do_throw : throws) {
    TestJob mapping({.map = [&](mrun_worker_ctx*, const mrun_batch*) -> mrun_status {
      do_throw();
      return MRUN_OK;
    }});
    expect_failure(mapping.map_lines("a\n"), Code::plugin,
                   {"threw an exception", "map task 17", "in/a.txt"});
    TestJob ending({.task_end = [&](mrun_worker_ctx*) -> mrun_status {
      do_throw();
      return MRUN_OK;
    }});
    expect_failure(ending.map_lines("a\n"), Code::plugin,
                   {"threw an exception", "after its last record"});
    TestJob opening({.open = [&](mrun_worker_ctx*) -> mrun_status {
      do_throw();
      return MRUN_OK;
    }});
    expect_failure(opening.map_lines("a\n"), Code::plugin, {"threw an exception", "map task 17"});
    TestJob configuring({.configure = [&](const mrun_host*, const mrun_config*, char*,
                                          std::uint64_t) -> mrun_status {
      do_throw();
      return MRUN_OK;
    }});
    expect_failure(configuring.map_lines("a\n"), Code::plugin, {"threw an exception", "configure"});
    TestJob closing({.close = do_throw});
    EXPECT_TRUE(closing.map_lines("a\n"));
  }
}

TEST(JobCalls, BadAllocIsAMatterOfMemory) {
  TestJob test(
      {.map = [](mrun_worker_ctx*, const mrun_batch*) -> mrun_status { throw std::bad_alloc(); }});
  expect_failure(test.map_lines("a\n"), Code::limit, {"memory"});
}

TEST(JobCalls, CloseFollowsEveryOpenThatSucceeded) {
  int opened = 0, closed = 0;
  for (const mrun_status open : {MRUN_OK, MRUN_FAIL}) {
    for (const mrun_status map : {MRUN_OK, MRUN_FAIL}) {
      TestJob test({.open =
                        [&](mrun_worker_ctx*) {
                          opened += open == MRUN_OK ? 1 : 0;
                          return open;
                        },
                    .map = [&](mrun_worker_ctx*, const mrun_batch*) { return map; },
                    .close = [&] { ++closed; }});
      EXPECT_EQ(test.map_lines("a\n").has_value(), open == MRUN_OK && map == MRUN_OK);
    }
  }
  EXPECT_EQ(opened, 2);
  EXPECT_EQ(closed, 2);
}

TEST(JobCalls, AnErrorOfTheSinkGoesBeforeTheStatus) {
  TestJob test({.map = [](mrun_worker_ctx* context, const mrun_batch*) -> mrun_status {
    context->emit->n = 1;
    context->emit->entries[0] = {};
    const mrun_status status = context->emit->flush(context->emit);
    EXPECT_NE(status, MRUN_OK);
    return say(context, MRUN_THREW, "something else");
  }});
  test.entries.error = Error{Code::output, "the disk is full", {}};
  expect_failure(test.map_lines("a\n"), Code::output, {"the disk is full"});
}

TEST(JobCalls, AJobThatSwallowsARefusalFailsAllTheSame) {
  TestJob test({.map = [](mrun_worker_ctx* context, const mrun_batch*) -> mrun_status {
    context->emit->n = 1;
    context->emit->entries[0] = {};
    static_cast<void>(context->emit->flush(context->emit));
    return MRUN_OK;
  }});
  test.entries.error = Error{Code::output, "the disk is full", {}};
  expect_failure(test.map_lines("a\n"), Code::output, {"the disk is full"});
}

TEST(JobCalls, CancelledIsSaidOnlyWhereTheRunIsStopped) {
  TestJob test({.map = [](mrun_worker_ctx* context, const mrun_batch*) -> mrun_status {
    return *context->cancelled != 0 ? MRUN_CANCELLED : MRUN_OK;
  }});
  EXPECT_TRUE(test.map_lines("a\n"));
  test.stop.stop(15);
  expect_failure(test.map_lines("a\n"), Code::cancelled, {});
}

TEST(JobCalls, ABusyJobIsStoppedAtItsNextCall) {
  TestJob test({.map = [](mrun_worker_ctx* context, const mrun_batch*) -> mrun_status {
    test_stop()->stop(15);
    context->emit->n = 1;
    context->emit->entries[0] = {};
    // Hides that it was told to come back.
    static_cast<void>(context->emit->flush(context->emit));
    return MRUN_OK;
  }});
  test_stop() = &test.stop;
  expect_failure(test.map_lines("a\n"), Code::cancelled, {});
}

TEST(JobCalls, WritesReachTheirOutput) {
  static const mrun_output kSide{sizeof(mrun_output), 0, "side", nullptr};
  static const mrun_output* const kSides[] = {&kSide, nullptr};
  const auto write_to = [](std::uint32_t output) {
    return Calls{.map = [output](mrun_worker_ctx* context, const mrun_batch* batch) {
      const mrun_slice fields[] = {
          {batch->chunk.data, 1}, {nullptr, 0}, {batch->chunk.data + 1, 2}};
      const mrun_status status = context->write(context, output, fields, 3);
      return status == MRUN_OK ? context->write_part(context, output, fields[0], 1) : status;
    }};
  };
  TestJob main(write_to(0));
  ASSERT_TRUE(main.map_lines("abc\n"));
  EXPECT_EQ(main.records.records, (std::vector<std::string>{"0|a||bc", "0.a"}));
  TestJob side(write_to(1));
  side.job.outputs = kSides;
  ASSERT_TRUE(side.map_lines("abc\n"));
  EXPECT_EQ(side.records.records.front(), "1|a||bc");
  TestJob undeclared(write_to(1));
  expect_failure(undeclared.map_lines("abc\n"), Code::plugin, {"does not declare"});
  TestJob nowhere({.map = [](mrun_worker_ctx* context, const mrun_batch*) {
    return context->write(context, 0, nullptr, 2);
  }});
  expect_failure(nowhere.map_lines("abc\n"), Code::plugin, {"no address"});
}

TEST(JobCalls, ParametersArriveWithTheirDefaults) {
  static const mrun_param kGiven{
      sizeof(mrun_param), MRUN_T_BYTES, 0, 0, "given", "x", nullptr, nullptr};
  static const mrun_param kDefault{sizeof(mrun_param), MRUN_T_BYTES, 0,       0,
                                   "default",          "d",          nullptr, nullptr};
  static const mrun_param kNone{
      sizeof(mrun_param), MRUN_T_BYTES, MRUN_P_REPEATS, 0, "none", nullptr, nullptr, nullptr};
  static const mrun_param* const kParams[] = {&kGiven, &kDefault, &kNone, nullptr};
  std::vector<std::string> seen;
  TestJob test({.configure = [&](const mrun_host* host, const mrun_config* config, char*,
                                 std::uint64_t) -> mrun_status {
    for (std::uint32_t i = 0; i < config->n_params; ++i) {
      std::string text;
      for (std::uint32_t j = 0; j < config->n_values[i]; ++j)
        text += "[" +
                std::string(reinterpret_cast<const char*>(config->params[i][j].data),
                            config->params[i][j].size) +
                "]";
      seen.push_back(text);
    }
    const mrun_slice name = host->file_name(host, 0);
    seen.emplace_back(reinterpret_cast<const char*>(name.data), name.size);
    EXPECT_EQ(host->file_name(host, 1).size, 0u);
    EXPECT_EQ(host->extension(host, "mrun.rows.1"), nullptr);
    EXPECT_EQ(config->n_partitions, 4u);
    return MRUN_OK;
  }});
  test.job.params = kParams;
  ASSERT_TRUE(test.configure({{"g"}, {}, {}}));
  EXPECT_EQ(seen, (std::vector<std::string>{"[g]", "[d]", "", "in/a.txt"}));
}

TEST(JobCalls, ARefusedParameterIsUsage) {
  for (const mrun_status status : {MRUN_BAD_CONFIG, MRUN_FAIL}) {
    TestJob test(
        {.configure = [&](const mrun_host*, const mrun_config*, char* error, std::uint64_t cap) {
          std::strncpy(error, "k must be odd", cap);
          return status;
        }});
    const auto code = test.configure();
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().code, Code::usage);
    EXPECT_NE(code.error().message.find("k must be odd"), std::string::npos);
  }
}

/// Values in batches of two, after a first batch of two.
class TestValues final : public GroupValues {
 public:
  explicit TestValues(std::size_t batches) : batches_(batches) {}
  Result<std::span<const Slice>> more() override {
    if (error) return Failure{*error};
    if (batches_ == 0) return std::span<const Slice>();
    --batches_;
    return std::span<const Slice>(values_);
  }
  std::span<const Slice> keys() const override { return {}; }
  std::span<const Slice> first() const { return values_; }
  std::optional<Error> error;

 private:
  static constexpr std::uint8_t kBytes[] = {'v', 'w'};
  std::vector<Slice> values_{{kBytes, 1}, {kBytes + 1, 1}};
  std::size_t batches_;
};

Calls counting_reduce(std::uint64_t& count) {
  return {.reduce = [&count](mrun_worker_ctx*, mrun_group* group) -> mrun_status {
    while (group->n > 0) {
      count += group->n;
      const mrun_status status = group->more(group);
      if (status != MRUN_OK) return status;
    }
    return MRUN_OK;
  }};
}

const Slice kKey{reinterpret_cast<const std::uint8_t*>("the key"), 7};

TEST(JobCalls, ReduceSeesEveryValue) {
  std::uint64_t count = 0;
  TestJob test(counting_reduce(count));
  const auto code = test.configure();
  ASSERT_TRUE(code);
  const auto attempt = (*code)->open_reduce(test.context(), 3);
  ASSERT_TRUE(attempt);
  TestValues values(5);
  ASSERT_TRUE((*attempt)->reduce(kKey, values.first(), values));
  EXPECT_EQ(count, 12u);
  EXPECT_TRUE((*attempt)->finish());
}

TEST(JobCalls, ReduceReturnsTheErrorOfItsValues) {
  std::uint64_t count = 0;
  TestJob test(counting_reduce(count));
  const auto code = test.configure();
  const auto attempt = (*code)->open_reduce(test.context(), 3);
  TestValues values(5);
  values.error = Error{Code::integrity, "a block is damaged", {}};
  expect_failure((*attempt)->reduce(kKey, values.first(), values), Code::integrity,
                 {"a block is damaged"});
}

TEST(JobCalls, AThrowInReduceNamesTaskAndKey) {
  TestJob test({.reduce = [](mrun_worker_ctx*, mrun_group*) -> mrun_status {
    throw std::runtime_error("words");
  }});
  const auto code = test.configure();
  const auto attempt = (*code)->open_reduce(test.context(), 3);
  TestValues values(0);
  expect_failure((*attempt)->reduce(kKey, values.first(), values), Code::plugin,
                 {"words", "reduce task 3", "the key"});
}

TEST(JobCalls, FaultsOfCallsWithoutAResultAreKept) {
  TestJob test({});
  test.job.partition = [](void*, std::uint32_t n, const mrun_slice*, std::uint32_t partitions,
                          std::uint32_t* out) {
    for (std::uint32_t i = 0; i < n; ++i) out[i] = partitions + i;
  };
  test.job.group_lens = [](void*, std::uint32_t n, const mrun_slice* keys, std::uint32_t* lens) {
    for (std::uint32_t i = 0; i < n; ++i) lens[i] = static_cast<std::uint32_t>(keys[i].size);
  };
  const auto code = test.configure();
  ASSERT_TRUE(code);
  std::uint32_t number = 9;
  (*code)->group_lens({&kKey, 1}, {&number, 1});
  EXPECT_EQ(number, 7u);
  EXPECT_TRUE((*code)->fault());
  (*code)->partition({&kKey, 1}, 4, {&number, 1});
  EXPECT_LT(number, 4u);
  expect_failure((*code)->fault(), Code::plugin, {"partition 4 of 4"});
}

}  // namespace
}  // namespace mrun::plugin_test
