// grep: the lines in which a regular expression matches, in input order.
//
// Whole chunks are searched, and a line is looked for only around a match. So that this gives what
// a search line by line would give, the expression never matches a newline and ^ and $ match at a
// line's ends. Expressions that could tell the difference (\A, \z, \C, their own m flag) are
// searched line by line.
#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <mrun/mrun.hpp>

struct Grep {
  static constexpr auto name = "grep";
  static constexpr auto help = "writes the lines that match a regular expression";

  mrun::Param<std::string> pattern{"pattern", nullptr, "regular expression (RE2 syntax)"};
  mrun::Param<bool> invert{"invert", "false", "write the lines that do not match"};
  mrun::Counter hits{"hits", "lines written"};

  /// The compiled expression; all threads use it.
  struct Shared {
    RE2 of_line;
    RE2 of_chunk;
    bool by_chunk;

    explicit Shared(const Grep& job)
        : of_line(*job.pattern, options(*job.pattern)),
          of_chunk("(?m)" + *job.pattern, options(*job.pattern)),
          by_chunk(of_chunk.ok() && !tells_a_line_from_a_text(*job.pattern)) {
      if (!of_line.ok()) mrun::fail("parameter pattern: " + of_line.error());
    }

    /// An ASCII expression is matched against bytes, so that a line is not passed over because it
    /// is not UTF-8; any other one against UTF-8.
    static RE2::Options options(const std::string& pattern) {
      RE2::Options options;
      options.set_log_errors(false);
      options.set_never_nl(true);
      const auto is_ascii = [](char c) { return (c & 0x80) == 0; };
      if (std::all_of(pattern.begin(), pattern.end(), is_ascii))
        options.set_encoding(RE2::Options::EncodingLatin1);
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

    bool matches(std::string_view line) const {
      return of_line.Match(piece(line), 0, line.size(), RE2::UNANCHORED, nullptr, 0);
    }

    /// The first line of `lines` that matches, without its newline; an empty view at the end of
    /// `lines` where none does.
    std::string_view first_match(std::string_view lines) const {
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
      if (at == lines.size() && lines.back() == '\n') return none;
      const std::size_t newline = at == 0 ? std::string_view::npos : lines.rfind('\n', at - 1);
      return first_line(lines.substr(newline == std::string_view::npos ? 0 : newline + 1));
    }

    static re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
  };

  void map(const mrun::Chunk& chunk, const Shared& shared, mrun::Out& out) {
    if (chunk.is_record) {
      if (shared.matches(chunk.text) != *invert) write(chunk.text, out);
      return;
    }
    for (std::string_view rest = chunk.text; !rest.empty();) {
      const std::string_view line = shared.first_match(rest);
      const auto before = static_cast<std::size_t>(line.data() - rest.data());
      if (*invert)
        write_all(rest.substr(0, before), out);
      else if (before != rest.size())
        write(line, out);
      rest = before == rest.size() ? std::string_view() : behind(rest, line);
    }
  }

 private:
  static std::string_view first_line(std::string_view lines) {
    return lines.substr(0, lines.find('\n'));
  }
  /// What follows `line` and its newline in `lines`.
  static std::string_view behind(std::string_view lines, std::string_view line) {
    const auto end = static_cast<std::size_t>(line.data() - lines.data()) + line.size();
    return lines.substr(std::min(end + 1, lines.size()));
  }

  void write(std::string_view line, mrun::Out& out) {
    ++hits;
    out(line);
  }
  void write_all(std::string_view lines, mrun::Out& out) {
    while (!lines.empty()) {
      const std::string_view line = first_line(lines);
      write(line, out);
      lines = behind(lines, line);
    }
  }
};

MRUN_JOB(Grep)
