// Goal: a combine table notices what changes in it, and the output shows what is lost behind it.
// Method: a job's own fold writes beside its states; a sink loses or repeats what it is handed.
#include <gtest/gtest.h>

#include <cstring>
#include <iostream>
#include <map>

#include "engine/faulty_seams.hpp"
#include "shuffle/combine_table.hpp"
#include "shuffle/emits.hpp"

namespace mrun {
namespace {

using test_support::bytes_number;
using test_support::Caught;
using test_support::Emits;
using test_support::FaultySink;
using test_support::KeepingSink;
using test_support::number_bytes;
using test_support::Record;
using test_support::Records;
using test_support::SpecJob;
using test_support::text_of;

// A job whose fold writes beside the state that it is given: into the table's own slot.
class WildFold final : public SpecJob {
 public:
  WildFold(std::ptrdiff_t distance, std::uint32_t change)
      : SpecJob(spec_of()), distance_(distance), change_(change) {}
  void fold(std::span<void* const> states, std::span<const void* const> values) const override {
    for (std::size_t i = 0; i < states.size(); ++i) {
      std::uint64_t state, value;
      std::memcpy(&state, states[i], sizeof state);
      std::memcpy(&value, values[i], sizeof value);
      state += value;
      std::memcpy(states[i], &state, sizeof state);
      if (++folds_ != 10) continue;
      std::uint32_t word;
      std::uint8_t* const at = static_cast<std::uint8_t*>(states[i]) + distance_;
      std::memcpy(&word, at, sizeof word);
      word += change_;
      std::memcpy(at, &word, sizeof word);
    }
  }

 private:
  static JobSpec spec_of() {
    JobSpec spec;
    spec.combine = CombineKind::fold;
    spec.state_size = 8;
    spec.fold_exact = true;
    return spec;
  }
  const std::ptrdiff_t distance_;
  const std::uint32_t change_;
  mutable unsigned folds_ = 0;
};

// What comes out of a combine table for 50 keys of 20 ones each, summed by key.
Caught outcome_of_table(const WildFold& job, const FaultySink::Fault& fault) {
  const StateFold fold(job);
  KeepingSink kept;
  std::uint64_t batches = 0;
  FaultySink sink(kept, batches, fault);
  MemoryBudget budget(std::size_t{4} << 20);
  auto table = CombineTable::create(fold, sink, {&budget, std::size_t{2} << 20, 1});
  EXPECT_TRUE(table);
  Records records;
  for (int i = 0; i < 1000; ++i)
    records.push_back({"key" + std::to_string(i % 50), number_bytes(1), 0});
  const Emits emits(records);
  EXPECT_TRUE(table->add(emits.batch()));
  if (const auto flushed = table->flush(); !flushed) {
    EXPECT_EQ(flushed.error().code, Code::integrity);
    return Caught::at_run_time;
  }
  // As MapOutput compares them once a table is empty.
  if (table->totals().taken != records.size() || table->totals().given != kept.records.size())
    return Caught::at_run_time;
  std::map<std::string, std::uint64_t> sums, expected;
  for (const Record& record : kept.records) sums[record.key] += bytes_number(record.value);
  for (const Record& record : records) ++expected[record.key];
  return sums == expected ? Caught::nowhere : Caught::by_output;
}

TEST(Conservation, CatchesBugsInTheCombineTable) {
  // Distances from a slot's state: of the count, the key's length, its first word.
  constexpr std::ptrdiff_t kState = 0, kCount = -4, kKlen = -8, kKey = -20;
  const auto pass = [](std::uint64_t, auto&) -> unsigned { return 1; };
  const auto lose = [](std::uint64_t, auto&) -> unsigned { return 0; };
  const auto twice = [](std::uint64_t, auto&) -> unsigned { return 2; };
  const auto cut = [](std::uint64_t, std::vector<Entry>& entries) -> unsigned {
    entries.pop_back();
    return 1;
  };
  EXPECT_EQ(outcome_of_table(WildFold(kState, 0), pass), Caught::nowhere);
  const auto expect = [](const char* name, Caught least, Caught caught) {
    std::cout << name << ": " << text_of(caught) << "\n";
    EXPECT_GE(caught, least) << name;
  };
  expect("a slot's key changes", Caught::at_run_time, outcome_of_table(WildFold(kKey, 1), pass));
  expect("a slot's key length changes", Caught::at_run_time,
         outcome_of_table(WildFold(kKlen, 1), pass));
  expect("a slot counts a pair twice", Caught::at_run_time,
         outcome_of_table(WildFold(kCount, 1), pass));
  expect("a state changes", Caught::by_output, outcome_of_table(WildFold(kState, 1), pass));
  expect("what a table hands over is lost", Caught::at_run_time,
         outcome_of_table(WildFold(kState, 0), lose));
  expect("what a table hands over is kept twice", Caught::at_run_time,
         outcome_of_table(WildFold(kState, 0), twice));
  expect("the last key that a table hands over is lost", Caught::at_run_time,
         outcome_of_table(WildFold(kState, 0), cut));
}

}  // namespace
}  // namespace mrun
