#include "shuffle/sort_buffer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

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

bool SortBuffer::reserve(std::size_t entries, std::size_t heap_bytes, std::size_t referred) {
  if (try_reserve(entries, heap_bytes, referred)) return true;
  // What one purpose gave back may lie idle in its pool while another needs it.
  memory_.trim();
  return try_reserve(entries, heap_bytes, referred);
}

// Blocks for `entries` of one list.
bool SortBuffer::try_reserve(std::size_t entries, std::size_t heap_bytes, std::size_t referred) {
  const std::size_t room = lists_.front().room();
  const std::size_t beyond = entries > room ? entries - room : 0;
  const std::size_t blocks = (beyond + EntryBlock::kEntries - 1) / EntryBlock::kEntries;
  if (!reserve_blocks(blocks, blocks + 1)) return false;
  if (heap_bytes > SortMemory::kHeapBlockBytes - heap_used_) {
    std::uint8_t* const block = memory_.heap_blocks().take();
    if (block == nullptr) return false;
    heap_blocks_.push_back(block);
    heap_used_ = 0;
  }
  return referred == 0 || referred_charge_.try_add(memory_.budget(), referred);
}

bool SortBuffer::reserve_blocks(std::size_t blocks, std::size_t marks) {
  while (spare_.size() < blocks) {
    Charge items;
    if (!items.try_add(memory_.budget(), kItemBytesPerBlock)) return false;
    std::uint8_t* const block = memory_.entry_blocks().take();
    if (block == nullptr) return false;
    item_charge_.absorb(std::move(items));
    spare_.push_back(reinterpret_cast<EntryBlock*>(block));
  }
  if (spare_marks_ >= marks) return true;
  if (!mark_charge_.try_add(memory_.budget(), (marks - spare_marks_) * kMarkBytes)) return false;
  spare_marks_ = marks;
  return true;
}

// Makes room for an entry of the task. What it takes is reserved.
void SortBuffer::open_block(List& list) {
  const bool is_full = list.next == list.end;
  if (is_full) {
    if (list.open != nullptr) list.open->count = EntryBlock::kEntries;
    list.open = spare_.back();
    spare_.pop_back();
    list.next = list.open->entries;
    list.end = list.next + EntryBlock::kEntries;
    ++blocks_;
  }
  if (is_full || list.task != task_) {
    list.marks.push_back(
        {list.open, static_cast<std::uint32_t>(list.next - list.open->entries), task_});
    list.task = task_;
    --spare_marks_;
  }
}

std::vector<EntrySpan> SortBuffer::list(std::size_t index) {
  List& list = lists_[index];
  if (list.open != nullptr)
    list.open->count = static_cast<std::uint32_t>(list.next - list.open->entries);
  list.open = nullptr;
  list.next = list.end = nullptr;
  const std::vector<Mark>& marks = list.marks;
  std::vector<EntrySpan> spans;
  spans.reserve(marks.size());
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const Mark& mark = marks[i];
    const bool goes_on = i + 1 < marks.size() && marks[i + 1].block == mark.block;
    spans.push_back(
        {mark.block, mark.begin, goes_on ? marks[i + 1].begin : mark.block->count, mark.task});
  }
  return spans;
}

// Copies the heap of a batch that `reserve` has made room for; returns where it lies.
std::uint64_t SortBuffer::keep_heap(const EntryBatch& batch) {
  if (batch.heap_bytes == 0) return 0;
  std::uint8_t* const heap = heap_blocks_.back() + heap_used_;
  std::memcpy(heap, batch.heap, batch.heap_bytes);
  heap_used_ = std::min((heap_used_ + batch.heap_bytes + 7) / 8 * 8, SortMemory::kHeapBlockBytes);
  return reinterpret_cast<std::uintptr_t>(heap);
}

std::size_t SortBuffer::accept(const EntryBatch& batch) {
  if (choice_ != Choice::one) {
    const std::size_t taken = spread(batch);
    if (taken > 0 || choice_ == Choice::by_hash || !empty()) return taken;
    clear();  // There is no room for open blocks of all ranges: from now on there is one list.
  }
  return accept_in_one(batch) ? batch.entries.size() : 0;
}

bool SortBuffer::accept_in_one(const EntryBatch& batch) {
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
    List& list = lists_.front();
    if (list.next == list.end || list.task != task_) open_block(list);
    const std::size_t count = std::min(batch.entries.size() - done, list.room());
    for (std::size_t i = 0; i < count; ++i) {
      Entry entry = batch.entries[done + i];
      if (entry.kind() == EntryKind::heap) entry.v += heap_base;
      list.next[i] = entry;
    }
    std::uint32_t* const parts = list.open->parts + (list.next - list.open->entries);
    if (!partitioner_.is_trivial())
      assign_parts({{list.next, count}, nullptr, 0}, std::span(parts, count));
    list.next += count;
    for (std::size_t i = 0; i < count; ++i) {
      const Entry& entry = batch.entries[done + i];
      // Of the emitter's bytes: that they were copied is what the sum shall show.
      const std::uint64_t content = content_of(entry, emitted_pair(entry, batch.heap));
      sum.add(entry, content, partitioner_.is_trivial() ? 0 : parts[i]);
    }
    done += count;
  }
  accepted_.add(sum);
  return true;
}

void SortBuffer::start_lists(std::size_t lists) {
  MRUN_CHECK(empty() && lists > 0);
  choice_ = Choice::by_hash;
  lists_.resize(lists);
}

void SortBuffer::start_ranges(const PiecePlan& ranges) {
  MRUN_CHECK(choice_ == Choice::one);
  if (!empty() && !try_reserve_blocks(ranges.size() + 1, 2 * (ranges.size() + blocks_))) return;
  const std::vector<EntrySpan> all = list(0);
  choice_ = Choice::by_range;
  ranges_ = &ranges;
  lists_ = std::vector<List>(ranges.size());
  std::array<std::uint32_t, Partitioner::kBatch> parts, lists;
  for (const EntrySpan& span : all) {
    MRUN_CHECK(span.task == task_ && span.begin == 0);
    for (std::uint32_t begin = 0; begin < span.end; begin += Partitioner::kBatch) {
      const std::size_t count = std::min<std::size_t>(span.end - begin, Partitioner::kBatch);
      const EntryBatch some{{span.block->entries + begin, count}, nullptr, 0};
      choose(some, std::span(parts).first(count), std::span(lists).first(count));
      for (std::size_t i = 0; i < count; ++i) put(some.entries[i], parts[i], lists_[lists[i]]);
    }
    spare_.push_back(span.block);  // It is charged, and its entries have gone.
    --blocks_;
  }
  give_spare(kSpareKept);
}

std::size_t SortBuffer::spread(const EntryBatch& batch) {
  MRUN_CHECK(batch.heap_bytes <= SortMemory::kHeapBlockBytes);
  std::optional<std::uint64_t> heap_base;  // Once some of it has room.
  std::size_t done = 0;
  while (done < batch.entries.size()) {
    const std::size_t count = std::min(Partitioner::kBatch, batch.entries.size() - done);
    if (!spread_some({batch.entries.subspan(done, count), batch.heap, batch.heap_bytes}, heap_base))
      break;
    done += count;
  }
  return done;
}

// Which partition and which list each of a few entries belongs to.
void SortBuffer::choose(const EntryBatch& some, std::span<std::uint32_t> parts,
                        std::span<std::uint32_t> lists) const {
  if (partitioner_.is_trivial() || choice_ == Choice::by_hash)
    std::fill(parts.begin(), parts.end(), 0);
  else
    assign_parts(some, parts);
  const auto count = static_cast<std::uint32_t>(lists_.size());
  for (std::size_t i = 0; i < some.entries.size(); ++i) {
    const Entry& entry = some.entries[i];
    if (choice_ == Choice::by_hash)
      lists[i] = Partitioner::of_hash(list_hash(emitted_pair(entry, some.heap)), count);
    else
      lists[i] = ranges_ == nullptr
                     ? 0
                     : static_cast<std::uint32_t>(ranges_->piece_of(
                           parts[i], entry.k0, [&] { return emitted_pair(entry, some.heap); }));
  }
}

// Takes over a few entries, or changes nothing and returns false where there is no room.
bool SortBuffer::spread_some(const EntryBatch& some, std::optional<std::uint64_t>& heap_base) {
  const std::size_t count = some.entries.size();
  std::array<std::uint32_t, Partitioner::kBatch> parts, lists;
  choose(some, std::span(parts).first(count), std::span(lists).first(count));
  if (!reserve_for(std::span(lists).first(count))) return false;
  if (!heap_base) {
    if (!reserve(0, some.heap_bytes, 0)) return false;
    heap_base = keep_heap(some);
  }
  std::uint64_t referred = 0;
  for (const Entry& entry : some.entries) referred += referred_bytes(entry);
  if (referred != 0) {
    if (!referred_charge_.try_add(memory_.budget(), referred)) return false;
    if (owners_.empty() || owners_.back() != current_owner_) owners_.push_back(current_owner_);
  }
  EntrySum sum;
  for (std::size_t i = 0; i < count; ++i) {
    Entry entry = some.entries[i];
    sum.add(entry, content_of(entry, emitted_pair(entry, some.heap)), parts[i]);
    if (entry.kind() == EntryKind::heap) entry.v += *heap_base;
    put(entry, parts[i], lists_[lists[i]]);
  }
  accepted_.add(sum);
  return true;
}

// Of an entry for each of `lists`.
bool SortBuffer::reserve_for(std::span<const std::uint32_t> lists) {
  if (spare_.size() >= lists.size() && spare_marks_ >= 2 * lists.size()) return true;
  // Those that find their list's block full, or nearly; each may need one more.
  std::size_t blocks = 0, marks = 0;
  for (const std::uint32_t index : lists) {
    const List& list = lists_[index];
    blocks += list.room() < lists.size() ? 1u : 0u;
    marks += list.task != task_ ? 1u : 0u;
  }
  return try_reserve_blocks(blocks, blocks + marks);
}

bool SortBuffer::try_reserve_blocks(std::size_t blocks, std::size_t marks) {
  if (reserve_blocks(blocks, marks)) return true;
  memory_.trim();
  if (reserve_blocks(blocks, marks)) return true;
  give_spare(0);  // Others may need them.
  return false;
}

// Gives back all spare blocks but `kept`.
void SortBuffer::give_spare(std::size_t kept) {
  std::size_t given = 0;
  for (; spare_.size() > kept; ++given) {
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(spare_.back()));
    spare_.pop_back();
  }
  item_charge_.shrink_to(item_charge_.bytes() - given * kItemBytesPerBlock);
}

EntrySum SortBuffer::sum_of(const EntrySpan& span, bool has_parts) {
  const EntryBlock& block = *span.block;
  EntrySum sum;
  for (std::uint32_t i = span.begin; i < span.end; ++i)
    sum.add(block.entries[i], content_of(block.entries[i], resolve(block.entries[i], 0)),
            has_parts ? block.parts[i] : 0);
  return sum;
}

// Gives back the blocks of a list, and what is charged for them.
void SortBuffer::drop_blocks(List& list) {
  const std::size_t before = blocks_;
  for (const Mark& mark : list.marks) {
    if (mark.begin != 0) continue;  // The same block again.
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(mark.block));
    --blocks_;
  }
  item_charge_.shrink_to(item_charge_.bytes() - (before - blocks_) * kItemBytesPerBlock);
  list = List();
}

void SortBuffer::drop_list(std::size_t index) { drop_blocks(lists_[index]); }

Result<void> SortBuffer::absorb_lists(SortBuffer&& other) {
  MRUN_CHECK(choice_ == Choice::one);
  EntrySum read;
  std::vector<Mark>& marks = lists_.front().marks;
  for (std::size_t index = 0; index < other.lists_.size(); ++index) {
    for (const EntrySpan& span : other.list(index)) {
      read.add(sum_of(span, false));
      const EntryBatch entries{{span.block->entries + span.begin, span.count()}, nullptr, 0};
      if (!partitioner_.is_trivial())
        assign_parts(entries, std::span(span.block->parts + span.begin, span.count()));
      accepted_.add(sum_of(span, !partitioner_.is_trivial()));
    }
    const std::vector<Mark>& more = other.lists_[index].marks;
    marks.insert(marks.begin(), more.begin(), more.end());
  }
  const bool sound = read == other.accepted_;
  blocks_ += std::exchange(other.blocks_, 0);
  spare_.insert(spare_.end(), other.spare_.begin(), other.spare_.end());
  spare_marks_ += std::exchange(other.spare_marks_, 0);
  heap_blocks_.insert(heap_blocks_.begin(), other.heap_blocks_.begin(), other.heap_blocks_.end());
  item_charge_.absorb(std::move(other.item_charge_));
  mark_charge_.absorb(std::move(other.mark_charge_));
  referred_charge_.absorb(std::move(other.referred_charge_));
  owners_.insert(owners_.begin(), other.owners_.begin(), other.owners_.end());
  other.choice_ = Choice::one;
  other.lists_ = std::vector<List>(1);
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
  if (!reserve(1, 0, 0) || !try_reserve_blocks(1, 2)) return false;
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
  std::uint32_t part = 0, list = 0;
  choose({std::span(&entry, 1), nullptr, 0}, std::span(&part, 1), std::span(&list, 1));
  put(entry, part, lists_[list]);
  accepted_.add(entry, content_of(entry, resolve(entry, task_)), part);
  return true;
}

void SortBuffer::assign_parts(const EntryBatch& some, std::span<std::uint32_t> parts) const {
  std::array<Pair, Partitioner::kBatch> pairs;
  for (std::size_t begin = 0; begin < parts.size(); begin += pairs.size()) {
    const std::size_t count = std::min(pairs.size(), parts.size() - begin);
    for (std::size_t i = 0; i < count; ++i)
      pairs[i] = emitted_pair(some.entries[begin + i], some.heap);
    partitioner_.assign(std::span(pairs).first(count), parts.subspan(begin, count));
  }
}

std::size_t SortBuffer::size_bytes() const {
  const std::size_t marks = blocks_ == 0 ? 0 : mark_charge_.bytes();
  return blocks_ * (sizeof(EntryBlock) + kItemBytesPerBlock) + marks +
         heap_blocks_.size() * SortMemory::kHeapBlockBytes + big_bytes_ + referred_charge_.bytes();
}

void SortBuffer::clear() {
  for (List& list : lists_) drop_blocks(list);
  for (EntryBlock* block : spare_)
    memory_.entry_blocks().give(reinterpret_cast<std::uint8_t*>(block));
  for (std::uint8_t* block : heap_blocks_) memory_.heap_blocks().give(block);
  choice_ = Choice::one;
  ranges_ = nullptr;
  lists_ = std::vector<List>(1);
  spare_.clear();
  heap_blocks_.clear();
  heap_used_ = SortMemory::kHeapBlockBytes;
  big_.clear();
  big_bytes_ = 0;
  item_charge_.reset();
  mark_charge_.reset();
  spare_marks_ = 0;
  referred_charge_.reset();
  owners_.clear();
  accepted_ = EntrySum();
}

}  // namespace mrun
