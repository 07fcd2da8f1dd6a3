// Split planning: cuts the input list into map tasks. Pure: depends on sizes only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "input/input_list.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// Bytes [begin, end) of one file. A record belongs to the range in which its first byte lies.
struct SplitRange {
  std::uint32_t file = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Of a compressed file a range counts its bytes as they are stored, and packed_file.hpp says what
/// of the text is its. One map task's input: ranges in input order (many small files share a
/// split), or one stream.
struct Split {
  std::vector<SplitRange> ranges;
  bool is_stream = false;  ///< Then `ranges` names the file only.
  std::uint64_t size_bytes() const;
};

struct SplitPlan {
  std::vector<Split> splits;
  std::uint64_t split_bytes = 0;  ///< The size that was aimed at.
};

/// The design's formula: clamp(ceil(total / 1024), clamp(ceil(total / 16), 1 MiB, 16 MiB), 1 GiB).
std::uint64_t default_split_bytes(std::uint64_t total_bytes);

/// Covers every byte of every file once, in order. Empty files give no range. `formats`: of the
/// job's inputs, by InputFile::input. Compressed files are cut into parts of 4 KiB to a MiB. Ranges
/// of fixed-size records begin on record borders; files that are one record each are not cut. Files
/// of different inputs share no split.
SplitPlan plan_splits(const InputList& inputs, std::optional<std::uint64_t> split_bytes,
                      std::span<const RecordFormat> formats);

}  // namespace mrun
