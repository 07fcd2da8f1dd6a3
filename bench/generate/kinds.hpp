// The kinds of data that the generator makes. Every kind fills `out` up to the end of the line or
// record in which `size_bytes` is reached, and depends on its arguments alone.
#pragma once

#include <cstdint>

#include "generate/output_file.hpp"
#include "generate/random.hpp"

namespace mrun::bench {

/// Lines of 8 to 16 words out of `distinct`, as frequent as in natural text (Zipf's law).
void generate_zipf_text(std::uint64_t size_bytes, std::uint32_t distinct, Random random,
                        OutputFile& out);

/// Lines of 12 words, each drawn evenly from `distinct` ones of 12 to 14 letters.
void generate_distinct_text(std::uint64_t size_bytes, std::uint32_t distinct, Random random,
                            OutputFile& out);

/// Records of 100 bytes as in the sort benchmark (sortbenchmark.org): a key of 10 random bytes, the
/// record's number in 32 hexadecimal digits, and filler between fixed marks. As many whole records
/// as fit into `size_bytes`.
void generate_records(std::uint64_t size_bytes, Random random, OutputFile& out);

/// The same for programs that sort lines: 99 printable characters and a newline, of which the first
/// 10 are the key.
void generate_record_lines(std::uint64_t size_bytes, Random random, OutputFile& out);

/// A web server's log: time, address, method, URL, status, bytes sent, user; joined by tabs. The
/// frequencies of addresses, URLs and users follow Zipf's law; there are `distinct` users.
void generate_log(std::uint64_t size_bytes, std::uint32_t distinct, Random random, OutputFile& out);

}  // namespace mrun::bench
