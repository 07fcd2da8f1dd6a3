// Input arguments: names of a job's inputs before them, and lists of them in files.
#include "cli/input_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/escape_text.hpp"
#include "cli/option_values.hpp"
#include "cli/suggest.hpp"
#include "os/input_stream.hpp"

namespace mrun {
namespace {

/// "TAG=PATH" taken apart; a tag is what has no '/' before the first '='.
struct TaggedPath {
  std::string tag, path;
};
std::optional<TaggedPath> split_tag(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || argument.find('/') < equals) return std::nullopt;
  return TaggedPath{argument.substr(0, equals), argument.substr(equals + 1)};
}

std::string tags_text(const JobSpec& job) {
  std::vector<std::string> texts;
  for (const InputSpec& input : job.inputs) texts.push_back(input.tag + "=PATH");
  return fmt::format("{}", fmt::join(texts, " "));
}

Result<InputArgument> resolve_tagged(const std::string& argument, const TaggedPath& tagged,
                                     const JobSpec& job) {
  std::vector<std::string> tags;
  for (const InputSpec& input : job.inputs) tags.push_back(input.tag);
  const auto found = std::find(tags.begin(), tags.end(), tagged.tag);
  if (found == tags.end()) {
    std::string hint = suggest(tagged.tag, tags);
    if (hint.empty())
      hint =
          fmt::format("its inputs are {}; write ./ before a path that holds '='", tags_text(job));
    return fail(Code::usage,
                fmt::format("job '{}' has no input '{}'", job.name, excerpt_text(tagged.tag)),
                hint);
  }
  return InputArgument{argument, tagged.path, static_cast<std::uint32_t>(found - tags.begin())};
}

Result<std::string> read_list(const std::string& path, const StopFlag& stop) {
  MRUN_TRY_ASSIGN(InputStream stream, InputStream::open(path));
  std::string text;
  std::array<std::byte, 64 * 1024> bytes;
  for (;;) {
    MRUN_TRY_ASSIGN(const std::size_t got, stream.read(bytes, stop));
    text.append(reinterpret_cast<const char*>(bytes.data()), got);
    if (got < bytes.size()) return text;
  }
}

}  // namespace

Result<void> add_listed_inputs(RawRun& raw, const StopFlag& stop) {
  if (!raw.files_from && raw.nul_names)
    return fail(Code::usage,
                raw.name_of("--null") + " says how names in a list end, and there is none",
                "give the list with --files-from");
  if (!raw.files_from) return {};
  const std::string& list = *raw.files_from;
  const std::string named = fmt::format("{} '{}'", raw.name_of("--files-from"), excerpt_text(list));
  if (list == "-" && std::find(raw.inputs.begin(), raw.inputs.end(), "-") != raw.inputs.end())
    return fail(Code::usage, "the standard input cannot be both an input and a list of inputs",
                "write the list to a file");
  Result<std::string> read = read_list(list, stop);
  if (!read) return at_option(raw.name_of("--files-from"), std::move(read).error());
  const std::string& text = *read;
  const char separator = raw.nul_names ? '\0' : '\n';
  bool is_empty = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    const std::string name = text.substr(at, end - at);
    at = end + 1;
    if (name.empty()) continue;
    if (name.find('\0') != std::string::npos)
      return fail(Code::usage, named + " holds NUL bytes", "say -0 where NULs end the names");
    if (name == "-")
      return fail(Code::usage, named + " names '-', which is no file",
                  "name the standard input on the command line, or write ./- for a file");
    raw.inputs.push_back(name);
    is_empty = false;
  }
  if (is_empty) return fail(Code::usage, named + " names no file");
  return {};
}

Result<std::vector<InputArgument>> resolve_inputs(const std::vector<std::string>& arguments,
                                                  const JobSpec& job) {
  std::vector<InputArgument> inputs;
  if (job.inputs.size() == 1) {
    for (const std::string& argument : arguments) inputs.push_back({argument, argument, 0});
    return inputs;
  }
  std::size_t tagged_count = 0;
  std::vector<bool> is_given(job.inputs.size());
  for (const std::string& argument : arguments) {
    const auto order = static_cast<std::uint32_t>(inputs.size());
    InputArgument input{argument, argument, order};
    if (const std::optional<TaggedPath> tagged = split_tag(argument)) {
      MRUN_TRY_ASSIGN(input, resolve_tagged(argument, *tagged, job));
      is_given[input.input] = true;
      ++tagged_count;
    }
    inputs.push_back(std::move(input));
  }
  const std::string usage =
      fmt::format("give {}, or one path for each of them in this order", tags_text(job));
  if (tagged_count == 0) {
    if (inputs.size() == job.inputs.size()) return inputs;
    return fail(Code::usage,
                fmt::format("job '{}' has {} inputs, and {} {} given", job.name, job.inputs.size(),
                            inputs.size(), inputs.size() == 1 ? "is" : "are"),
                usage);
  }
  if (tagged_count < inputs.size())
    return fail(Code::usage, "some inputs are given with their names and some without", usage);
  for (std::size_t i = 0; i < is_given.size(); ++i)
    if (!is_given[i])
      return fail(Code::usage,
                  fmt::format("job '{}' needs its input '{}'", job.name, job.inputs[i].tag), usage);
  // In the order of the job's inputs, so that the order of the arguments changes nothing.
  std::stable_sort(
      inputs.begin(), inputs.end(),
      [](const InputArgument& a, const InputArgument& b) { return a.input < b.input; });
  return inputs;
}

}  // namespace mrun
