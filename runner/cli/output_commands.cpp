// `mrun verify` and `mrun cat`: finished outputs, read back.
#include <fmt/format.h>

#include "base/escape_text.hpp"
#include "base/size_text.hpp"
#include "cli/commands.hpp"
#include "cli/summary.hpp"
#include "output/output_reader.hpp"

namespace mrun {

Result<void> verify_command(const RawVerify& raw, const CommandContext& context) {
  MRUN_TRY_ASSIGN(const VerifyReport report, verify_output(raw.output, context.stop));
  if (raw.quiet) return {};
  return print_text(context.console,
                    fmt::format("{}: whole ({} file{}, {}, {} record{})\n", escape_text(raw.output),
                                count_text(report.files), report.files == 1 ? "" : "s",
                                size_text(report.size_bytes), count_text(report.records),
                                report.records == 1 ? "" : "s"));
}

Result<void> cat_command(const RawCat& raw, const CommandContext& context) {
  if (raw.side && raw.side->empty()) return fail(Code::usage, "--side is empty");
  bool reader_gone = false;
  const Result<void> printed = cat_output(
      raw.output, raw.side.value_or(""), context.stop,
      [&](std::span<const std::byte> bytes) -> Result<void> {
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        MRUN_TRY_ASSIGN(const bool more, context.console.out(text));
        if (more) return {};
        reader_gone = true;
        return fail(Code::cancelled, "the reader of the standard output has gone");
      });
  // `mrun cat OUT | head` is how the first lines are looked at.
  if (reader_gone) return {};
  return printed;
}

}  // namespace mrun
