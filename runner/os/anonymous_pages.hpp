// Anonymous memory from the system, charged first: what PageBuffer and GrowingPages share.
#pragma once

#include <cstddef>
#include <string_view>

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
/// Asks for huge pages there, for memory that is gone through in order, but for small ones where
/// huge ones are always cold: a virtual machine that gives free memory back to its host does so in
/// blocks as large as they are, and the first touch of one costs a fault in the host for each small
/// page of it. Small ones are mostly those that were freed just now.
void choose_page_size(void* begin, std::size_t size_bytes);
/// Whether it does, by what the kernel says of the order from which blocks are given back (a
/// parameter of page_reporting; without a host to give to, it is larger than any). Pure.
bool gives_huge_pages_back(std::string_view order);
/// The error of the first two, right after it.
Failure no_address_space(std::size_t size_bytes);

}  // namespace mrun
