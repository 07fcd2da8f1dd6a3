// grep_lines: prints the lines that hold a fixed string as fast as the machine allows, and nothing
// else.
//
// usage: grep_lines TEXT IN OUT [THREADS]
// Looks for the first and the last byte of the text 64 places at a time, and at the rest only where
// both are there (W. Muła, "SIMD-friendly algorithms for substring searching"). The line around a
// match is looked for only then.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "reference/byte_block.hpp"
#include "reference/mapped_input.hpp"
#include "reference/program.hpp"

namespace mrun::bench {
namespace {

using Lines = std::vector<std::string_view>;

/// Where `text` stands first in [from, to), or `to`. What lies behind `to` must be readable.
const std::uint8_t* find(const std::uint8_t* from, const std::uint8_t* to, std::string_view text) {
  for (; from + text.size() <= to; from += ByteBlock::kBytes) {
    const auto places = static_cast<std::size_t>(to - from) - text.size() + 1;
    std::uint64_t candidates = ByteBlock(from).equal(text.front()) &
                               ByteBlock(from + text.size() - 1).equal(text.back()) &
                               low_bits(places);
    for (; candidates != 0; candidates &= candidates - 1) {
      const std::uint8_t* at = from + std::countr_zero(candidates);
      if (std::memcmp(at, text.data(), text.size()) == 0) return at;
    }
  }
  return to;
}

/// The lines in [from, to), which are whole, that hold `text`; each with its newline, if it has
/// one.
Lines matching_lines(const std::uint8_t* from, const std::uint8_t* to, std::string_view text) {
  Lines lines;
  while (from < to) {
    const std::uint8_t* match = find(from, to, text);
    if (match == to) break;
    const void* before = ::memrchr(from, '\n', static_cast<std::size_t>(match - from));
    const void* after = std::memchr(match, '\n', static_cast<std::size_t>(to - match));
    const auto* begin = before == nullptr ? from : static_cast<const std::uint8_t*>(before) + 1;
    const auto* end = after == nullptr ? to : static_cast<const std::uint8_t*>(after) + 1;
    lines.emplace_back(reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin));
    from = end;
  }
  return lines;
}

/// Returns how many lines were written.
std::size_t write(const std::vector<Lines>& found, const std::string& path) {
  std::string text;
  std::size_t count = 0;
  for (const Lines& lines : found) {
    count += lines.size();
    for (const std::string_view line : lines) text += line;
  }
  // The last line of a file may lack its newline; what is printed has it.
  if (!text.empty() && text.back() != '\n') text += '\n';
  PlacedOutput(path).write(text.data(), text.size(), 0);
  return count;
}

[[noreturn]] void run(const std::string& text, const std::string& in, const std::string& out,
                      unsigned threads) {
  if (text.empty() || text.find('\n') != text.npos || text.size() > MappedInput::kPaddingBytes)
    fatal("the text must have 1 to 64 bytes, none of them a newline");
  PhaseClock clock;
  const MappedInput input(in);
  std::vector<Lines> found(threads);
  in_parallel(threads, [&](unsigned thread) {
    const auto border = [&](unsigned share) {
      return line_start_from(input, input.data() + input.size() * share / threads);
    };
    found[thread] = matching_lines(border(thread), border(thread + 1), text);
  });
  clock.lap("search");
  const std::size_t count = write(found, out);
  clock.lap("write");
  clock.finish(std::to_string(count) + " lines");
}

}  // namespace
}  // namespace mrun::bench

int main(int argument_count, char** arguments) {
  if (argument_count < 4) mrun::bench::fatal("usage: grep_lines TEXT IN OUT [THREADS]");
  const unsigned long threads = argument_count > 4 ? std::strtoul(arguments[4], nullptr, 10) : 2;
  mrun::bench::run(arguments[1], arguments[2], arguments[3], static_cast<unsigned>(threads));
}
