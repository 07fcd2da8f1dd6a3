// RecordRules: how the records of one of a job's inputs are cut and handed over.
#pragma once

#include "model/run_options.hpp"

namespace mrun {

struct RecordRules {
  RecordFormat format;
  bool strip_cr = false;    ///< A CR at a record's end is no part of it.
  bool has_header = false;  ///< Each file's first record is its header.
  bool chunks = false;  ///< Whole-record chunks (<= 1 MiB unless one record is longer), for lines.
  bool line_numbers = false;
};

}  // namespace mrun
