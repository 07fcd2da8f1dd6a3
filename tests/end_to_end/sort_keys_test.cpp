// Goal: the keys of the shipped sort are those of sort(1). Method: random keys over random tables
// against `LC_ALL=C sort -s`.
#include "end_to_end/sort_keys.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"

namespace mrun::test_support {
namespace {

using Texts = std::vector<std::string>;

TEST(SortKeys, AreThoseOfSort) {
  const std::uint64_t cases = scaled(150);
  for (std::uint64_t index = 0; index < cases; ++index) {
    if (only_case() >= 0 && static_cast<std::uint64_t>(only_case()) != index) continue;
    SCOPED_TRACE("repeat with MRUN_TEST_SEED=" + std::to_string(test_seed()) +
                 " MRUN_TEST_CASE=" + std::to_string(index));
    Random random(case_seed(index));
    const TempFolder folder;
    const std::string separator = random.pick<std::string>({"", ",", "\t", " ", "x"});
    write_file(folder / "in", random_table(random, separator));

    const SortSpecification keys = random_sort(random, separator);
    Texts theirs{"/usr/bin/sort", "-s"};
    theirs.insert(theirs.end(), keys.theirs.begin(), keys.theirs.end());
    Texts ours{shipped_job("sort"), folder / "in", "-", "-q"};
    ours.insert(ours.end(), keys.ours.begin(), keys.ours.end());
    theirs.push_back(folder / "in");
    for (const std::string& option :
         Texts{"-j" + std::to_string(random.between(1, 4)),
               "-p" + std::to_string(random.between(1, 4)), "--split-size",
               random.pick<std::string>({"10", "100", "100000"})})
      ours.push_back(option);

    CommandOptions options;
    options.environment = {"LC_ALL=C"};
    const CommandResult wanted = run_command(theirs, options);
    ASSERT_TRUE(wanted.ok()) << testing::PrintToString(theirs) << wanted.err;
    const CommandResult sorted = run_mrun(ours);
    ASSERT_TRUE(sorted.ok()) << describe(ours, sorted);
    ASSERT_TRUE(sorted.out == wanted.out) << testing::PrintToString(theirs);
  }
}

}  // namespace
}  // namespace mrun::test_support
