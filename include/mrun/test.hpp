// The test kit: runs a job on literals inside a test, through its real C descriptor.
//
//   #include <mrun/test.hpp>
//   #include "wordcount.cpp"
//   assert(mrun::test::Run<WordCount>().input("a b a\n").output() == "a\t2\nb\t1\n");
//
// It needs no test framework and no runner. A run happens when its first result is asked for; what
// is set after that starts a new one.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mrun.hpp"  // IWYU pragma: export
#include "plugin.h"
#include "test/mini_runner.hpp"

namespace mrun::test {

/// A run of the first job of a library, in whatever language it was written.
class PluginRun {
 public:
  /// `plugin`: what mrun_plugin_v1 returned.
  explicit PluginRun(const mrun_plugin* plugin) {
    if (plugin == nullptr || plugin->jobs == nullptr || plugin->jobs[0] == nullptr)
      throw std::invalid_argument("mrun::test: the library has no job");
    job_ = plugin->jobs[0];
  }

  /// Adds an input file of this text.
  PluginRun& input(std::string text) {
    return file("input-" + std::to_string(state_.inputs.size()), std::move(text));
  }
  /// The same with a name of its own, for jobs that print mrun::File.
  PluginRun& file(std::string name, std::string text) {
    state_.inputs.push_back({std::move(name), std::move(text), 0});
    return changed();
  }
  /// Adds a file of one of the job's several inputs, as `TAG=PATH`.
  PluginRun& input_of(std::string_view tag, std::string text) {
    input(std::move(text));
    std::uint32_t& index = state_.inputs.back().input;
    while (job_->inputs != nullptr && job_->inputs[index] != nullptr)
      if (const char* const name = job_->inputs[index]->tag; name != nullptr && tag == name)
        return changed();
      else
        ++index;
    throw std::invalid_argument("mrun::test: the job has no input " + std::string(tag));
  }
  /// As `-D name=value`.
  PluginRun& param(std::string name, std::string value) {
    state_.params.emplace_back(std::move(name), std::move(value));
    return changed();
  }
  /// As `--partitions`; 1 unless said. The output holds the parts in order.
  PluginRun& partitions(std::uint32_t n) {
    state_.partitions = n;
    return changed();
  }
  /// As `--records`.
  PluginRun& records(std::string format) {
    state_.records = std::move(format);
    return changed();
  }
  /// As `--records fixed:N`.
  PluginRun& fixed_records(std::uint32_t bytes) {
    return records("fixed:" + std::to_string(bytes));
  }
  /// As `--skip-header`.
  PluginRun& skip_header() {
    state_.skip_header = true;
    return changed();
  }
  /// How the runner cuts the work; no choice changes what a right job writes.
  PluginRun& way(const Way& way) {
    state_.way = way;
    return changed();
  }

  /// The main output; empty where the job failed.
  std::string output() { return results().outputs[0]; }
  /// A side output by its name.
  std::string side(std::string_view name) {
    const int index = mrun::detail::index_of(job_->outputs, name);
    if (index < 0) throw std::invalid_argument("mrun::test: no side output " + std::string(name));
    return results().outputs[static_cast<std::size_t>(index) + 1];
  }
  std::int64_t counter(std::string_view name) {
    const int index = mrun::detail::index_of(job_->counters, name);
    if (index < 0) throw std::invalid_argument("mrun::test: no counter " + std::string(name));
    return results().counters[static_cast<std::size_t>(index)];
  }
  /// MRUN_OK, or why the job failed; `error` has the message.
  mrun_status status() { return results().status; }
  std::string error() { return results().error; }
  /// How many pairs map emitted.
  std::uint64_t pairs() { return results().pairs; }

  /// Runs the job in many other ways: records or chunks, copied or referred to, tasks and batches
  /// of one record or of all. Returns "", or the first way whose result is not that of `output`.
  std::string difference_between_ways() {
    const RunState expected = results();
    for (const bool chunks : {true, false})
      for (const bool refer : {true, false})
        for (const std::size_t batch : {std::size_t{1}, std::size_t{3}, std::size_t{1000}})
          for (const std::size_t split : {std::size_t{1}, std::size_t{2}, std::size_t{1000}})
            for (const std::uint32_t entries : {1u, 2u, 1000u}) {
              RunState other = start();
              other.way = {chunks, refer, batch, split, entries, entries == 1 ? 16u : 65536u,
                           entries};
              MiniRunner(*job_, other).run();
              if (other.status == expected.status && other.error == expected.error &&
                  other.outputs == expected.outputs && other.counters == expected.counters)
                continue;
              return std::string(chunks ? "chunks" : "records") +
                     (refer ? ", referred to" : ", copied") + ", batches of " +
                     std::to_string(batch) + ", tasks of " + std::to_string(split) +
                     " records, room for " + std::to_string(entries) + " entries:\n" + other.error +
                     other.outputs[0];
            }
    return {};
  }

 private:
  PluginRun& changed() {
    done_ = false;
    return *this;
  }
  RunState start() const {
    RunState state;
    state.inputs = state_.inputs;
    state.params = state_.params;
    state.partitions = state_.partitions;
    state.records = state_.records;
    state.skip_header = state_.skip_header;
    state.way = state_.way;
    return state;
  }
  const RunState& results() {
    if (!done_) {
      results_ = start();
      MiniRunner(*job_, results_).run();
      done_ = true;
    }
    return results_;
  }

  const mrun_job* job_ = nullptr;
  RunState state_;
  RunState results_;
  bool done_ = false;
};

/// A run of job J, a struct written with the SDK. The file that defines it can simply be included;
/// two such files in one test need `#define MRUN_NO_ENTRY` before the first #include of an mrun
/// header, for a program can export one job.
template <typename J>
class Run : public PluginRun {
 public:
  Run() : PluginRun(mrun::detail::plugin<J>("job")) {}
};

}  // namespace mrun::test
