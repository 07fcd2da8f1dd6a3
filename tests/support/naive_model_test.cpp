// Goal: the naive model and the test jobs say the same before either judges the product. Method:
// every job runs in the SDK's test kit, which knows nothing of the model, on random texts.
#include "support/naive_model.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mrun/test.hpp>
#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/random.hpp"

namespace mrun::test_support {
namespace {

const mrun_plugin* load(const std::string& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  using Entry = const mrun_plugin* (*)(const mrun_host*);
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "mrun_plugin_v1"));
  static mrun_host host{};
  host.size = sizeof host;
  host.abi_minor = MRUN_ABI_MINOR;
  host.name = "naive_model_test";
  host.version = "1";
  return entry == nullptr ? nullptr : entry(&host);
}

bool same_lines(const std::string& a, const std::string& b) {
  auto lines = lines_of(a);
  auto other_lines = lines_of(b);
  std::sort(lines.begin(), lines.end());
  std::sort(other_lines.begin(), other_lines.end());
  return lines == other_lines;
}

class NaiveModel : public testing::TestWithParam<std::string> {};

TEST_P(NaiveModel, EqualsTheTestKit) {
  const ModelJob& job = model_job(GetParam());
  const mrun_plugin* plugin = load(test_job(job.name));
  ASSERT_NE(plugin, nullptr) << test_job(job.name);
  for (std::uint64_t index = 0; index < 60; ++index) {
    SCOPED_TRACE("case " + std::to_string(index) + ", seed " + std::to_string(test_seed()));
    Random random(case_seed(index));
    std::vector<ModelFile> files{{"a", random_text(random, random.below(2000))},
                                 {"b", random_text(random, random.below(2000))}};
    files.back().input = static_cast<std::uint32_t>(job.inputs.size() - 1);
    ModelParams params;
    test::PluginRun run(plugin);
    for (const std::string& name : job.parameters) {
      const std::uint64_t value = random.between(0, 3);
      if (name == "repeat") params.repeat = value;
      if (name == "same") params.same = value;
      if (name == "big") params.big = value * 20;
      if (name == "k") params.k = value;
      run.param(name, std::to_string(name == "big" ? params.big : value));
    }
    for (const ModelFile& file : files) {
      if (job.inputs.size() == 1)
        run.file(file.name, file.bytes);
      else
        run.input_of(job.inputs[file.input].tag, file.bytes);
    }
    std::string expected;
    for (const std::string& part : expected_parts(job, params, files, 1)) expected += part;
    ASSERT_EQ(run.status(), MRUN_OK) << run.error();
    // The kit has a partition hash of its own, which changes the order of a job with several parts.
    ASSERT_TRUE(job.partitions > 1 ? same_lines(run.output(), expected) : run.output() == expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Jobs, NaiveModel, testing::ValuesIn(model_job_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace mrun::test_support
