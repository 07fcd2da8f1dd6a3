// One run of an in-process job on a text, in a folder of its own, with all seams open to a test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/in_process_job.hpp"
#include "engine/job_runner.hpp"
#include "support/files.hpp"
#include "support/input_arguments.hpp"

namespace mrun::test_support {

struct RunSetup {
  InProcessSpec spec;
  JobHooks hooks;
  unsigned threads = 1;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  std::uint32_t partitions = 3;
  std::uint64_t split_bytes = 0;                                ///< 0: the default.
  SpillCompression spill_compression = SpillCompression::none;  ///< Its bytes are the same always.
};

/// The input, and what was made of it beside.
class JobRunFolder {
 public:
  explicit JobRunFolder(const std::string& text) {
    write_file(input(), text);
    write_file(place() + "/keep", "");
  }

  std::string input() const { return folder_ / "input"; }
  /// Holds the output, and at first one other file.
  std::string place() const { return folder_ / "place"; }
  std::string output() const { return place() + "/out"; }
  /// Whether nothing but that file is there.
  bool is_clean() const { return names_in(place()) == std::vector<std::string>{"keep"}; }

  Result<RunInfo> run(const RunSetup& setup, Executor& executor, Storage& storage, StopFlag& stop) {
    remove_tree(output());
    RunOptions options;
    options.inputs = input_arguments({input()});
    options.output = output();
    options.threads = setup.threads;
    options.memory_bytes = setup.memory_bytes;
    options.partitions = setup.partitions;
    if (setup.split_bytes != 0) options.split_bytes = setup.split_bytes;
    options.sync = false;
    options.spill_compression = setup.spill_compression;
    InProcessFactory factory(setup.spec, setup.hooks);
    Progress progress;
    // However slow the machine is, a sample is whole.
    constexpr double kSampleSeconds = 600;
    return run_job(options, factory, {storage, executor, progress, stop, {}, {}, kSampleSeconds});
  }

  /// The parts' bytes in order.
  std::vector<std::string> parts() const {
    std::vector<std::string> parts;
    for (const auto& [name, bytes] : read_output(output()))
      if (name.rfind("part-", 0) == 0) parts.push_back(bytes);
    return parts;
  }

 private:
  TempFolder folder_;
};

/// Lines of words of a vocabulary, of which half the words come from a tenth of it.
inline std::string words_text(std::uint64_t seed, std::size_t size_bytes,
                              std::uint64_t vocabulary) {
  Random random(seed);
  std::string text;
  while (text.size() < size_bytes) {
    const std::uint64_t range = random.one_in(2) ? vocabulary / 10 + 1 : vocabulary;
    text += "w" + std::to_string(random.below(range));
    text += random.one_in(8) ? "\n" : " ";
  }
  return text;
}

}  // namespace mrun::test_support
