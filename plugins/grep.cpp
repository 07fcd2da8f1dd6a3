// grep: the lines in which a regular expression matches, in input order.
//
// Whole chunks are searched, and a line is looked for only around a match. So that this gives what
// a search line by line would give, the expression never matches a newline and ^ and $ match at a
// line's ends. Expressions that could tell the difference (\A, \z, \C, their own m flag) are
// searched line by line. Where an expression cannot match without one of a few literals, these are
// looked for first, which is several times as fast, and only lines that hold one are matched.
#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <mrun/mrun.hpp>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/literal_scan.hpp"

struct Grep {
  static constexpr auto name = "grep";
  static constexpr auto help = "writes the lines that match a regular expression, in input order";
  static constexpr bool map_only = true;
  using Combine = mrun::Sum;

  mrun::Param<std::string> pattern{"pattern", nullptr,
                                   "regular expression (RE2) over bytes; over UTF-8 where it has "
                                   "\\p, \\x{ or letters beyond ASCII"};
  mrun::Param<bool> invert{"invert", "false", "write the lines that do not match"};
  mrun::Param<bool> ignore_case{"ignore-case", "false", "a letter matches its other case, too"};
  mrun::Param<bool> with_name{"name", "false", "write FILE TAB before each line"};
  mrun::Param<bool> with_line{"line", "false", "write the line's number and TAB before each line"};
  mrun::Param<bool> count{
      "count", "false",
      "write the number of lines; with name, FILE TAB number for each file that "
      "is not empty"};
  mrun::Counter hits{"hits", "lines found"};

  /// Numbers are summed by file, or all under the first file's ordinal, which is then not written.
  void shape(mrun::Shape<Grep>& shape) const {
    if (!*count) {
      shape.line_numbers(*with_line);
      return;
    }
    shape.map_only(false);
    shape.partitions(1);
    if (!*with_name) shape.output(mrun::Output::value);
  }

  /// The compiled expression; all threads use it.
  struct Shared {
    RE2 of_line;
    RE2 of_chunk;
    bool by_chunk;
    std::optional<LiteralScan> literals;  ///< Every line that matches holds one of them.

    explicit Shared(const Grep& job)
        : of_line(*job.pattern, options(*job.pattern, *job.ignore_case)),
          of_chunk("(?m)" + *job.pattern, options(*job.pattern, *job.ignore_case)),
          by_chunk(of_chunk.ok() && !tells_a_line_from_a_text(*job.pattern)) {
      if (!of_line.ok()) mrun::fail("parameter pattern: " + of_line.error());
      literals = needed_literals(*job.pattern, *job.ignore_case);
    }

    /// Letters beyond ASCII, classes of Unicode, code points.
    static bool speaks_of_characters(const std::string& pattern) {
      for (const char* const escape : {"\\p", "\\P", "\\x{"})
        if (pattern.find(escape) != std::string::npos) return true;
      return std::any_of(pattern.begin(), pattern.end(), [](char c) { return (c & 0x80) != 0; });
    }

    /// Such an expression is matched against UTF-8; any other one against bytes, so that a line is
    /// not passed over because it is not UTF-8.
    static RE2::Options options(const std::string& pattern, bool ignore_case) {
      RE2::Options options;
      options.set_case_sensitive(!ignore_case);
      options.set_log_errors(false);
      options.set_never_nl(true);
      if (!speaks_of_characters(pattern)) options.set_encoding(RE2::Options::EncodingLatin1);
      return options;
    }

    /// True for every pattern with \A, \z, \C or an m flag; for a few others, too.
    static bool tells_a_line_from_a_text(const std::string& pattern) {
      for (const char* const escape : {"\\A", "\\z", "\\C"})
        if (pattern.find(escape) != std::string::npos) return true;
      for (std::size_t at = 0; (at = pattern.find("(?", at)) != std::string::npos; ++at) {
        const std::size_t end = pattern.find_first_of(":)", at);
        if (pattern.substr(at, end - at).find('m') != std::string::npos) return true;
      }
      return false;
    }

    /// Literals of which each match holds one, for an expression over bytes that has them: as few
    /// and as long ones as can be had.
    static std::optional<LiteralScan> needed_literals(const std::string& pattern,
                                                      bool ignore_case) {
      constexpr int kShortest = 2;
      re2::FilteredRE2 filter(kShortest);
      int id = 0;
      if (speaks_of_characters(pattern) ||
          filter.Add(pattern, options(pattern, ignore_case), &id) != RE2::NoError)
        return std::nullopt;
      std::vector<std::string> literals;
      filter.Compile(&literals);
      // The short ones go first, as long as no match can do without all the others.
      std::vector<int> needed = by_size(literals);
      if (can_match_without(needed, literals.size(), filter)) return std::nullopt;
      for (const int one : by_size(literals)) {
        std::vector<int> fewer;
        std::remove_copy(needed.begin(), needed.end(), std::back_inserter(fewer), one);
        if (!can_match_without(fewer, literals.size(), filter)) needed = std::move(fewer);
      }
      if (needed.size() > LiteralScan::kMaxLiterals) return std::nullopt;
      std::vector<std::string> chosen;
      for (const int one : needed) chosen.push_back(literals[static_cast<std::size_t>(one)]);
      const auto is_ascii = [](const std::string& one) {
        return std::none_of(one.begin(), one.end(), [](char c) { return (c & 0x80) != 0; });
      };
      if (!std::all_of(chosen.begin(), chosen.end(), is_ascii)) return std::nullopt;
      return LiteralScan(chosen);
    }

    /// Their numbers, the shortest first.
    static std::vector<int> by_size(const std::vector<std::string>& literals) {
      std::vector<int> numbers(literals.size());
      std::iota(numbers.begin(), numbers.end(), 0);
      std::stable_sort(numbers.begin(), numbers.end(), [&](int a, int b) {
        return literals[static_cast<std::size_t>(a)].size() <
               literals[static_cast<std::size_t>(b)].size();
      });
      return numbers;
    }

    /// Whether a text may match that holds all of the `count` literals but `absent`.
    static bool can_match_without(const std::vector<int>& absent, std::size_t count,
                                  const re2::FilteredRE2& filter) {
      std::vector<int> present, possible;
      for (int i = 0; i < static_cast<int>(count); ++i)
        if (std::find(absent.begin(), absent.end(), i) == absent.end()) present.push_back(i);
      filter.AllPotentials(present, &possible);
      return !possible.empty();
    }

    bool matches(std::string_view line) const {
      return of_line.Match(piece(line), 0, line.size(), RE2::UNANCHORED, nullptr, 0);
    }

    /// The first line of `lines` that matches, without its newline; an empty view at the end of
    /// `lines` where none does.
    std::string_view first_match(std::string_view lines) const {
      if (!literals) return first_match_of_all(lines);
      // Where one of the literals stands in most lines, the expression is faster without them.
      constexpr std::size_t kBytesOfMiss = 512, kMissesAtOnce = 16;
      std::size_t at = 0;
      for (std::size_t misses = 0; misses <= kMissesAtOnce + at / kBytesOfMiss; ++misses) {
        at = literals->find(lines, at);
        if (at == lines.size()) return lines.substr(at);
        const std::string_view line = line_around(lines, at);
        if (matches(line)) return line;
        at = lines.size() - behind(lines, line).size();
      }
      return first_match_of_all(lines.substr(at));
    }

    /// The same by the expression alone.
    std::string_view first_match_of_all(std::string_view lines) const {
      const std::string_view none = lines.substr(lines.size());
      if (!by_chunk) {
        for (std::string_view rest = lines; !rest.empty();) {
          const std::string_view line = first_line(rest);
          if (matches(line)) return line;
          rest = behind(rest, line);
        }
        return none;
      }
      re2::StringPiece match;
      if (!of_chunk.Match(piece(lines), 0, lines.size(), RE2::UNANCHORED, &match, 1)) return none;
      const auto at = static_cast<std::size_t>(match.data() - lines.data());
      // Behind the last newline an empty match may lie, but no line.
      if (at == lines.size() && (lines.empty() || lines.back() == '\n')) return none;
      return line_around(lines, at);
    }

    static std::string_view line_around(std::string_view lines, std::size_t at) {
      const std::size_t newline = at == 0 ? std::string_view::npos : lines.rfind('\n', at - 1);
      return first_line(lines.substr(newline == std::string_view::npos ? 0 : newline + 1));
    }

    static re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
  };

  void map(const mrun::Chunk& chunk, const Shared& shared,
           mrun::Emit<mrun::File, std::uint64_t>& counts, mrun::Out& out) {
    const std::int64_t before = hits.value();
    file = chunk.file;
    line_at = chunk.text.data();
    line_number = chunk.first_line;
    if (chunk.is_record) {
      if (shared.matches(chunk.text) != *invert) take(chunk.text, out);
    } else {
      search(chunk.text, shared, out);
    }
    if (*count)
      counts(*with_name ? chunk.file : mrun::File{},
             static_cast<std::uint64_t>(hits.value() - before));
  }

 private:
  void search(std::string_view lines, const Shared& shared, mrun::Out& out) {
    for (std::string_view rest = lines; !rest.empty();) {
      const std::string_view line = shared.first_match(rest);
      const auto before = static_cast<std::size_t>(line.data() - rest.data());
      if (*invert)
        for (const std::string_view other : mrun::lines{rest.substr(0, before)}) take(other, out);
      else if (before != rest.size())
        take(line, out);
      rest = before == rest.size() ? std::string_view() : behind(rest, line);
    }
  }

  static std::string_view first_line(std::string_view lines) {
    return lines.substr(0, lines.find('\n'));
  }
  /// What follows `line` and its newline in `lines`.
  static std::string_view behind(std::string_view lines, std::string_view line) {
    const auto end = static_cast<std::size_t>(line.data() - lines.data()) + line.size();
    return lines.substr(std::min(end + 1, lines.size()));
  }

  void take(std::string_view line, mrun::Out& out) {
    ++hits;
    if (*count) return;
    if (*with_line) {
      line_number += static_cast<std::uint64_t>(std::count(line_at, line.data(), '\n'));
      line_at = line.data();
    }
    if (*with_name && *with_line)
      out(file, line_number, line);
    else if (*with_name)
      out(file, line);
    else if (*with_line)
      out(line_number, line);
    else
      out(line);
  }

  mrun::File file;
  const char* line_at = nullptr;  // the line that line_number belongs to
  std::uint64_t line_number = 0;
};

MRUN_JOB(Grep)
