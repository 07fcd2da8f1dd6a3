// The options of each command, declared once: parsing and help come from the same lines.
//
// Each command is a CLI11 application of its own, chosen by the first argument. CLI11's subcommands
// would take an input folder named "info" for a command.
#include "cli/raw_options.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/escape_text.hpp"
#include "cli/command_parser.hpp"
#include "cli/query_options.hpp"
#include "cli/suggest.hpp"
#include "cli/tmp_dirs.hpp"

namespace mrun {
namespace {

const std::array<std::string, 8> kCommands = {"run", "info", "verify", "cat",
                                              "get", "scan", "merge",  "help"};

constexpr char kMainHelp[] =
    R"(mrun: MapReduce on all cores of one machine, as one native program.

Usage:
  mrun JOB INPUT... OUT         run a job (short for 'mrun run')
  mrun info JOB                 show what a job does and takes
  mrun verify OUT               check a finished output against its manifest
  mrun cat OUT                  print a finished output, its parts in order
  mrun get OUT KEY...           print what an output of the format 'table' has of the keys
  mrun scan OUT                 print such an output, or a range of it, by its keys
  mrun merge OUT... NEW --job JOB
                                merge outputs of a job into one, without running it again
  mrun help [COMMAND]           print this help, or that of a command
  mrun --version

JOB is the path of a job's library (./wordcount.so) or the name of a job that came
with mrun (wordcount). INPUT is a file, a folder or '-' (the standard input). OUT is
a new folder, or '-': the parts are then printed in order, and nothing is kept.

Example:
  mrun wordcount books/ counts/ && mrun cat counts/ | sort -k2 -nr | head
)";

constexpr char kStatusHelp[] = R"(
In the environment MRUN_TMP_DIR stands for --tmp-dir, MRUN_OVERWRITE=true for
--overwrite, and so on; what is typed goes before it.

Exit status:
  0 done   1 the job said no   2 usage   4 input   5 output or disk   6 memory or a limit
  7 the job's library   8 integrity   128+n ended by signal n
)";

void declare_run(CommandParser& parser, RawRun& run) {
  const std::string job = "The job", input = "Input", resources = "Resources", output = "Output",
                    messages = "Messages";
  parser.texts("-D", run.params, "NAME=VALUE",
               "Set a parameter of the job; 'mrun info JOB' lists them.\n-D NAME means NAME=true",
               job);
  parser.text(
      "-p,--partitions", run.partitions, "N",
      "Number of parts of the output; otherwise one for each\n64 MiB of input, 1024 at most", job);
  parser.text("--records", run.records, "FORMAT",
              "How input bytes make records: 'lines', 'nul' (ended by NUL),\n'fixed:N' (N bytes "
              "each), 'whole' (a file each), or 'csv'\n(lines whose newlines between quotes do not "
              "count; 'csv:;'\nfor fields between semicolons); otherwise as the job says",
              input);
  parser.flag("--strip-cr", run.strip_cr, "A CR at the end of a record is no part of it", input);
  parser.flag("--skip-header", run.skip_header, "Leave out the first record of each file", input);

  parser.text("--files-from", run.files_from, "FILE",
              "Read names of inputs from FILE ('-': the standard input), one\na line; they follow "
              "those of the command line",
              input);
  parser.flag("-0,--null", run.nul_names, "The names in --files-from are ended by NUL", input);
  parser.texts("--include", run.include, "GLOB",
               "Inside folders, take only files whose name matches; a GLOB\nwith '/' is compared "
               "with the path below the folder",
               input);
  parser.texts("--exclude", run.exclude, "GLOB",
               "Inside folders, leave out files and folders that match", input);

  parser.text("-j,--threads", run.threads, "N", "Threads; otherwise all cores this process may use",
              resources);
  parser.text("-m,--memory", run.memory, "SIZE",
              "Memory for all that grows with the data: 4G, 512MiB, or a\nshare of all memory: "
              "60%. At least "
              "34 MiB. Otherwise 60%,\nor 80% of what is free now where that is less",
              resources);
  parser.texts(
      "-T,--tmp-dir", run.tmp_dirs, "FOLDER",
      "Where to put what does not fit in memory; otherwise\nbeside the output, or in $TMPDIR "
      "(or /tmp) where that is '-'.\nSeveral folders are used in turn",
      resources);
  declare_scratch(parser, run, "run", resources);
  parser.text("--split-size", run.split_size, "SIZE",
              "Input bytes of one map task; otherwise chosen from the\ninput's size", resources);
  parser.text("--decompress", run.decompress, "MODE",
              "Compressed input (gzip, bzip2, xz, zstd, lz4): 'auto' reads\nwhat it holds, 'none' "
              "its bytes as they are",
              input);
  parser.text("--io", run.io, "MODE", "How files are read: 'auto', 'mmap' or 'pread'", resources);

  parser.text("--output-format", run.output_format, "FORMAT",
              "'text' (fields and a newline), 'nul' (ended by NUL), or 'raw'\n(the value alone, or "
              "the key); 'table' (sorted blocks, for\n'mrun get') or 'kv' (pairs of bytes); "
              "otherwise as the\njob says",
              output);
  parser.text(
      "--compress", run.compress, "FORMAT",
      "Compress the output's files: 'gzip', 'zstd' or 'lz4'; of a\ntable the blocks: 'lz4', 'zstd' "
      "or 'none'",
      output);
  parser.flag("--overwrite", run.overwrite, "Replace OUT where it is an output of mrun", output);
  parser.flag(
      "--no-sync", run.no_sync,
      "Do not wait until the output is safe on the disk: faster,\nbut a power failure may take it",
      output);

  parser.flag("--explain", run.explain,
              "Show what would be read, and with how many splits, parts,\nthreads and how much "
              "memory; run nothing, write nothing",
              messages);
  parser.flag("--dry-run", run.explain, "The same as --explain", messages);
  parser.text("--progress", run.progress, "MODE",
              "'tty' (a live line), 'plain' (a line every 30 s), 'none', or\n'auto': live at a "
              "terminal, else plain",
              messages);
  parser.text("--color", run.color, "WHEN",
              "'always', 'never', or 'auto': at a terminal, unless NO_COLOR\nis set", messages);
  parser.flag("--json", run.json, "Messages as JSON objects, a line each, in place of text",
              messages);
  parser.flag("--stats", run.stats, "Show time, memory and spill of each phase", messages);
  parser.flag("-q,--quiet", run.quiet, "Print nothing but errors", messages);
  parser.flag("-v,--verbose", run.verbose, "Print more: settings, and notes of the job", messages);
}

Failure missing(const std::string& what, const std::string& usage) {
  return fail(Code::usage, what, "usage: " + usage);
}

/// What was typed goes before what the environment says.
void drop_what_was_overruled(RawRun& run) {
  const auto yield = [&](const char* option, bool& value, bool overruled) {
    if (overruled && run.variables.contains(option)) value = false;
  };
  yield("--quiet", run.quiet, run.verbose);
  yield("--verbose", run.verbose, run.quiet);
  yield("--overwrite", run.overwrite, run.output == "-");
  yield("--json", run.json, run.explain);
}

/// `is_job`: the first word names a job for certain, after `mrun run`.
Result<RawCommand> parse_run(std::span<const std::string> arguments, bool is_job = false) {
  RawRun run;
  CommandParser parser(kMainHelp, kStatusHelp);
  declare_run(parser, run);
  MRUN_TRY_ASSIGN(std::vector<std::string> words, parser.parse(arguments));
  if (parser.help_asked()) return RawCommand(RawText{parser.help()});
  run.variables = std::move(parser).variables();
  constexpr char kUsage[] = "mrun JOB INPUT... OUT";
  if (words.empty()) return missing("the job, the input and the output are missing", kUsage);
  const std::string hint = suggest(words[0], command_names());
  if (!is_job && words.size() < 3 && !hint.empty() && words[0].find('.') == std::string::npos)
    return fail(Code::usage, fmt::format("there is no command '{}'", excerpt_text(words[0])), hint);
  if (words.size() == 1) return missing("the input and the output are missing", kUsage);
  if (words.size() == 2 && !run.files_from)
    return missing("the input or the output is missing", kUsage);
  run.job = words.front();
  run.output = words.back();
  run.inputs.assign(words.begin() + 1, words.end() - 1);
  drop_what_was_overruled(run);
  return RawCommand(std::move(run));
}

/// The one word that a command takes, or the help that was asked for instead.
Result<std::string> parse_one_word(CommandParser& parser, std::span<const std::string> arguments,
                                   const std::string& what, const std::string& usage) {
  MRUN_TRY_ASSIGN(std::vector<std::string> words, parser.parse(arguments));
  if (parser.help_asked()) return std::string();
  if (words.empty()) return missing(what + " is missing", usage);
  if (words.size() > 1)
    return missing(fmt::format("'{}' is one argument too many", excerpt_text(words[1])), usage);
  return words[0];
}

Result<RawCommand> parse_info(std::span<const std::string> arguments) {
  constexpr char kUsage[] = "mrun info JOB";
  CommandParser parser(
      "Shows what a job declares: its parameters, input, output, counters.\n\nUsage:\n  mrun info "
      "JOB\n",
      "");
  MRUN_TRY_ASSIGN(std::string job, parse_one_word(parser, arguments, "the job", kUsage));
  if (parser.help_asked()) return RawCommand(RawText{parser.help()});
  return RawCommand(RawInfo{std::move(job)});
}

Result<RawCommand> parse_verify(std::span<const std::string> arguments) {
  constexpr char kUsage[] = "mrun verify OUT";
  RawVerify verify;
  CommandParser parser(
      "Reads a finished output and compares every byte with its manifest.\n"
      "Exit status 0: it is whole.  4: it is no finished output.  8: it has changed.\n\n"
      "Usage:\n  mrun verify OUT\n",
      "");
  parser.flag("-q,--quiet", verify.quiet, "Print nothing but errors", "Messages");
  MRUN_TRY_ASSIGN(verify.output, parse_one_word(parser, arguments, "the output", kUsage));
  if (parser.help_asked()) return RawCommand(RawText{parser.help()});
  return RawCommand(std::move(verify));
}

Result<RawCommand> parse_cat(std::span<const std::string> arguments) {
  constexpr char kUsage[] = "mrun cat OUT [--side NAME]";
  RawCat cat;
  CommandParser parser(
      "Prints the parts of a finished output, or of one of its side outputs, in order\n"
      "and checks them against its manifest.\n\nUsage:\n  mrun cat OUT [--side NAME]\n",
      "");
  parser.text("--side", cat.side, "NAME", "Print this side output in place of the main one",
              "Output");
  MRUN_TRY_ASSIGN(cat.output, parse_one_word(parser, arguments, "the output", kUsage));
  if (parser.help_asked()) return RawCommand(RawText{parser.help()});
  return RawCommand(std::move(cat));
}

/// `mrun help COMMAND` is `mrun COMMAND --help`.
Result<RawCommand> parse_help(std::span<const std::string> arguments) {
  if (arguments.size() > 1)
    return missing(fmt::format("'{}' is one argument too many", excerpt_text(arguments[1])),
                   "mrun help [COMMAND]");
  const std::string command = arguments.empty() ? "run" : arguments[0];
  const std::array<std::string, 1> help = {"--help"};
  if (command == "info") return parse_info(help);
  if (command == "verify") return parse_verify(help);
  if (command == "cat") return parse_cat(help);
  if (command == "get") return parse_get(help);
  if (command == "scan") return parse_scan(help);
  if (command == "merge") return parse_merge(help);
  if (command == "run" || command == "help" || command == "-h" || command == "--help")
    return parse_run(help);
  std::string hint = suggest(command, command_names());
  if (hint.empty())
    hint = fmt::format("the commands are {}; 'mrun info JOB' shows a job",
                       fmt::join(command_names(), ", "));
  return fail(Code::usage, fmt::format("there is no command '{}'", excerpt_text(command)), hint);
}

}  // namespace

std::span<const std::string> command_names() { return kCommands; }

Result<RawCommand> parse_arguments(std::span<const std::string> arguments) {
  const std::string first = arguments.empty() ? std::string() : arguments[0];
  if (first == "--version") return RawCommand(RawText{fmt::format("mrun {}\n", MRUN_VERSION)});
  if (first == "info") return parse_info(arguments.subspan(1));
  if (first == "verify") return parse_verify(arguments.subspan(1));
  if (first == "cat") return parse_cat(arguments.subspan(1));
  if (first == "get") return parse_get(arguments.subspan(1));
  if (first == "scan") return parse_scan(arguments.subspan(1));
  if (first == "merge") return parse_merge(arguments.subspan(1));
  if (first == "help") return parse_help(arguments.subspan(1));
  if (first == "run") return parse_run(arguments.subspan(1), true);
  return parse_run(arguments);
}

}  // namespace mrun
