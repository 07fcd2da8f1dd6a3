// Judges includes by the declared layers and by the table of who alone may include which library.
#include "layers/include_rules.hpp"

#include <algorithm>
#include <regex>
#include <sstream>

namespace mrun {
namespace {

// A folder may use only folders with a smaller number.
const std::map<std::string, int, std::less<>> kNumberOfFolder = {
    {"base", 0},  {"os", 1},      {"model", 1},   {"codec", 1},   {"table", 2},  {"input", 2},
    {"map", 2},   {"shuffle", 2}, {"reduce", 2},  {"plugin", 2},  {"output", 3}, {"scheduler", 3},
    {"query", 4}, {"engine", 4},  {"isolate", 5}, {"cluster", 6}, {"cli", 7},    {"main.cpp", 8}};

struct LibraryRule {
  std::string_view prefix;
  std::set<std::string, std::less<>> owners;
};

// The first rule whose prefix fits decides. No owners: everyone may include it.
const std::vector<LibraryRule> kLibraryRules = {
    {"fmt/", {}},
    {"xxh", {"base"}},
    {"hwy/", {"shuffle"}},
    {"tbb/", {"engine"}},
    {"oneapi/", {"engine"}},
    {"CLI/", {"cli"}},
    {"nlohmann/", {"output", "cli"}},
    {"mrun/", {"plugin"}},
    // The layout of a library file, whose symbols are read before any of its code runs.
    {"elf.h", {"plugin"}},
    {"lz4", {"codec"}},
    {"zstd", {"codec"}},
    {"zlib.h", {"codec"}},
    {"bzlib.h", {"codec"}},
    {"lzma.h", {"codec"}},
};

bool is_standard_header(std::string_view name) {
  return name.find_first_of("./") == std::string_view::npos;
}

// Empty where the folder may include <name>, else the reason.
std::string judge_library(std::string_view folder, std::string_view name) {
  for (const LibraryRule& rule : kLibraryRules) {
    if (!name.starts_with(rule.prefix)) continue;
    if (rule.owners.empty() || rule.owners.contains(folder)) return {};
    return "only " + *rule.owners.begin() + " may include it";
  }
  if (is_standard_header(name) || folder == "os") return {};
  return "headers of the system belong to os";
}

// Empty where the folder may include "name", else the reason.
std::string judge_own(const DeclaredLayers& layers, std::string_view folder,
                      std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return "write it from runner/: \"folder/file.hpp\"";
  const std::string_view included = name.substr(0, slash);
  if (included == folder) return {};
  // The contract's header is written like one of ours, but belongs to what jobs see.
  if (included == "mrun") return judge_library(folder, name);
  const auto layer = layers.find(folder);
  if (layer == layers.end()) return "its folder is no declared layer";
  if (layer->second.contains(std::string(included))) return {};
  return "the layer does not name " + std::string(included) + " in its USES";
}

}  // namespace

DeclaredLayers parse_layers(std::string_view text) {
  DeclaredLayers layers;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream names(line.substr(colon + 1));
    std::set<std::string>& used = layers[line.substr(0, colon)];
    for (std::string name; names >> name;) used.insert(name);
  }
  return layers;
}

std::vector<std::string> wrong_uses(const DeclaredLayers& layers) {
  std::vector<std::string> wrong;
  for (const auto& [name, used] : layers) {
    const auto own = kNumberOfFolder.find(name);
    if (own == kNumberOfFolder.end()) {
      wrong.push_back(name + " has no number");
      continue;
    }
    for (const std::string& other : used) {
      const auto number = kNumberOfFolder.find(other);
      if (number == kNumberOfFolder.end() || !layers.contains(other)) {
        wrong.push_back(name + " uses " + other + ", which is no layer");
      } else if (number->second >= own->second) {
        wrong.push_back(name + " uses " + other + ", which does not lie below it");
      }
    }
  }
  return wrong;
}

std::vector<std::string> wrong_includes(const DeclaredLayers& layers, std::string_view path,
                                        std::string_view text) {
  static const std::regex include_line(R"(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"])");
  const std::string_view folder = path.substr(0, path.find('/'));
  std::vector<std::string> wrong;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::smatch found;
    if (!std::regex_search(line, found, include_line)) continue;
    const std::string name = found[2];
    const std::string reason =
        found[1] == "<" ? judge_library(folder, name) : judge_own(layers, folder, name);
    if (!reason.empty()) {
      wrong.push_back("runner/" + std::string(path) + ":" + std::to_string(number) + " includes " +
                      name + ": " + reason);
    }
  }
  return wrong;
}

}  // namespace mrun
