#include "shuffle/partitioner.hpp"

#include <array>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace mrun {

Partitioner::Partitioner(const UserCode& job, std::uint32_t partitions)
    : job_(job),
      partitions_(job.spec().total_order ? 1 : partitions),
      trivial_(partitions_ == 1),
      plain_(!job.spec().has_group_lens && !job.spec().has_partition) {}

void Partitioner::assign(std::span<const Pair> pairs, std::span<std::uint32_t> parts) const {
  MRUN_CHECK(pairs.size() <= kBatch && parts.size() >= pairs.size());
  thread_local KeyBytes key_bytes;
  if (plain_) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      std::uint64_t hash;
      if (pairs[i].klen <= kPrefixBytes) {
        std::array<std::uint8_t, kPrefixBytes> key;
        store_big_endian(key.data(), pairs[i].k0);
        store_big_endian(key.data() + 8, pairs[i].k1);
        hash = hash64(key.data(), pairs[i].klen);
      } else {
        const Slice key = key_bytes.of(pairs.subspan(i, 1)).front();
        hash = hash64(key.data, key.size);
      }
      parts[i] = of_hash(hash, partitions_);
    }
    return;
  }
  const std::span<const Slice> keys = key_bytes.of(pairs);
  if (job_.spec().has_partition) {
    job_.partition(keys, partitions_, parts.first(keys.size()));
    return;
  }
  std::array<std::uint32_t, kBatch> lens;
  job_.group_lens(keys, std::span(lens).first(keys.size()));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    parts[i] =
        of_hash(hash64(keys[i].data, std::min<std::uint64_t>(lens[i], keys[i].size)), partitions_);
  }
}

std::span<const Slice> KeyBytes::of(std::span<const Pair> pairs) {
  std::size_t total = 0;
  for (const Pair& pair : pairs) total += std::max(pair.klen, kPrefixBytes);
  if (bytes_.size() < total) bytes_.resize(total);
  keys_.clear();
  std::uint8_t* out = bytes_.data();
  for (const Pair& pair : pairs) {
    copy_key(pair, out);
    keys_.push_back({out, pair.klen});
    out += std::max(pair.klen, kPrefixBytes);
  }
  return keys_;
}

}  // namespace mrun
