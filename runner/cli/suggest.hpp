// suggest: "did you mean ...?" for a name that does not exist.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mrun {

/// Insertions, removals, changes and swaps of neighbours that make `a` of `b` (optimal string
/// alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "did you mean 'NAME'?" with the nearest name, where one is near enough to be a slip of the
/// fingers; else empty. The first of equals.
std::string suggest(std::string_view typed, std::span<const std::string> names);

}  // namespace mrun
