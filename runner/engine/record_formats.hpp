// How the records of a run are cut and written, as the job says unless the user does.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "input/record_rules.hpp"
#include "model/job_spec.hpp"
#include "model/run_options.hpp"
#include "output/part_file.hpp"

namespace mrun {

/// The formats of the job's inputs. Code::plugin where the job asks for one that is none.
Result<std::vector<RecordFormat>> record_formats(const RunOptions& options, const JobSpec& spec);

/// The rules of the job's inputs, whose formats these are.
std::vector<RecordRules> record_rules(const RunOptions& options, const JobSpec& spec,
                                      const std::vector<RecordFormat>& formats);

/// Code::usage where the output is to be a table or kv, and the job's cannot be.
Result<void> check_pair_output(const RunOptions& options, const JobSpec& spec);

/// How the parts of the main output are written; without a budget yet.
PartFile::Coding part_coding(const RunOptions& options, const JobSpec& spec);

/// The job with its output's records as they are written: their end, and which fields.
JobSpec as_written(const RunOptions& options, const JobSpec& spec,
                   const std::vector<RecordFormat>& formats);

}  // namespace mrun
