#include "shuffle/sort_buffer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/check.hpp"

namespace mrun {
namespace {

// Big enough that taking a slab is rare, small enough that one does not matter in a small budget.
std::size_t slab_bytes(const MemoryBudget& budget) {
  constexpr std::size_t kLeast = std::size_t{256} << 10, kMost = std::size_t{8} << 20;
  return std::bit_floor(std::clamp(budget.limit_bytes() / 128, kLeast, kMost));
}

std::uint64_t referred_bytes(const Entry& entry) {
  // What is read one after another costs no more for being long: beyond this a reference is free.
  constexpr std::uint64_t kChargedMost = std::uint64_t{64} << 10;
  switch (entry.kind()) {
    case EntryKind::ref:
      return std::min<std::uint64_t>(kChargedMost, entry.value_size());
    case EntryKind::ref_key:
      return std::min(kChargedMost, std::uint64_t{entry.value_size()} + entry.key_size());
    default:
      return 0;
  }
}

}  // namespace

std::size_t SortBuffer::fitting(std::span<const Entry> entries, std::uint64_t bytes_most) {
  std::uint64_t referred = 0;
  std::size_t count = 0;
  while (count < entries.size()) {
    referred += referred_bytes(entries[count]);
    if (referred > bytes_most && count > 0) break;
    ++count;
  }
  return count;
}

SortMemory::SortMemory(MemoryBudget& budget)
    : budget_(budget),
      entry_blocks_(budget, sizeof(EntryBlock), slab_bytes(budget)),
      heap_blocks_(budget, kHeapBlockBytes, slab_bytes(budget)),
      item_memory_(std::numeric_limits<std::size_t>::max()) {}

void SortMemory::trim() {
  entry_blocks_.trim();
  heap_blocks_.trim();
}

SortBuffer::SortBuffer(SortMemory& memory, const Partitioner& partitioner)
    : memory_(memory), partitioner_(partitioner) {}

void SortBuffer::pin(const std::shared_ptr<const void>& owner) { current_owner_ = owner; }

std::size_t SortBuffer::room_in_block() const {
  if (blocks_.empty() || blocks_.back()->task != task_) return 0;
  return EntryBlock::kEntries - blocks_.back()->count;
}

bool SortBuffer::reserve(std::size_t entries, std::size_t heap_bytes, std::size_t referred) {
  if (try_reserve(entries, heap_bytes, referred)) return true;
  // What one purpose gave back may lie idle in its pool while another needs it.
  memory_.trim();
  return try_reserve(entries, heap_bytes, referred);
}

bool SortBuffer::try_reserve(std::size_t entries, std::size_t heap_bytes, std::size_t referred) {
  const std::size_t room = room_in_block();
  const std::size_t beyond = entries > room ? entries - room : 0;
  const std::size_t blocks = (beyond + EntryBlock::kEntries - 1) / EntryBlock::kEntries;
  while (spare_.size() < blocks) {
    Charge items;
    if (!items.try_add(memory_.budget(), kItemBytesPerBlock)) return false;
    std::uint8_t* const block = memory_.entry_blocks().take();
    if (block == nullptr) return false;
    item_charge_.absorb(std::move(items));
    spare_.push_back(reinterpret_cast<EntryBlock*>(block));
  }
  if (heap_bytes > SortMemory::kHeapBlockBytes - heap_used_) {
    std::uint8_t* const block = memory_.heap_blocks().take();
    if (block == nullptr) return false;
    heap_blocks_.push_back(block);
    heap_used_ = 0;
  }
  return referred == 0 || referred_charge_.try_add(memory_.budget(), referred);
}

EntryBlock& SortBuffer::open_block() {
  if (room_in_block() == 0) {
    EntryBlock* const block = spare_.back();
    spare_.pop_back();
    block->count = 0;
    block->task = task_;
    blocks_.push_back(block);
  }
  return *blocks_.back();
}

bool SortBuffer::try_accept(const EntryBatch& batch) {
  MRUN_CHECK(batch.heap_bytes <= SortMemory::kHeapBlockBytes);
  std::uint64_t referred = 0;
  for (const Entry& entry : batch.entries) referred += referred_bytes(entry);
  if (!reserve(batch.entries.size(), batch.heap_bytes, referred)) return false;

  // Here and not in `pin`: a spill in between lets go of what it no longer needs.
  if (referred != 0 && (owners_.empty() || owners_.back() != current_owner_))
    owners_.push_back(current_owner_);
  std::uint64_t heap_base = 0;
  if (batch.heap_bytes != 0) {
    std::uint8_t* const heap = heap_blocks_.back() + heap_used_;
    std::memcpy(heap, batch.heap, batch.heap_bytes);
    heap_used_ = std::min((heap_used_ + batch.heap_bytes + 7) / 8 * 8, SortMemory::kHeapBlockBytes);
    heap_base = reinterpret_cast<std::uintptr_t>(heap);
  }
  EntrySum sum;  // Not a member: it stays in registers.
  for (std::size_t done = 0; done < batch.entries.size();) {
    EntryBlock& block = open_block();
    const std::uint32_t begin = block.count;
    const std::size_t count =
        std::min<std::size_t>(batch.entries.size() - done, EntryBlock::kEntries - begin);
    for (std::size_t i = 0; i < count; ++i) {
      Entry entry = batch.entries[done + i];
      if (entry.kind() == EntryKind::heap) entry.v += heap_base;
      block.entries[begin + i] = entry;
    }
    block.count = begin + static_cast<std::uint32_t>(count);
    if (!partitioner_.is_trivial()) assign_parts(block, begin);
    for (std::size_t i = 0; i < count; ++i) {
      const Entry& entry = batch.entries[done + i];
      // Of the emitter's bytes: that they were copied is what the sum shall show.
      const std::uint64_t content = content_of(entry, emitted_pair(entry, batch.heap));
      sum.add(entry, content, partitioner_.is_trivial() ? 0 : block.parts[begin + i]);
    }
    done += count;
  }
  accepted_.add(sum);
  return true;
}

std::size_t SortBuffer::big_bytes(Slice key, Slice value) {
  const std::size_t tail = key.size > kPrefixBytes ? key.size - kPrefixBytes : 0;
  return sizeof(BigHeader) + value.size + tail;
}

bool SortBuffer::try_accept_big(Slice key, Slice value) {
  if (!reserve(1, 0, 0)) return false;
  auto buffer = PageBuffer::allocate(memory_.budget(), big_bytes(key, value));
  if (!buffer) {
    memory_.trim();
    buffer = PageBuffer::allocate(memory_.budget(), big_bytes(key, value));
  }
  if (!buffer) return false;
  const BigHeader header{static_cast<std::uint32_t>(key.size),
                         static_cast<std::uint32_t>(value.size)};
  std::uint8_t* out = buffer->bytes();
  std::memcpy(out, &header, sizeof header);
  out += sizeof header;
  if (value.size != 0) std::memcpy(out, value.data, value.size);
  if (key.size > kPrefixBytes)
    std::memcpy(out + value.size, key.data + kPrefixBytes, key.size - kPrefixBytes);

  const KeyPrefix prefix = key_prefix(key);
  const Entry entry{prefix.k0, prefix.k1, header.klen & Entry::kLengthMask, kBigEntry << 28,
                    reinterpret_cast<std::uintptr_t>(buffer->bytes())};
  big_bytes_ += buffer->size();
  big_.push_back(*std::move(buffer));
  EntryBlock& block = open_block();
  block.entries[block.count++] = entry;
  if (!partitioner_.is_trivial()) assign_parts(block, block.count - 1);
  accepted_.add(entry, content_of(entry, resolve(entry, task_)),
                partitioner_.is_trivial() ? 0 : block.parts[block.count - 1]);
  return true;
}

void SortBuffer::assign_parts(EntryBlock& block, std::uint32_t begin) const {
  std::array<Pair, Partitioner::kBatch> pairs;
  while (begin < block.count) {
    const auto count = std::min<std::uint32_t>(block.count - begin, Partitioner::kBatch);
    for (std::uint32_t i = 0; i < count; ++i)
      pairs[i] = resolve(block.entries[begin + i], block.task);
    partitioner_.assign(std::span(pairs).first(count), std::span(block.parts + begin, count));
    begin += count;
  }
}

std::size_t SortBuffer::size_bytes() const {
  return blocks_.size() * (sizeof(EntryBlock) + kItemBytesPerBlock) +
         heap_blocks_.size() * SortMemory::kHeapBlockBytes + big_bytes_ + referred_charge_.bytes();
}

void SortBuffer::clear() {
  for (EntryBlock* block : blocks_)
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(block));
  for (EntryBlock* block : spare_)
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(block));
  for (std::uint8_t* block : heap_blocks_) memory_.heap_blocks().give(block);
  blocks_.clear();
  spare_.clear();
  heap_blocks_.clear();
  heap_used_ = SortMemory::kHeapBlockBytes;
  big_.clear();
  big_bytes_ = 0;
  item_charge_.reset();
  referred_charge_.reset();
  owners_.clear();
  accepted_ = EntrySum();
}

}  // namespace mrun
