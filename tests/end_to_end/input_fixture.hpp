// InputClass: a folder for inputs of one kind, which jobs read in every way there is.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/command.hpp"
#include "support/files.hpp"
#include "support/naive_model.hpp"

namespace mrun::test_support {

/// By mmap and by pread, on one thread and on eight.
inline const std::vector<std::vector<std::string>>& ways_to_read() {
  static const std::vector<std::vector<std::string>> ways{{"--io", "mmap", "-j1"},
                                                          {"--io", "mmap", "-j8"},
                                                          {"--io", "pread", "-j1"},
                                                          {"--io", "pread", "-j8"}};
  return ways;
}

class InputClass : public testing::Test {
 protected:
  CommandOptions here() const {
    CommandOptions options;
    options.folder = folder_.path();
    return options;
  }

  CommandResult run(std::vector<std::string> arguments) {
    return run_mrun(std::move(arguments), here());
  }

  /// What a job says of `inputs` when it is run with `options`; the run must succeed.
  std::string output_of(const std::string& job, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& options) {
    std::vector<std::string> arguments{job, "-q", "--no-sync"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    arguments.push_back("out");
    const CommandResult result = run(arguments);
    EXPECT_TRUE(result.ok()) << describe(arguments, result);
    std::string text;
    for (const auto& [name, bytes] : read_output(folder_ / "out"))
      if (name.starts_with("part-")) text += bytes;
    remove_tree(folder_ / "out");
    return text;
  }

  /// Four jobs, in every way to read and with several splits, give what the model gives for
  /// `files`. Each way meets every job and about every other split of it.
  void expect_model(const std::vector<std::string>& inputs, const std::vector<ModelFile>& files,
                    const std::vector<std::string>& splits = {"1", "2", "3", "64", "1M"}) {
    std::size_t turn = 0;
    for (const char* name : {"count_words", "lines_in_order", "copy_lines", "file_names"}) {
      ++turn;
      const ModelJob& job = model_job(name);
      const std::string expected = expected_parts(job, {}, files, 1).front();
      for (const std::string& split : splits) {
        ++turn;
        for (std::size_t way = 0; way < ways_to_read().size(); ++way) {
          // The first and the last way, or those between: both threads, and both ways to read.
          if ((way == 0 || way == 3) != (turn % 2 == 0)) continue;
          std::vector<std::string> options = ways_to_read()[way];
          options.insert(options.end(), {"--split-size", split});
          ASSERT_TRUE(output_of(test_job(name), inputs, options) == expected)
              << name << ' ' << testing::PrintToString(options);
        }
      }
    }
  }
  void expect_model(const std::string& bytes) {
    write_file(folder_ / "in", bytes);
    expect_model({"in"}, {{"in", bytes}});
  }

  /// Every way to read ends with `status` and the same text, and leaves neither output nor staging.
  /// The texts stand in errors/inputs.txt.
  void expect_error(const std::vector<std::string>& inputs, int status,
                    CommandOptions options = {}) {
    options.folder = folder_.path();
    std::string first;
    for (const std::vector<std::string>& way : ways_to_read()) {
      std::vector<std::string> arguments{shipped_job("wordcount"), "-q"};
      arguments.insert(arguments.end(), way.begin(), way.end());
      arguments.insert(arguments.end(), inputs.begin(), inputs.end());
      arguments.push_back("out");
      const CommandResult result = run_mrun(arguments, options);
      EXPECT_EQ(result.exit_status, status) << describe(arguments, result);
      if (first.empty()) first = result.err;
      EXPECT_EQ(result.err, first);
      EXPECT_FALSE(exists(folder_ / "out"));
      for (const std::string& name : names_in(folder_.path()))
        EXPECT_NE(name.rfind(".mrun", 0), 0u) << name;
    }
  }

  TempFolder folder_;
};

}  // namespace mrun::test_support
