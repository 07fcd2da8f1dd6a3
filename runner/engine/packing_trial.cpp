#include "engine/packing_trial.hpp"

#include <algorithm>
#include <span>

#include "shuffle/block_packing.hpp"
#include "shuffle/run_format.hpp"

namespace mrun {
namespace {

constexpr std::size_t kTrialBytes = std::size_t{1} << 20;
constexpr std::size_t kRanges = 8;  // So few that one of them is a block or more.

}  // namespace

std::uint32_t PackingTrial::add(const Pair& pair) {
  if (is_closed_ || encoded_pair_bytes(pair) > block_bytes_ || !is_in_range(pair)) return 0;
  if (bytes_ >= kTrialBytes) {
    narrow();
    if (is_closed_ || !is_in_range(pair)) return 0;
  }
  Kept kept;
  kept.bytes.reserve(std::size_t{pair.klen} + pair.vlen);
  kept.bytes.assign(key_bytes_.of(std::span(&pair, 1)).front().view());
  if (pair.vlen > 0) kept.bytes.append(reinterpret_cast<const char*>(pair.value), pair.vlen);
  kept.pair = pair;
  if (!partitioner_.is_trivial())
    partitioner_.assign(std::span(&pair, 1), std::span(&kept.part, 1));
  bytes_ += kept.bytes.size();
  kept_.push_back(std::move(kept));
  return static_cast<std::uint32_t>(kept_.size());
}

bool PackingTrial::fold(std::uint32_t number, const std::uint8_t* state) {
  constexpr std::uint32_t kFoldsMost = 100;  // More change little of how a state packs.
  Kept& kept = kept_[number - 1];
  if (kept.is_let_go || kept.folds == kFoldsMost) return false;
  ++kept.folds;
  const std::size_t size = fold_->state_size(), words = (size + 7) / 8;
  fold_words_.resize(2 * words);
  void* const to = fold_words_.data();
  const void* const from = fold_words_.data() + words;
  std::memcpy(to, kept.bytes.data() + kept.pair.klen, size);
  std::memcpy(fold_words_.data() + words, state, size);
  fold_->fold(std::span(&to, 1), std::span(&from, 1));
  std::memcpy(kept.bytes.data() + kept.pair.klen, to, size);
  return true;
}

bool PackingTrial::is_in_range(const Pair& pair) const {
  const auto after = std::upper_bound(
      ranges_.begin(), ranges_.end(), pair, [](const Pair& key, const auto& range) {
        return range.has_low && compare_keys(key, key_view(range.low)) < 0;
      });
  if (after == ranges_.begin()) return false;
  const KeyRange& range = *(after - 1);
  return !range.has_high || compare_keys(pair, key_view(range.high)) < 0;
}

/// Halves what is kept: of each range the first half, or of one that has all keys every other part.
void PackingTrial::narrow() {
  const std::size_t parts = ranges_.size() == 1 ? 2 * kRanges : 2;
  std::vector<std::string_view> keys;
  for (const Kept& kept : kept_)
    if (!kept.is_let_go) keys.push_back(std::string_view(kept.bytes).substr(0, kept.pair.klen));
  std::sort(keys.begin(), keys.end());
  std::vector<KeyRange> narrower;
  auto begin = keys.begin();
  for (const KeyRange& range : ranges_) {
    const auto end = range.has_high ? std::lower_bound(begin, keys.end(), range.high) : keys.end();
    const auto border = [&](std::size_t part) {
      return begin +
             (end - begin) * static_cast<std::ptrdiff_t>(part) / static_cast<std::ptrdiff_t>(parts);
    };
    for (std::size_t part = 0; part < parts; part += 2) {
      if (border(part) == end || border(part + 1) == end || *border(part) == *border(part + 1))
        continue;
      narrower.push_back({std::string(*border(part)), std::string(*border(part + 1)), true, true});
    }
    begin = end;
  }
  // Where nearly all keys are equal there are no narrower ranges.
  is_closed_ = narrower.empty();
  if (is_closed_) return;
  ranges_ = std::move(narrower);
  bytes_ = 0;
  for (Kept& kept : kept_) {
    if (kept.is_let_go) continue;
    kept.is_let_go = !is_in_range(key_view(std::string_view(kept.bytes).substr(0, kept.pair.klen)));
    if (kept.is_let_go)
      kept.bytes = std::string();
    else
      bytes_ += kept.bytes.size();
  }
  is_closed_ = bytes_ >= kTrialBytes;
}

std::vector<const PackingTrial::Kept*> PackingTrial::sorted() const {
  std::vector<const Kept*> sorted;
  for (const Kept& kept : kept_)
    if (!kept.is_let_go) sorted.push_back(&kept);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Kept* a, const Kept* b) {
    if (a->part != b->part) return a->part < b->part;
    return std::string_view(a->bytes).substr(0, a->pair.klen) <
           std::string_view(b->bytes).substr(0, b->pair.klen);
  });
  return sorted;
}

/// What was kept, as the blocks of one run.
std::vector<std::vector<std::byte>> PackingTrial::blocks() const {
  std::vector<std::vector<std::byte>> blocks;
  std::uint32_t part = 0;
  for (const Kept* kept : sorted()) {
    const std::size_t bytes = encoded_pair_bytes(kept->pair);
    if (blocks.empty() || kept->part != part || blocks.back().size() + bytes > block_bytes_) {
      blocks.emplace_back();
      blocks.back().reserve(block_bytes_);
      part = kept->part;
    }
    std::array<std::uint8_t, kPairHeadBytesMax> head;
    const auto head_bytes =
        static_cast<std::size_t>(encode_pair_head(kept->pair, head.data()) - head.data());
    const auto put = [&](std::span<const std::byte> some) {
      blocks.back().insert(blocks.back().end(), some.begin(), some.end());
    };
    put(std::as_bytes(std::span(head).first(head_bytes)));
    put(std::as_bytes(std::span(kept->bytes)));
  }
  return blocks;
}

PackedSizes PackingTrial::pack(const WriteRate& disk, double (*cpu_seconds)()) {
  const std::vector<std::vector<std::byte>> blocks = this->blocks();
  PackedSizes sizes;
  for (const std::vector<std::byte>& block : blocks) sizes.raw_bytes += block.size();
  std::vector<std::byte> place(block_bytes_),
      work(BlockPacker::work_bytes(SpillCompression::zstd, block_bytes_));
  // `auto` last: its clock runs when all code and memory is warm.
  for (const SpillCompression compression : {SpillCompression::none, SpillCompression::zstd,
                                             SpillCompression::lz4, SpillCompression::automatic}) {
    BlockPacker packer({compression, &disk, nullptr, {}, cpu_seconds}, work);
    std::uint64_t stored_bytes = 0;
    std::size_t packed_blocks = 0;
    for (const std::vector<std::byte>& block : blocks) {
      const BlockPacker::Packed packed = packer.pack(block, place);
      stored_bytes += kBlockHeaderBytes + packed.stored_bytes;
      packed_blocks += packed.codec == BlockCodec::raw ? 0 : 1;
    }
    if (compression == SpillCompression::automatic) {
      // The run keeps to what is foreseen here.
      sizes.automatic_packs = 2 * packed_blocks > blocks.size();
      const auto like = sizes.automatic_packs ? SpillCompression::lz4 : SpillCompression::none;
      stored_bytes = sizes.stored_bytes[static_cast<std::size_t>(like)];
    }
    sizes.stored_bytes[static_cast<std::size_t>(compression)] = stored_bytes;
  }
  return sizes;
}

void try_disks(Storage& storage, const std::vector<std::string>& folders, WriteRate& rate) {
  constexpr std::size_t kWriteBytes = std::size_t{256} << 10;  // As runs are written.
  constexpr int kWrites = 4;
  if (folders.empty()) return;
  ScratchSpace scratch(storage, folders);
  const std::unique_ptr<StorageFile> file = scratch.create();
  const std::vector<std::byte> bytes(kWriteBytes, std::byte{1});
  for (int i = 0; i < kWrites; ++i)
    if (!file->write_at(bytes, static_cast<std::uint64_t>(i) * kWriteBytes)) return;
  rate.add(kWrites * kWriteBytes, kWrites * kWriteBytes * scratch.write_rate().seconds_a_byte());
}

}  // namespace mrun
