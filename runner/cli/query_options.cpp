// Declares the options of get, scan and merge: parsing and help come from the same lines.
#include "cli/query_options.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/escape_text.hpp"
#include "cli/command_parser.hpp"
#include "cli/tmp_dirs.hpp"

namespace mrun {
namespace {

constexpr char kGetUsage[] = "mrun get OUT KEY...";
constexpr char kGetHelp[] =
    R"(Prints the records of each KEY in an output of the format 'table', in the order asked;
the values of one key stand in the order that the job left them in.

Usage:
  mrun get OUT KEY...
  mrun get OUT --stdin < KEYS

A KEY is the key as the output prints it, its fields parted by TAB. Leading fields alone
get all keys that have them. A key that begins with '-' goes after '--'.

Exit status 0: every key was found.  1: some key was not.  4: OUT is no finished output.
8: OUT is damaged.

Example:
  mrun wordcount books/ counts/ --output-format table && mrun get counts/ whale

)";

constexpr char kScanUsage[] = "mrun scan OUT";
constexpr char kScanHelp[] =
    R"(Prints the records of an output of the format 'table', in the order of its keys over all
parts.

Usage:
  mrun scan OUT [--prefix P | --from A --to B]

P, A and B are written as the output prints keys, fields parted by TAB; leading fields will do.

)";

constexpr char kMergeUsage[] = "mrun merge OUT1 OUT2... NEW --job JOB";
constexpr char kMergeHelp[] =
    R"(Merges outputs of one job, of the formats 'table' or 'kv', as one run over all of their
inputs would have made them: equal keys are combined by the job's own exact combiner.

Usage:
  mrun merge OUT1 OUT2... NEW --job JOB

Exit status 2: the outputs are not of JOB with the same parameters, or JOB has a reduce of its
own or a combiner that is not exact: run it over all the inputs.

Example:
  mrun merge year/ today/ year.new/ --job wordcount

)";

Failure usage_error(const std::string& what, const std::string& usage) {
  return fail(Code::usage, what, "usage: " + usage);
}

Failure one_too_many(const std::string& word, const std::string& usage) {
  return usage_error(fmt::format("'{}' is one argument too many", excerpt_text(word)), usage);
}

}  // namespace

Result<RawCommand> parse_get(std::span<const std::string> arguments) {
  RawGet get;
  CommandParser parser(kGetHelp, "");
  parser.flag("--stdin", get.from_stdin, "Read the keys from the standard input, one a line",
              "Keys");
  parser.flag("--hex", get.hex, "Keys are hexadecimal: the bytes that are stored", "Keys");
  parser.flag("--stats", get.stats,
              "Show how many parts were asked, what their filters said,\nand how much was read",
              "Messages");
  MRUN_TRY_ASSIGN(std::vector<std::string> words, parser.parse(arguments));
  if (parser.help_asked()) return RawCommand(RawText{parser.help()});
  if (words.empty()) return usage_error("the output and the keys are missing", kGetUsage);
  get.output = words[0];
  get.keys.assign(words.begin() + 1, words.end());
  if (get.keys.empty() && !get.from_stdin) return usage_error("the keys are missing", kGetUsage);
  if (!get.keys.empty() && get.from_stdin)
    return fail(Code::usage, "the keys come from the arguments or from the standard input",
                "leave out --stdin, or the keys");
  return RawCommand(std::move(get));
}

Result<RawCommand> parse_scan(std::span<const std::string> arguments) {
  RawScan scan;
  CommandParser parser(kScanHelp, "");
  parser.text("--prefix", scan.prefix, "P",
              "Keys that begin with P: its fields but the last are whole, and\na last one of bytes "
              "need only begin so",
              "Keys");
  parser.text("--from", scan.from, "A", "Keys from A on, A itself included", "Keys");
  parser.text("--to", scan.to, "B", "Keys before B", "Keys");
  parser.flag("--hex", scan.hex, "P, A and B are hexadecimal: the bytes that are stored", "Keys");
  parser.flag("--reverse", scan.reverse,
              "From the last key to the first, and so the values of a key", "Output");
  parser.text("--limit", scan.limit, "N", "Print N records at most", "Output");
  parser.flag("--count", scan.count, "Print only how many records there are", "Output");
  parser.flag("--stats", scan.stats, "Show how many parts were opened and how much was read",
              "Messages");
  MRUN_TRY_ASSIGN(std::vector<std::string> words, parser.parse(arguments));
  if (parser.help_asked()) return RawCommand(RawText{parser.help()});
  if (words.empty()) return usage_error("the output is missing", kScanUsage);
  if (words.size() > 1) return one_too_many(words[1], kScanUsage);
  scan.output = words[0];
  if (scan.prefix && (scan.from || scan.to))
    return fail(Code::usage, "--prefix and --from or --to exclude each other",
                "say the range in one way");
  return RawCommand(std::move(scan));
}

Result<RawCommand> parse_merge(std::span<const std::string> arguments) {
  RawRun merge;
  std::optional<std::string> job;
  CommandParser parser(kMergeHelp, "");
  const std::string resources = "Resources", output = "Output";
  parser.text("--job", job, "JOB", "The job that made the outputs", "The job");
  parser.text("-p,--partitions", merge.partitions, "N",
              "Number of parts of NEW; otherwise as for a run over all the\ninputs", "The job");
  parser.text("-j,--threads", merge.threads, "N",
              "Threads; otherwise all cores this process may use", resources);
  parser.text("-m,--memory", merge.memory, "SIZE", "Memory for all that grows with the data",
              resources);
  parser.texts(
      "-T,--tmp-dir", merge.tmp_dirs, "FOLDER",
      "Where sorted runs go where the outputs have more parts than\nmemory serves at once; "
      "otherwise beside NEW. Several folders\nare used in turn",
      resources);
  declare_scratch(parser, merge, "merge", resources);
  parser.text("--compress", merge.compress, "FORMAT",
              "Of the blocks of tables: 'lz4' (the default), 'zstd' or 'none'", output);
  parser.flag("--overwrite", merge.overwrite, "Replace NEW where it is an output of mrun", output);
  parser.flag("--no-sync", merge.no_sync,
              "Do not wait until NEW is safe on the disk: faster, but a power\nfailure may take it",
              output);
  parser.flag("-q,--quiet", merge.quiet, "Print nothing but errors", "Messages");
  parser.flag("--stats", merge.stats, "Show time and memory of each phase", "Messages");
  MRUN_TRY_ASSIGN(std::vector<std::string> words, parser.parse(arguments));
  if (parser.help_asked()) return RawCommand(RawText{parser.help()});
  merge.variables = std::move(parser).variables();
  if (words.size() < 2) return usage_error("the outputs are missing", kMergeUsage);
  if (words.size() == 2)
    return usage_error("a merge takes two outputs or more, and the name of a new one", kMergeUsage);
  if (!job) return usage_error("the job is missing", kMergeUsage);
  merge.job = *job;
  merge.output = words.back();
  words.pop_back();
  merge.inputs = std::move(words);
  return RawCommand(RawMerge{std::move(merge)});
}

}  // namespace mrun
