#include "shuffle/key_borders.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "shuffle/partitioner.hpp"

namespace mrun {
namespace {

// How many of the rising `words` are below `word`. Without a branch on the data: keys come in no
// order, so that each one would be mispredicted.
std::size_t count_below_word(std::span<const std::uint64_t> words, std::uint64_t word) {
  const std::uint64_t* at = words.data();
  std::size_t left = words.size();
  if (left == 0) return 0;
  while (left > 1) {
    const std::size_t half = left / 2;
    at += half * static_cast<std::size_t>(at[half - 1] < word);
    left -= half;
  }
  return static_cast<std::size_t>(at - words.data()) + (*at < word ? 1 : 0);
}

std::vector<KeyBorder> whole_keys(std::vector<std::string> keys) {
  std::vector<KeyBorder> borders;
  for (std::string& key : keys) borders.push_back({std::move(key), 0});
  return borders;
}

}  // namespace

KeyBorders::KeyBorders(std::vector<std::string> keys) : KeyBorders(whole_keys(std::move(keys))) {}

KeyBorders::KeyBorders(std::vector<KeyBorder> borders) : borders_(std::move(borders)) {
  std::sort(borders_.begin(), borders_.end());
  borders_.erase(std::unique(borders_.begin(), borders_.end()), borders_.end());
  // Keys of more than 16 bytes are never in a string's own buffer, so tails survive a move.
  for (const KeyBorder& border : borders_) {
    pairs_.push_back(key_view(border.key, border.task));
    heads_.push_back(pairs_.back().k0);
  }
  build_buckets();
}

void KeyBorders::build_buckets() {
  if (heads_.empty()) return;
  constexpr std::size_t kStepsPerHead = 16;  // So that most steps hold no head.
  const std::uint64_t width = heads_.back() - heads_.front();
  while ((width >> step_) >= kStepsPerHead * heads_.size()) ++step_;
  std::uint32_t head = 0;
  for (std::uint64_t step = 0; step <= (width >> step_); ++step) {
    while (heads_[head] - heads_.front() < step << step_) ++head;
    below_.push_back(head);
  }
  below_.push_back(static_cast<std::uint32_t>(heads_.size()));
}

std::size_t KeyBorders::count_below(std::uint64_t head) const {
  if (heads_.empty() || head <= heads_.front()) return 0;
  if (head > heads_.back()) return heads_.size();
  const std::uint64_t step = (head - heads_.front()) >> step_;
  const std::uint32_t first = below_[step], end = below_[step + 1];
  if (first == end) return first;
  return first + count_below_word(std::span(heads_).subspan(first, end - first), head);
}

std::size_t KeyBorders::range_of(const Pair& pair) const {
  const std::size_t below = count_below(pair.k0);
  if (below == heads_.size() || heads_[below] != pair.k0) return below;
  // Only those of the same head are to be compared.
  const std::size_t end = pair.k0 == ~std::uint64_t{0} ? heads_.size() : count_below(pair.k0 + 1);
  const auto above =
      std::upper_bound(pairs_.begin() + static_cast<std::ptrdiff_t>(below),
                       pairs_.begin() + static_cast<std::ptrdiff_t>(end), pair, is_before);
  return static_cast<std::size_t>(above - pairs_.begin());
}

std::size_t KeyBorders::range_of(const std::string& key) const { return range_of(key_view(key)); }

KeyBorders balanced_borders(std::vector<WeightedKey> samples, std::size_t ranges) {
  // By their first bytes, which are mostly enough, and without moving the keys themselves.
  struct Place {
    std::uint64_t prefix;
    std::size_t index;
  };
  std::vector<Place> places;
  places.reserve(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    places.push_back({key_view(samples[i].key).k0, i});
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const int order = samples[a.index].key.compare(samples[b.index].key);
    return order != 0 ? order < 0 : samples[a.index].task < samples[b.index].task;
  });
  std::uint64_t total = 0;
  for (const WeightedKey& sample : samples) total += sample.weight;

  std::vector<KeyBorder> borders;
  std::uint64_t before = 0;  // Weight of the samples below the one at hand.
  std::size_t next = 1;
  for (const Place& place : places) {
    WeightedKey& sample = samples[place.index];
    __extension__ using Wide = unsigned __int128;
    bool cut = false;
    while (next < ranges && before > 0 &&
           static_cast<Wide>(before) * ranges >= static_cast<Wide>(total) * next) {
      cut = true;
      ++next;
    }
    before += sample.weight;
    if (cut) borders.push_back({std::move(sample.key), sample.task});
  }
  return KeyBorders(std::move(borders));
}

// Of a key's first `size` bytes, straight from the two places where they lie.
std::uint64_t KeySample::hash_of(const Pair& pair, std::uint32_t size) {
  std::uint64_t k0 = pair.k0, k1 = pair.k1;
  if (size < pair.klen && size < kPrefixBytes) {  // A group's prefix.
    if (size <= 8) k1 = 0;
    if (size == 0) k0 = 0;
    if (size % 8 != 0) (size < 8 ? k0 : k1) &= ~std::uint64_t{0} << (64 - 8 * (size % 8));
  }
  std::uint64_t hash = prefix_hash(k0, k1, size);
  if (size <= kPrefixBytes) return hash;
  // 16 bytes at a time, of which the last may have been taken already: some ns less a key than a
  // hash for any length.
  const auto take = [&hash](const std::uint8_t* bytes) {
    std::uint64_t words[2];
    std::memcpy(words, bytes, sizeof words);
    hash = prefix_hash(words[0] ^ hash, words[1], 0);
  };
  const std::uint32_t left = size - kPrefixBytes;
  for (std::uint32_t at = 0; at + 16 <= left; at += 16) take(pair.tail + at);
  if (left % 16 == 0) return hash;
  if (left > 16) {
    take(pair.tail + left - 16);
  } else {
    std::uint8_t bytes[16] = {};
    std::memcpy(bytes, pair.tail, left);
    take(bytes);
  }
  return hash;
}

void KeySample::add(const Pair& pair, std::uint32_t key_size) {
  const std::uint32_t size = std::min(key_size, kPrefixKept);
  const std::uint64_t hash = hash_of(pair, size);
  if (hash > highest_) return;
  std::uint8_t prefix[kPrefixKept];
  store_big_endian(prefix, pair.k0);
  store_big_endian(prefix + 8, pair.k1);
  if (size > kPrefixBytes) std::memcpy(prefix + kPrefixBytes, pair.tail, size - kPrefixBytes);
  count(hash, {reinterpret_cast<const char*>(prefix), size},
        std::uint64_t{pair.klen} + pair.vlen + 1);
}

void KeySample::add(const UserCode& job, std::span<const Pair> pairs) {
  if (!job.spec().has_group_lens) {
    for (const Pair& pair : pairs) add(pair, pair.klen);
    return;
  }
  KeyBytes key_bytes;
  std::array<std::uint32_t, Partitioner::kBatch> lens;
  while (!pairs.empty()) {
    const std::span<const Pair> batch = pairs.first(std::min(pairs.size(), lens.size()));
    pairs = pairs.subspan(batch.size());
    job.group_lens(key_bytes.of(batch), std::span(lens).first(batch.size()));
    for (std::size_t i = 0; i < batch.size(); ++i) add(batch[i], std::min(lens[i], batch[i].klen));
  }
}

void KeySample::add(const KeySample& other) {
  for (const auto& [hash, sample] : other.kept_) count(hash, sample.key, sample.weight);
  highest_ = std::min(highest_, other.highest_);
  prune();
}

void KeySample::count(std::uint64_t hash, std::string_view prefix, std::uint64_t weight) {
  const auto [at, is_new] = kept_.try_emplace(hash);
  WeightedKey& sample = at->second;
  // Two prefixes of one hash count as one, under the smaller of them: no order decides which.
  if (is_new || prefix < sample.key) sample.key = prefix;
  sample.weight += weight;
  if (kept_.size() >= 2 * kKept) prune();
}

void KeySample::prune() {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(kept_.size());
  for (const auto& kept : kept_) hashes.push_back(kept.first);
  if (hashes.size() > kKept) {
    std::nth_element(hashes.begin(), hashes.begin() + kKept - 1, hashes.end());
    highest_ = std::min(highest_, hashes[kKept - 1]);
  }
  std::erase_if(kept_, [&](const auto& kept) { return kept.first > highest_; });
}

std::vector<WeightedKey> KeySample::keys() const {
  std::vector<WeightedKey> keys;
  for (const auto& kept : kept_) keys.push_back(kept.second);
  return keys;
}

}  // namespace mrun
