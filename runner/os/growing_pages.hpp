// GrowingPages: an anonymous mapping that grows in place, charged to the memory budget as it grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/memory_budget.hpp"
#include "base/result.hpp"

namespace mrun {

/// Zero-filled memory at one address, whatever its size comes to be; on huge pages where it is
/// large and the system gives them. Address space is taken for all of it at once, memory and budget
/// as it is asked for. Move-only; one thread at a time.
class GrowingPages {
 public:
  GrowingPages() = default;
  /// None yet, with address space for `most_bytes`; where that would be much of what the system has
  /// left, for as many halves of it as leave `least_bytes`. `budget` outlives the pages. Fails with
  /// Code::limit where there is not even that.
  static Result<GrowingPages> reserve(MemoryBudget& budget, std::size_t least_bytes,
                                      std::size_t most_bytes);

  GrowingPages(GrowingPages&& other) noexcept
      : budget_(other.budget_),
        bytes_(std::exchange(other.bytes_, nullptr)),
        reserved_(std::exchange(other.reserved_, 0)),
        size_(std::exchange(other.size_, 0)),
        charge_(std::move(other.charge_)) {}
  GrowingPages& operator=(GrowingPages&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    std::swap(reserved_, other.reserved_);
    std::swap(size_, other.size_);
    std::swap(charge_, other.charge_);
    return *this;
  }
  ~GrowingPages();

  /// Grows to `size_bytes`: what is new is zero. Or shrinks: what is cut off goes back to the
  /// system and to the budget. Fails with Code::limit, and nothing changed, where the budget has no
  /// room, or more is asked for than is reserved.
  Result<void> resize(std::size_t size_bytes);

  std::uint8_t* bytes() const { return bytes_; }
  std::size_t size() const { return size_; }  ///< In bytes.

 private:
  MemoryBudget* budget_ = nullptr;
  std::uint8_t* bytes_ = nullptr;
  std::size_t reserved_ = 0;
  std::size_t size_ = 0;
  Charge charge_;
};

}  // namespace mrun
