// bench_generate: makes benchmark data of a chosen kind, size and seed.
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "common/fatal.hpp"
#include "generate/kinds.hpp"

namespace mrun::bench {
namespace {

constexpr const char* kUsage =
    "usage: bench_generate KIND --size SIZE [--seed N] [--distinct N] OUT\n"
    "  KIND  zipf          text, word frequencies as in English   (--distinct words, 500000)\n"
    "        distinct      text of many different words           (--distinct words, 20000000)\n"
    "        records       binary records of 100 bytes, 10-byte keys\n"
    "        record_lines  the same as lines: 99 printable characters and a newline\n"
    "        log           a web server's log, joined by tabs     (--distinct users, 1000000)\n"
    "  SIZE  bytes; 64K, 64M and 1G are powers of 1024\n";

struct Options {
  std::string kind, out;
  std::uint64_t size_bytes = 0;
  std::uint64_t seed = 1;
  std::uint64_t distinct = 0;  ///< 0: the kind's own.
};

[[noreturn]] void fatal_number(std::string_view text) {
  fatal("not a number that bench_generate understands: " + std::string(text));
}

/// Digits, and where `with_unit` is set K, M or G after them.
std::uint64_t parse_number(std::string_view text, bool with_unit) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) fatal_number(text);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.empty()) return value;
  constexpr std::string_view kUnits = "KMG";
  const std::size_t power = unit.size() == 1 && with_unit ? kUnits.find(unit[0]) : kUnits.npos;
  constexpr std::uint64_t kMaxWithUnit = std::uint64_t{1} << 20;  // Above, it could overflow.
  if (power == kUnits.npos || value > kMaxWithUnit) fatal_number(text);
  return value << (10 * (power + 1));
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.substr(0, 2) != "--") {
      names.push_back(argument);
      continue;
    }
    if (++i == arguments.size()) fatal(kUsage);
    if (argument == "--size")
      options.size_bytes = parse_number(arguments[i], true);
    else if (argument == "--seed")
      options.seed = parse_number(arguments[i], false);
    else if (argument == "--distinct")
      options.distinct = parse_number(arguments[i], false);
    else
      fatal(kUsage);
  }
  if (names.size() != 2 || options.size_bytes == 0 || options.distinct > 0xffffffffu) fatal(kUsage);
  options.kind = names[0];
  options.out = names[1];
  return options;
}

void generate(const Options& options) {
  const auto distinct = [&](std::uint32_t usual) {
    return options.distinct == 0 ? usual : static_cast<std::uint32_t>(options.distinct);
  };
  const Random random(options.seed);
  OutputFile out(options.out);
  if (options.kind == "zipf")
    generate_zipf_text(options.size_bytes, distinct(500'000), random, out);
  else if (options.kind == "distinct")
    generate_distinct_text(options.size_bytes, distinct(20'000'000), random, out);
  else if (options.kind == "records")
    generate_records(options.size_bytes, random, out);
  else if (options.kind == "record_lines")
    generate_record_lines(options.size_bytes, random, out);
  else if (options.kind == "log")
    generate_log(options.size_bytes, distinct(1'000'000), random, out);
  else
    fatal(kUsage);
  out.finish();
}

}  // namespace
}  // namespace mrun::bench

int main(int argument_count, char** arguments) {
  mrun::bench::generate(mrun::bench::parse_options({arguments + 1, arguments + argument_count}));
  return 0;
}
