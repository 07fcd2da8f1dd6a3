// RecordBatch: input records on their way to a job's map, and where batches come from.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "model/entry.hpp"

namespace mrun {

/// Some whole records of one file. 64 readable bytes follow the last one.
///
/// A batch without records covers bytes that are handed to no map: a file's header.
/// Else either `chunk` holds the records as they lie in the input (with their newlines), or
/// `records` and `offsets` list them one by one (without). All views die with the next call to the
/// source, except where `owner` is set: then the bytes stay in place for as long as a copy of it
/// lives.
struct RecordBatch {
  std::span<const Slice> records;
  std::span<const std::uint64_t> offsets;  ///< Of each record, in bytes from its file's start.
  Slice chunk;
  std::uint64_t offset = 0;      ///< Of the batch, in bytes from its file's start.
  std::uint64_t first_line = 0;  ///< From 1; 0 where the job did not ask for line numbers.
  std::uint32_t file = 0;        ///< Ordinal in the input list.
  std::uint32_t input = 0;       ///< Ordinal of the job's input.
  Slice header;                  ///< The file's first record, where the input has headers.
  std::uint64_t record_count = 0;
  std::uint64_t size_bytes = 0;       ///< Input bytes that this batch covers, separators included.
  std::shared_ptr<const void> owner;  ///< Null: the bytes are reused, entries must copy.
};

/// The records of one split, in order.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Fills `batch` with the next records; false at the end. Errors: `input`, `limit`.
  virtual Result<bool> next(RecordBatch& batch) = 0;
};

}  // namespace mrun
