// MemoryBudget: the one count of the bytes that grow with the data. Charge first, then allocate.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace mrun {

/// Counts charged bytes against a limit. Any thread may call any member.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Charges `bytes` if they fit; false, and nothing charged, if they do not.
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept {
    // Relaxed: the count guards no other data; a charge only has to be atomic in itself.
    const std::size_t limit = limit_bytes();
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit || used > limit - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    raise_peak(used + bytes);
    return true;
  }
  void release(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  /// What another budget no longer needs is this one's from now on.
  void raise_limit(std::size_t bytes) noexcept {
    limit_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }

  /// At most what is free.
  void lower_limit(std::size_t bytes) noexcept {
    limit_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }

  std::size_t limit_bytes() const noexcept { return limit_bytes_.load(std::memory_order_relaxed); }
  std::size_t used_bytes() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::size_t free_bytes() const noexcept {
    const std::size_t used = used_bytes();
    const std::size_t limit = limit_bytes();
    return used < limit ? limit - used : 0;
  }
  std::size_t peak_bytes() const noexcept { return peak_.load(std::memory_order_relaxed); }

 private:
  void raise_peak(std::size_t used) noexcept {
    std::size_t peak = peak_.load(std::memory_order_relaxed);
    while (used > peak && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
    }
  }

  std::atomic<std::size_t> limit_bytes_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> peak_{0};
};

/// A charge that is given back when it dies. Move-only; not for use by two threads at once.
class Charge {
 public:
  Charge() = default;
  Charge(Charge&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Charge() { reset(); }

  /// Charges `bytes` more of `budget`; false, and nothing changed, where they do not fit.
  [[nodiscard]] bool try_add(MemoryBudget& budget, std::size_t bytes) noexcept {
    if (!budget.try_charge(bytes)) return false;
    budget_ = &budget;
    bytes_ += bytes;
    return true;
  }
  /// Makes another charge of the same budget part of this one.
  void absorb(Charge other) noexcept {
    if (budget_ == nullptr) budget_ = other.budget_;
    bytes_ += std::exchange(other.bytes_, 0);
  }
  /// Gives back all but `bytes`, where it is more.
  void shrink_to(std::size_t bytes) noexcept {
    if (bytes >= bytes_) return;
    budget_->release(bytes_ - bytes);
    bytes_ = bytes;
  }
  void reset() noexcept {
    if (budget_ != nullptr) budget_->release(bytes_);
    budget_ = nullptr;
    bytes_ = 0;
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  MemoryBudget* budget_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace mrun
