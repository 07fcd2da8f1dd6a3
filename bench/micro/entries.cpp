// Makes the pairs that the micro-benchmarks work on.
#include "micro/entries.hpp"

#include <algorithm>
#include <cstring>

#include "generate/random.hpp"
#include "generate/vocabulary.hpp"
#include "generate/zipf_sampler.hpp"
#include "shuffle/entry_block.hpp"

namespace mrun::bench {
namespace {

constexpr std::uint32_t kVocabulary = 500'000;

std::string text_of(const Word& word) { return {word.text, word.size}; }

std::string random_key(Random& random) {
  const std::uint64_t bytes[2] = {random.next(), random.next()};
  return {reinterpret_cast<const char*>(bytes), 10};
}

}  // namespace

std::vector<std::string> make_keys(Keys keys, std::size_t count) {
  Random random(1);
  std::vector<std::string> made;
  made.reserve(count);
  if (keys == Keys::zipf) {
    const std::vector<Word> words = make_vocabulary(kVocabulary, random);
    const ZipfSampler ranks(kVocabulary);
    while (made.size() < count) made.push_back(text_of(words[ranks.draw(random)]));
  }
  while (made.size() < count)
    made.push_back(keys == Keys::random ? random_key(random)
                                        : text_of(word_of_number(random.next() >> 24)));
  return made;
}

Emitted::Emitted(Keys keys, std::size_t count) {
  const std::uint64_t one = 1;
  for (const std::string& key : make_keys(keys, count)) {
    const Slice slice{reinterpret_cast<const std::uint8_t*>(key.data()), key.size()};
    const KeyPrefix prefix = key_prefix(slice);
    Entry entry{prefix.k0, prefix.k1, static_cast<std::uint32_t>(key.size()), sizeof one, one};
    if (key.size() > kPrefixBytes) {
      // The value, then the key's tail, from a word's begin on.
      entry.vlen |= static_cast<std::uint32_t>(EntryKind::heap) << 28;
      entry.v = heap_.size() * sizeof one;
      const std::size_t tail_bytes = key.size() - kPrefixBytes;
      heap_.push_back(one);
      heap_.resize(heap_.size() + (tail_bytes + 7) / 8);
      std::memcpy(reinterpret_cast<char*>(heap_.data()) + entry.v + sizeof one,
                  key.data() + kPrefixBytes, tail_bytes);
    }
    entries_.push_back(entry);
  }
}

std::vector<Pair> Emitted::pairs() const {
  const auto* heap = reinterpret_cast<const std::uint8_t*>(heap_.data());
  std::vector<Pair> pairs;
  pairs.reserve(entries_.size());
  for (const Entry& entry : entries_) pairs.push_back(emitted_pair(entry, heap));
  return pairs;
}

EntryBatch Emitted::batch_from(std::size_t begin) const {
  const std::size_t count = std::min(kBatchEntries, entries_.size() - begin);
  return {entries().subspan(begin, count), reinterpret_cast<const std::uint8_t*>(heap_.data()),
          heap_.size() * sizeof heap_[0]};
}

}  // namespace mrun::bench
