// Executors for tests: one that runs bodies in an order of choice, one on plain threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "engine/executor.hpp"

namespace mrun::test_support {

/// Runs all bodies on the caller's thread in the order it is made with.
///
/// Other than an Executor promises, bodies need not start in rising order: only for work of which
/// no body waits for another.
class OrderedExecutor final : public Executor {
 public:
  enum class Order : std::uint8_t { ascending, descending, shuffled };
  /// `width`: what it says of itself. Each call of `shuffled` has an order of its own.
  explicit OrderedExecutor(Order order, std::uint64_t seed = 0, unsigned width = 1)
      : order_(order), random_(seed), width_(width) {}

  void for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) override {
    std::vector<std::size_t> indexes(count);
    std::iota(indexes.begin(), indexes.end(), std::size_t{0});
    if (order_ == Order::descending) std::reverse(indexes.begin(), indexes.end());
    if (order_ == Order::shuffled) std::shuffle(indexes.begin(), indexes.end(), random_);
    for (const std::size_t index : indexes) body(index);
  }
  unsigned width() const override { return width_; }

 private:
  Order order_;
  std::mt19937_64 random_;
  unsigned width_;
};

/// Threads that ThreadSanitizer understands; they start and end with each call.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(unsigned threads) : threads_(std::max(1u, threads)) {}

  void for_each_index(std::size_t count, const std::function<void(std::size_t)>& body) override {
    std::atomic<std::size_t> next{0};  // Relaxed: the joins publish what the bodies did.
    const auto run = [&] {
      for (std::size_t index; (index = next.fetch_add(1, std::memory_order_relaxed)) < count;)
        body(index);
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads_, count); ++i)
      threads.emplace_back(run);
    run();
    for (std::thread& thread : threads) thread.join();
  }
  unsigned width() const override { return threads_; }

 private:
  unsigned threads_;
};

}  // namespace mrun::test_support
