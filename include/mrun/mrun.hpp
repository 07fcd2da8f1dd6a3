// The SDK: everything a job in C++ needs, and the macro that makes it a library.
//
//   #include <mrun/mrun.hpp>
//   struct WordCount {
//     using Combine = mrun::Sum;
//     void map(std::string_view line, mrun::Emit<std::string_view, std::uint64_t>& out) {
//       for (auto word : mrun::words{line}) out(word, 1);
//     }
//   };
//   MRUN_JOB(WordCount)
//
// Build: g++ -std=c++20 -O2 -fPIC -shared wordcount.cpp -o wordcount.so
// Run:   mrun wordcount.so input/ out/
#pragma once

#if __cplusplus < 202002L
#error "mrun needs C++20: compile with -std=c++20"
#endif

#include "combine.hpp"  // IWYU pragma: export
#include "counter.hpp"  // IWYU pragma: export
#include "decimal.hpp"  // IWYU pragma: export
#include "emit.hpp"     // IWYU pragma: export
#include "fail.hpp"     // IWYU pragma: export
#include "fields.hpp"   // IWYU pragma: export
#include "job.hpp"      // IWYU pragma: export
#include "lines.hpp"    // IWYU pragma: export
#include "out.hpp"      // IWYU pragma: export
#include "params.hpp"   // IWYU pragma: export
#include "row.hpp"      // IWYU pragma: export
#include "rows.hpp"     // IWYU pragma: export
#include "shape.hpp"    // IWYU pragma: export
#include "types.hpp"    // IWYU pragma: export
#include "values.hpp"   // IWYU pragma: export
#include "words.hpp"    // IWYU pragma: export
