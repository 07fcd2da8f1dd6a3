// Anonymous memory from the system, charged first: what PageBuffer and GrowingPages share.
#pragma once

#include <cstddef>

#include "base/memory_budget.hpp"
#include "base/result.hpp"

namespace mrun {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
/// Below this a huge page would be mostly unused at a mapping's ends.
constexpr std::size_t kHugePagesFromBytes = 2 * kHugePageBytes;

/// Adds whole pages to `charge`. Errors: limit, and nothing changed.
Result<void> charge_pages(MemoryBudget& budget, Charge& charge, std::size_t size_bytes);

/// Address space of whole pages, zero-filled; null where the system has none (errno says why).
std::byte* map_pages(std::size_t size_bytes);
/// The same from a huge page's border on, if there is as much.
std::byte* map_from_huge_border(std::size_t size_bytes);
/// The error of the two, right after it.
Failure no_address_space(std::size_t size_bytes);

}  // namespace mrun
