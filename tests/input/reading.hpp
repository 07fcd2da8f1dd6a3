// Reading whole inputs through an InputReader, and the slow and obvious model of what it must hand
// out.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "input/input_reader.hpp"
#include "support/input_arguments.hpp"

namespace mrun::test_support {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// One record as a map would see it. `split` counts a stream's pieces too.
struct SeenRecord {
  std::uint64_t split = 0;
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::uint64_t line = 0;
  std::string bytes;
  bool operator==(const SeenRecord&) const = default;
};
std::ostream& operator<<(std::ostream& out, const SeenRecord& record);

/// The records of a text, without their LFs, as (offset, line, bytes); `fixed_bytes` 0: lines.
std::vector<SeenRecord> model_records(std::string_view text, std::uint32_t fixed_bytes);

/// Takes a batch apart into `records`, and checks that its counts, offsets and lines agree.
void append_batch(const RecordBatch& batch, const ReaderOptions& options, std::uint64_t split,
                  std::vector<SeenRecord>& records);

/// Reads a source to its end.
Result<void> read_source(BatchSource& source, const ReaderOptions& options, std::uint64_t split,
                         std::vector<SeenRecord>& records);

/// Reads all splits of a plan in order, streams to their end.
Result<std::vector<SeenRecord>> read_all(InputReader& reader, const SplitPlan& plan,
                                         const ReaderOptions& options);

/// A list, its plan and a reader over them, with everything they refer to.
struct Reading {
  Reading(const std::vector<std::string>& arguments, ReaderOptions wanted,
          std::uint64_t split_bytes = kMiB, std::size_t budget_bytes = 64 * kMiB)
      : budget(budget_bytes),
        list(*list_inputs(input_arguments(arguments))),
        plan(plan_splits(list, split_bytes, std::vector<RecordFormat>{wanted.inputs[0].format})),
        options(wanted),
        reader(list, plan, options, budget, stop) {}

  Result<std::vector<SeenRecord>> all() { return read_all(reader, plan, options); }

  MemoryBudget budget;
  StopFlag stop;
  InputList list;
  SplitPlan plan;
  ReaderOptions options;
  InputReader reader;
};

inline ReaderOptions options_for(IoMode io, bool chunks = false) {
  ReaderOptions options;
  options.io = io;
  options.inputs[0].chunks = chunks;
  return options;
}

inline ReaderOptions fixed_options(IoMode io, std::uint32_t bytes) {
  ReaderOptions options = options_for(io);
  options.inputs[0].format = {RecordFormat::Kind::fixed, bytes};
  return options;
}

template <typename T>
void expect_failure(const Result<T>& result, Code code, const std::string& part) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_THAT(result.error().message, testing::HasSubstr(part));
}

}  // namespace mrun::test_support
