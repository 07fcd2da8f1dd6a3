// Paths as the input arguments of a job with one input.
#pragma once

#include <string>
#include <vector>

#include "model/run_options.hpp"

namespace mrun::test_support {

inline std::vector<InputArgument> input_arguments(const std::vector<std::string>& paths) {
  std::vector<InputArgument> arguments;
  for (const std::string& path : paths) arguments.push_back({path, path, 0});
  return arguments;
}

/// For a job whose one input holds lines.
inline const std::vector<RecordFormat> kLines(1);

}  // namespace mrun::test_support
