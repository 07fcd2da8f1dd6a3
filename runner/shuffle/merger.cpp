// Merges sorted sources of pairs with a loser tree.
#include "shuffle/merger.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

constexpr std::size_t kBatchBytes = kMergeBatchPairs * sizeof(Pair);

}  // namespace

/// The two words of a prefix decide nearly always, and branchlessly; the rest is for equal ones. A
/// source at its end comes after all others: its words are all ones, but so may be those of a key.
bool Merger::Before::operator()(std::uint32_t a, std::uint32_t b) const {
  const Head& left = heads[a];
  const Head& right = heads[b];
  if (left.k0 == right.k0 && left.k1 == right.k1) [[unlikely]]
    return tie(a, b);
  return (left.k0 < right.k0) | ((left.k0 == right.k0) & (left.k1 < right.k1));
}

bool Merger::Before::tie(std::uint32_t a, std::uint32_t b) const {
  const Head& left = heads[a];
  const Head& right = heads[b];
  const bool left_ended = left.at == left.end;
  const bool right_ended = right.at == right.end;
  if (left_ended || right_ended) return left_ended == right_ended ? a < b : right_ended;
  const int keys = compare_keys(*left.at, *right.at);
  if (keys != 0) return keys < 0;
  if (left.at->task != right.at->task) return left.at->task < right.at->task;
  return a < b;
}

std::size_t Merger::memory_bytes(std::size_t source_count) {
  const std::size_t page = page_bytes();
  const std::size_t bytes = kBatchBytes + source_count * kSourceBytes;
  return (bytes + page - 1) / page * page;
}

Result<std::unique_ptr<Merger>> Merger::create(MemoryBudget& budget,
                                               std::vector<std::unique_ptr<PairSource>> sources) {
  MRUN_CHECK(sources.size() <= UINT32_MAX / 2);
  MRUN_TRY_ASSIGN(PageBuffer memory, PageBuffer::allocate(budget, memory_bytes(sources.size())));
  return std::unique_ptr<Merger>(new Merger(std::move(sources), std::move(memory)));
}

Merger::Merger(std::vector<std::unique_ptr<PairSource>> sources, PageBuffer memory)
    : sources_(std::move(sources)),
      memory_(std::move(memory)),
      heads_(reinterpret_cast<Head*>(memory_.data() + kBatchBytes)),
      tree_(Before{heads_}) {}

Result<std::span<const Pair>> Merger::next() {
  if (!started_) {
    MRUN_TRY(start());
  } else if (has_dry_) {
    MRUN_TRY(refill(dry_));
    tree_.replay();
  }
  has_dry_ = false;
  if (live_ == 0) return std::span<const Pair>();

  std::span<const Pair> batch;
  if (live_ == 1) {
    // The last source's own batch needs no copy.
    dry_ = tree_.winner();
    has_dry_ = true;
    Head& head = heads_[dry_];
    batch = {head.at, head.end};
    head.at = head.end;
  } else {
    batch = {memory_.as<Pair>(), fill_batch()};
  }
  delivered_ += batch.size();
  return batch;
}

Result<void> Merger::start() {
  started_ = true;
  const std::uint32_t count = static_cast<std::uint32_t>(sources_.size());
  live_ = count;
  if (count == 0) return {};
  for (std::uint32_t source = 0; source < count; ++source) MRUN_TRY(refill(source));
  tree_.build(count);
  return {};
}

Result<void> Merger::refill(std::uint32_t source) {
  MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, sources_[source]->next());
  Head& head = heads_[source];
  head.at = pairs.data();
  head.end = pairs.data() + pairs.size();
  if (pairs.empty()) {
    --live_;
    head.k0 = head.k1 = ~std::uint64_t{0};
  } else {
    head.k0 = pairs.front().k0;
    head.k1 = pairs.front().k1;
  }
  return {};
}

/// Moves pairs to the batch until it is full or a source runs dry; returns how many.
std::size_t Merger::fill_batch() {
  Pair* const batch = memory_.as<Pair>();
  std::size_t count = 0;
  while (count < kMergeBatchPairs) {
    const std::uint32_t source = tree_.winner();
    Head& head = heads_[source];
    batch[count++] = *head.at++;
    if (head.at == head.end) {
      dry_ = source;
      has_dry_ = true;
      break;
    }
    head.k0 = head.at->k0;
    head.k1 = head.at->k1;
    tree_.replay();
  }
  return count;
}

}  // namespace mrun
