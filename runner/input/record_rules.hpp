// RecordRules: how the records of one of a job's inputs are cut and handed over.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// A record of fixed size is one slice in memory.
constexpr std::uint64_t kFixedRecordBytesMost = std::uint64_t{1} << 28;

/// "lines", "nul", "fixed:N", "whole", "csv" or "csv:" and a separator. Code::usage otherwise.
Result<RecordFormat> parse_record_format(const std::string& text);

struct RecordRules {
  RecordFormat format;
  bool strip_cr = false;    ///< A CR at a record's end is no part of it.
  bool has_header = false;  ///< Each file's first record is its header.
  bool chunks = false;  ///< Whole-record chunks (<= 1 MiB unless one record is longer), for lines.
  bool line_numbers = false;
};

}  // namespace mrun
