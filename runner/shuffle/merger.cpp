// Merges sorted sources of pairs with a loser tree.
#include "shuffle/merger.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/size_text.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

constexpr std::size_t kBatchBytes = kMergeBatchPairs * sizeof(Pair);
constexpr std::uint64_t kTailRank = std::uint64_t{kPrefixBytes + 1} << 32;

}  // namespace

/// After the two words of the prefix comes the rank: length and task of a key that has no tail,
/// which order all such pairs, or a number above them all. A source at its end has all ones.
inline Merger::Head Merger::head_of(std::uint32_t source) const {
  const Rest& rest = rests_[source];
  if (rest.at == rest.end) return {~Prefix{0}, ~std::uint64_t{0}, source};
  const Pair& pair = *rest.at;
  const std::uint64_t rank =
      pair.klen <= kPrefixBytes ? std::uint64_t{pair.klen} << 32 | pair.task : kTailRank;
  return {Prefix{pair.k0} << 64 | pair.k1, rank, source};
}

inline void Merger::Head::take_if(bool condition, const Head& other) {
  prefix ^= (prefix ^ other.prefix) & (Prefix{0} - Prefix{condition});
  rank ^= (rank ^ other.rank) & (std::uint64_t{0} - std::uint64_t{condition});
  source ^= (source ^ other.source) & (std::uint32_t{0} - std::uint32_t{condition});
}

inline bool Merger::Before::operator()(const Head& a, const Head& b) const {
  const bool same = a.prefix == b.prefix;
  if (same & (a.rank == b.rank)) [[unlikely]]
    return tie(a.rank, a.source, b.source);
  return (a.prefix < b.prefix) | (same & (a.rank < b.rank));
}

/// Of heads that look the same.
bool Merger::Before::tie(std::uint64_t rank, std::uint32_t a, std::uint32_t b) const {
  if (rank != kTailRank) return a < b;
  const Pair& left = *rests[a].at;
  const Pair& right = *rests[b].at;
  const int keys = compare_keys(left, right);
  if (keys != 0) return keys < 0;
  return left.task != right.task ? left.task < right.task : a < b;
}

std::size_t Merger::memory_bytes(std::size_t source_count) {
  return whole_pages(kBatchBytes) + source_count * kSourceBytes;
}

Result<std::unique_ptr<Merger>> Merger::create(MemoryBudget& budget,
                                               std::vector<std::unique_ptr<PairSource>> sources) {
  MRUN_TRY_ASSIGN(PageBuffer batch, PageBuffer::allocate(budget, kBatchBytes));
  Charge charge;
  if (!charge.try_add(budget, sources.size() * kSourceBytes))
    return fail(Code::limit,
                fmt::format("a merge of {} sources needs {} of memory, and less is free",
                            sources.size(), size_text(memory_bytes(sources.size()))),
                "give more with --memory, or use fewer threads with -j");
  return std::unique_ptr<Merger>(
      new Merger(std::move(sources), std::move(batch), std::move(charge)));
}

Merger::Merger(std::vector<std::unique_ptr<PairSource>> sources, PageBuffer batch, Charge charge)
    : sources_(std::move(sources)),
      batch_(std::move(batch)),
      charge_(std::move(charge)),
      rests_(sources_.size()),
      tree_(Before{rests_.data()}) {}

Result<std::span<const Pair>> Merger::next() {
  if (!started_) {
    MRUN_TRY(start());
  } else if (has_dry_) {
    MRUN_TRY(refill(dry_));
    tree_.replay(head_of(dry_));
  }
  has_dry_ = false;
  if (live_ == 0) return std::span<const Pair>();

  std::span<const Pair> batch;
  if (live_ == 1) {
    // The last source's own batch needs no copy.
    dry_ = tree_.winner();
    has_dry_ = true;
    Rest& rest = rests_[dry_];
    batch = {rest.at, rest.end};
    rest.at = rest.end;
  } else {
    batch = {batch_.as<Pair>(), fill_batch()};
  }
  delivered_ += batch.size();
  return batch;
}

Result<void> Merger::start() {
  started_ = true;
  live_ = sources_.size();
  if (live_ == 0) return {};
  std::vector<Head> heads;
  heads.reserve(sources_.size());
  for (std::uint32_t source = 0; source < sources_.size(); ++source) {
    MRUN_TRY(refill(source));
    heads.push_back(head_of(source));
  }
  tree_.build(std::move(heads));
  return {};
}

Result<void> Merger::refill(std::uint32_t source) {
  MRUN_TRY_ASSIGN(const std::span<const Pair> pairs, sources_[source]->next());
  rests_[source] = {pairs.data(), pairs.data() + pairs.size()};
  if (pairs.empty()) --live_;
  return {};
}

/// Moves pairs to the batch until it is full or a source runs dry; returns how many.
std::size_t Merger::fill_batch() {
  Pair* const batch = batch_.as<Pair>();
  std::size_t count = 0;
  while (count < kMergeBatchPairs) {
    const std::uint32_t source = tree_.winner();
    Rest& rest = rests_[source];
    batch[count++] = *rest.at++;
    if (rest.at == rest.end) {
      dry_ = source;
      has_dry_ = true;
      break;
    }
    tree_.replay(head_of(source));
  }
  return count;
}

}  // namespace mrun
