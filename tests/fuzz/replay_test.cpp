// Goal: parsers cannot be crashed, and call nothing sound that is not (P23). Method: each target on
// each file of its corpus, and on seeded mutations of them. To repeat a failure, set
// MRUN_TEST_SEED; a file that once failed goes into the corpus.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fuzz/targets.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

struct Target {
  const char* name;
  std::string (*run)(std::span<const std::uint8_t>);
};
void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

class FuzzReplay : public testing::TestWithParam<Target> {
 protected:
  FuzzReplay() {
    const std::string folder = MRUN_CORPUS_FOLDER "/" + std::string(GetParam().name);
    for (const std::string& name : names_in(folder))
      corpus_.push_back(read_file(folder + "/" + name));
  }
  static std::string problem_of(const std::string& bytes) {
    return GetParam().run({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }

  std::vector<std::string> corpus_;
};

TEST_P(FuzzReplay, CorpusIsHandled) {
  ASSERT_GE(corpus_.size(), 4u);
  for (const std::string& bytes : corpus_) EXPECT_EQ(problem_of(bytes), "");
}

/// Some changes, as fuzzers make them: most of them small, for large ones are found at once.
std::string changed(std::string bytes, const std::vector<std::string>& corpus, Random& random) {
  for (std::uint64_t changes = random.between(1, 4); changes > 0 && !bytes.empty(); --changes) {
    // The begin and the end say how all the rest is read.
    std::size_t at = random.below(bytes.size());
    if (random.one_in(2))
      at = bytes.size() - 1 - random.below(std::min<std::size_t>(400, bytes.size()));
    switch (random.below(7)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        bytes[at] = random.pick<char>({'\0', '\1', '\x7f', '\x80', '\xff', '@'});
        break;
      case 2:
        for (std::size_t i = at; i < std::min(bytes.size(), at + 8); ++i)
          bytes[i] = random.one_in(2) ? '\xff' : '\0';
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(at, random.between(1, 64));
        break;
      case 5:
        bytes.insert(at, bytes.substr(random.below(bytes.size()), random.between(1, 64)));
        break;
      default: {
        const std::string& other = random.pick(corpus);
        if (!other.empty())
          bytes.replace(at, random.below(64), other, random.below(other.size()), 64);
      }
    }
  }
  return bytes;
}

TEST_P(FuzzReplay, ChangedFilesOfTheCorpusAreHandled) {
  for (std::uint64_t index = 0; index < scaled(4000); ++index) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " +
                 std::to_string(index));
    Random random(case_seed(index));
    ASSERT_EQ(problem_of(changed(random.pick(corpus_), corpus_, random)), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Of, FuzzReplay,
                         testing::Values(Target{"table", fuzz_table}, Target{"kv", fuzz_kv}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace mrun::test_support
