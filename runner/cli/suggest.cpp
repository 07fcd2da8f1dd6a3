// The nearest name by edit distance.
#include "cli/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/escape_text.hpp"

namespace mrun {
namespace {

/// Longer names are not compared: nobody types one by accident.
constexpr std::size_t kNameBytesMax = 200;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the usual table: of i - 2, i - 1 and i characters of `a`.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string suggest(std::string_view typed, std::span<const std::string> names) {
  if (typed.empty() || typed.size() > kNameBytesMax) return {};
  // One slip in a short name, one more for every three characters.
  std::size_t best = 1 + typed.size() / 4;
  const std::string* nearest = nullptr;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kNameBytesMax) continue;
    // What was cut short is meant even where much is missing.
    const bool begins = typed.size() >= 3 && name.starts_with(typed);
    const std::size_t distance = begins ? 1 : edit_distance(typed, name);
    if (distance >= name.size() || distance > best || (nearest != nullptr && distance == best))
      continue;
    best = distance;
    nearest = &name;
  }
  return nearest == nullptr ? std::string()
                            : fmt::format("did you mean '{}'?", escape_text(*nearest));
}

}  // namespace mrun
