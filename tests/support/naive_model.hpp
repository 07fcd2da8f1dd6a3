// NaiveModel: what a job's output must be, computed the obvious way on one thread in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mrun::test_support {

/// One input file. `name` as the product names it: the argument as typed, '/', the relative path.
struct ModelFile {
  std::string name;
  std::string bytes;
  std::uint32_t input = 0;  ///< Which of the job's inputs it belongs to.
};

/// The parameters that the test jobs know.
struct ModelParams {
  std::uint64_t repeat = 1;  ///< Emit every pair so often.
  std::uint64_t same = 0;    ///< Repetitions in a row under one key; 0: all.
  std::uint64_t big = 0;     ///< Blow values up to so many bytes.
  std::uint64_t k = 10;      ///< How many a `top` job keeps.
};

/// One emitted pair. Keys are encoded: their byte order is their order.
struct ModelPair {
  std::string key;
  std::string value;
  std::size_t group_size = std::string::npos;  ///< Bytes of the key that group; npos: all.
  std::string_view group() const { return std::string_view(key).substr(0, group_size); }
};

struct ModelRecord {
  std::string_view bytes;
  const ModelFile* file = nullptr;
  std::uint32_t file_ordinal = 0;
};

using ModelPairs = std::vector<ModelPair>;
using ModelMap = std::function<void(const ModelRecord&, const ModelParams&, ModelPairs&)>;
/// Appends the output lines of one group, whose pairs stand in (key, input order) order.
using ModelReduce =
    std::function<void(std::span<const ModelPair>, const ModelParams&, std::string&)>;

/// One of a job's inputs.
struct ModelInput {
  std::string tag;
  char record_end = '\n';
};

/// One job as the model sees it. Without `reduce` the pairs are written in input order (map only).
struct ModelJob {
  std::string name;
  ModelMap map;
  ModelReduce reduce;
  std::vector<ModelInput> inputs = {{}};
  bool total_order = false;
  std::uint32_t partitions = 0;  ///< The job's own number; 0: the option's.
  /// What map writes to the side output `side` of each record, before all that reduce writes there.
  std::string side;
  std::function<void(const ModelRecord&, std::string&)> map_side;
  /// Over all pairs instead of by group, for jobs whose reduce keeps state between groups.
  ModelReduce reduce_partition;
  std::vector<std::string> parameters;  ///< Names of ModelParams that the job declares.
};

/// The job of tests/plugins (or shipped job) with that name.
const ModelJob& model_job(const std::string& name);
/// All their names.
std::vector<std::string> model_job_names();

/// The part files' contents. The files of each input stand together, in the order of the inputs.
/// For a total order one element: all parts together.
std::vector<std::string> expected_parts(const ModelJob& job, const ModelParams& params,
                                        const std::vector<ModelFile>& files,
                                        std::uint32_t partitions);

/// What map writes to the job's side output.
std::string expected_side(const ModelJob& job, const std::vector<ModelFile>& files);

/// The records of a text: cut at `end`, which belongs to none.
std::vector<std::string_view> model_records(std::string_view text, char end = '\n');
/// The words of a record, as `mrun::words` cuts them.
std::vector<std::string_view> model_words(std::string_view record);

/// Documented hash partition of a key's group prefix.
std::uint32_t model_partition(std::string_view group, std::uint32_t partitions);

}  // namespace mrun::test_support
