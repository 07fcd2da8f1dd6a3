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

// Which list a key belongs to: other bits than those that choose its slot in a table.
std::uint64_t list_hash(const Pair& pair) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(pair.k0 ^ 0x27d4eb2f165667c5) *
                       ((pair.k1 ^ 0x165667b19e3779f9) + pair.klen);
  const auto hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  const std::uint32_t tail = pair.tail_size();
  return tail == 0 ? hash : hash ^ hash64(pair.tail, tail);
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

SortMemory::SortMemory(MemoryBudget& budget, std::size_t spare_item_bytes)
    : budget_(budget),
      entry_blocks_(budget, sizeof(EntryBlock), slab_bytes(budget)),
      heap_blocks_(budget, kHeapBlockBytes, slab_bytes(budget)),
      item_memory_(std::numeric_limits<std::size_t>::max()),
      spare_items_(spare_item_bytes) {}

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
  if (!reserve_blocks((beyond + EntryBlock::kEntries - 1) / EntryBlock::kEntries)) return false;
  if (heap_bytes > SortMemory::kHeapBlockBytes - heap_used_) {
    std::uint8_t* const block = memory_.heap_blocks().take();
    if (block == nullptr) return false;
    heap_blocks_.push_back(block);
    heap_used_ = 0;
  }
  return referred == 0 || referred_charge_.try_add(memory_.budget(), referred);
}

bool SortBuffer::reserve_blocks(std::size_t blocks) {
  while (spare_.size() < blocks) {
    Charge items;
    if (!items.try_add(memory_.budget(), kItemBytesPerBlock)) return false;
    std::uint8_t* const block = memory_.entry_blocks().take();
    if (block == nullptr) return false;
    item_charge_.absorb(std::move(items));
    spare_.push_back(reinterpret_cast<EntryBlock*>(block));
  }
  return true;
}

EntryBlock* SortBuffer::new_block() {
  EntryBlock* const block = spare_.back();
  spare_.pop_back();
  block->count = 0;
  block->task = task_;
  return block;
}

EntryBlock& SortBuffer::open_block() {
  if (room_in_block() == 0) blocks_.push_back(new_block());
  return *blocks_.back();
}

// Copies the heap of a batch that `reserve` has made room for; returns where it lies.
std::uint64_t SortBuffer::keep_heap(const EntryBatch& batch) {
  if (batch.heap_bytes == 0) return 0;
  std::uint8_t* const heap = heap_blocks_.back() + heap_used_;
  std::memcpy(heap, batch.heap, batch.heap_bytes);
  heap_used_ = std::min((heap_used_ + batch.heap_bytes + 7) / 8 * 8, SortMemory::kHeapBlockBytes);
  return reinterpret_cast<std::uintptr_t>(heap);
}

bool SortBuffer::try_accept(const EntryBatch& batch) {
  MRUN_CHECK(batch.heap_bytes <= SortMemory::kHeapBlockBytes);
  std::uint64_t referred = 0;
  for (const Entry& entry : batch.entries) referred += referred_bytes(entry);
  if (!reserve(batch.entries.size(), batch.heap_bytes, referred)) return false;

  // Here and not in `pin`: a spill in between lets go of what it no longer needs.
  if (referred != 0 && (owners_.empty() || owners_.back() != current_owner_))
    owners_.push_back(current_owner_);
  const std::uint64_t heap_base = keep_heap(batch);
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

void SortBuffer::start_lists(std::size_t lists) {
  MRUN_CHECK(empty() && lists > 0);
  lists_.resize(lists);
}

std::size_t SortBuffer::spread(const EntryBatch& batch) {
  MRUN_CHECK(batch.heap_bytes <= SortMemory::kHeapBlockBytes);
  if (!reserve(0, batch.heap_bytes, 0)) return 0;
  const std::uint64_t heap_base = keep_heap(batch);
  std::size_t done = 0;
  while (done < batch.entries.size()) {
    const std::size_t count = std::min(Partitioner::kBatch, batch.entries.size() - done);
    if (!spread_some({batch.entries.subspan(done, count), batch.heap, batch.heap_bytes}, heap_base))
      break;
    done += count;
  }
  return done;
}

// Takes over a few entries, or changes nothing and returns false where there is no room.
bool SortBuffer::spread_some(const EntryBatch& some, std::uint64_t heap_base) {
  const std::size_t count = some.entries.size();
  std::array<Pair, Partitioner::kBatch> pairs;
  std::array<std::uint32_t, Partitioner::kBatch> lists;
  // Pairs that find their list's block full; each may need one more.
  std::size_t blocks = 0;
  std::uint64_t referred = 0;
  for (std::size_t i = 0; i < count; ++i) {
    pairs[i] = emitted_pair(some.entries[i], some.heap);
    lists[i] = Partitioner::of_hash(list_hash(pairs[i]), static_cast<std::uint32_t>(lists_.size()));
    const std::vector<EntryBlock*>& list = lists_[lists[i]];
    blocks += list.empty() || list.back()->count + count > EntryBlock::kEntries ? 1u : 0u;
    referred += referred_bytes(some.entries[i]);
  }
  if (!reserve_blocks(blocks)) {
    memory_.trim();
    if (!reserve_blocks(blocks)) return false;
  }
  if (referred != 0) {
    if (!referred_charge_.try_add(memory_.budget(), referred)) return false;
    if (owners_.empty() || owners_.back() != current_owner_) owners_.push_back(current_owner_);
  }
  EntrySum sum;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<EntryBlock*>& list = lists_[lists[i]];
    if (list.empty() || list.back()->count == EntryBlock::kEntries) list.push_back(new_block());
    EntryBlock& block = *list.back();
    Entry entry = some.entries[i];
    sum.add(entry, content_of(entry, pairs[i]), 0);
    if (entry.kind() == EntryKind::heap) entry.v += heap_base;
    block.entries[block.count++] = entry;
  }
  accepted_.add(sum);
  return true;
}

EntrySum SortBuffer::sum_of(const EntryBlock& block, bool has_parts) {
  EntrySum sum;
  for (std::uint32_t i = 0; i < block.count; ++i)
    sum.add(block.entries[i], content_of(block.entries[i], resolve(block.entries[i], block.task)),
            has_parts ? block.parts[i] : 0);
  return sum;
}

void SortBuffer::drop_list(std::size_t index) {
  std::vector<EntryBlock*> list = std::move(lists_[index]);
  lists_[index].clear();
  for (EntryBlock* block : list)
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(block));
  item_charge_.shrink_to(item_charge_.bytes() - list.size() * kItemBytesPerBlock);
}

Result<void> SortBuffer::absorb_lists(SortBuffer&& other) {
  EntrySum read;
  for (const std::vector<EntryBlock*>& list : other.lists_) {
    for (EntryBlock* block : list) {
      read.add(sum_of(*block, false));
      if (!partitioner_.is_trivial()) assign_parts(*block, 0);
      accepted_.add(sum_of(*block, !partitioner_.is_trivial()));
    }
    blocks_.insert(blocks_.begin(), list.begin(), list.end());
  }
  const bool sound = read == other.accepted_;
  spare_.insert(spare_.end(), other.spare_.begin(), other.spare_.end());
  heap_blocks_.insert(heap_blocks_.begin(), other.heap_blocks_.begin(), other.heap_blocks_.end());
  item_charge_.absorb(std::move(other.item_charge_));
  referred_charge_.absorb(std::move(other.referred_charge_));
  owners_.insert(owners_.begin(), other.owners_.begin(), other.owners_.end());
  other.lists_.clear();
  other.spare_.clear();
  other.heap_blocks_.clear();
  other.heap_used_ = SortMemory::kHeapBlockBytes;
  other.owners_.clear();
  other.accepted_ = EntrySum();
  if (sound) return {};
  return fail(Code::integrity, "pairs were lost, doubled or changed while they lay in lists",
              "this is a bug in mrun or a fault of the machine's memory; nothing was written");
}

std::size_t SortBuffer::bytes_of(const Entry& entry) {
  const std::size_t tail = entry.key_size() > kPrefixBytes ? entry.key_size() - kPrefixBytes : 0;
  const std::size_t copied =
      entry.kind() == EntryKind::heap ? (entry.value_size() + tail + 7) / 8 * 8 : 0;
  return kBytesPerEntry + copied + referred_bytes(entry);
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
  std::size_t blocks = blocks_.size();
  for (const std::vector<EntryBlock*>& list : lists_) blocks += list.size();
  return blocks * (sizeof(EntryBlock) + kItemBytesPerBlock) +
         heap_blocks_.size() * SortMemory::kHeapBlockBytes + big_bytes_ + referred_charge_.bytes();
}

void SortBuffer::clear() {
  for (std::size_t list = 0; list < lists_.size(); ++list) drop_list(list);
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
