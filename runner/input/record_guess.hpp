// RecordGuess: what lies before an offset of a file, guessed from the bytes behind it alone.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "input/delimiters.hpp"
#include "input/input_list.hpp"

namespace mrun {

/// What a file's first `offset` bytes hold, by those that follow and the last one `before` them.
/// There are as many records as if all were as long as these. CSV lies outside of quotes unless
/// the other way fewer quotes stand where none may (as Ge et al. do, Speculative Distributed CSV
/// Data Parsing, SIGMOD 2019). Pure.
RecordCount guess_records(std::uint64_t offset, std::uint8_t before,
                          std::span<const std::uint8_t> after, Delimiter delimiter);

/// The same from up to 64 KiB of a file. Any thread may call it. Errors: `input`.
Result<RecordCount> guess_records_before(const InputFile& file, std::uint64_t offset,
                                         Delimiter delimiter);

}  // namespace mrun
