// grep: the lines in which a regular expression matches, in input order.
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

  struct Shared {
    RE2 expression;
    explicit Shared(const Grep& job) : expression(*job.pattern, options(*job.pattern)) {
      if (!expression.ok()) mrun::fail("parameter pattern: " + expression.error());
    }

    // A match never crosses a line, and ^ and $ match at a line's ends. Text that is not UTF-8 is
    // matched as bytes where the pattern is ASCII, so that no line is passed over for its encoding.
    static RE2::Options options(const std::string& pattern) {
      RE2::Options options;
      options.set_log_errors(false);
      options.set_never_nl(true);
      const bool ascii =
          std::all_of(pattern.begin(), pattern.end(), [](char c) { return (c & 0x80) == 0; });
      options.set_encoding(ascii ? RE2::Options::EncodingLatin1 : RE2::Options::EncodingUTF8);
      return options;
    }
  };

  void map(std::string_view line, const Shared& shared, mrun::Out& out) {
    if (RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), shared.expression) == *invert)
      return;
    ++hits;
    out(line);
  }
};

MRUN_JOB(Grep)
