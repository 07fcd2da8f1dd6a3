#include "shuffle/sort_buffer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/check.hpp"

namespace mrun {
namespace {

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

std::uint64_t referred_bytes(std::span<const Entry> entries) {
  std::uint64_t bytes = 0;
  for (const Entry& entry : entries) bytes += referred_bytes(entry);
  return bytes;
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

SortBuffer::SortBuffer(SortMemory& memory, const Partitioner& partitioner)
    : memory_(memory), partitioner_(partitioner), lists_(memory, !partitioner.is_trivial()) {}

void SortBuffer::pin(const std::shared_ptr<const void>& owner) { current_owner_ = owner; }

// Room for the heap of a batch.
bool SortBuffer::reserve_heap(std::size_t bytes) {
  if (bytes <= SortMemory::kHeapBlockBytes - heap_used_) return true;
  std::uint8_t* const block = memory_.take_or_trim([this] { return memory_.heap_blocks().take(); });
  if (block == nullptr) return false;
  heap_blocks_.push_back(block);
  heap_used_ = 0;
  return true;
}

// Charges what entries refer to, and keeps it in place. Here and not in `pin`: a spill in between
// lets go of what it no longer needs.
bool SortBuffer::refer(std::uint64_t bytes) {
  if (bytes == 0) return true;
  if (!memory_.take_or_trim([&] { return referred_charge_.try_add(memory_.budget(), bytes); }))
    return false;
  if (owners_.empty() || owners_.back() != current_owner_) owners_.push_back(current_owner_);
  return true;
}

// Copies the heap of a batch, for which there is room; returns where it lies.
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
  if (!lists_.reserve(batch.entries.size()) || !reserve_heap(batch.heap_bytes) ||
      !refer(referred_bytes(batch.entries)))
    return false;
  const std::uint64_t heap_base = keep_heap(batch);
  EntrySum sum;  // Not a member: it stays in registers.
  for (std::size_t done = 0; done < batch.entries.size();) {
    const EntryLists::Places places = lists_.next_places(batch.entries.size() - done);
    const std::size_t count = places.entries.size();
    for (std::size_t i = 0; i < count; ++i) {
      Entry entry = batch.entries[done + i];
      if (entry.kind() == EntryKind::heap) entry.v += heap_base;
      places.entries[i] = entry;
    }
    if (!partitioner_.is_trivial()) assign_parts({places.entries, nullptr, 0}, places.parts);
    for (std::size_t i = 0; i < count; ++i) {
      const Entry& entry = batch.entries[done + i];
      // Of the emitter's bytes: that they were copied is what the sum shall show.
      const std::uint64_t content = content_of(entry, emitted_pair(entry, batch.heap));
      sum.add(entry, content, partitioner_.is_trivial() ? 0 : places.parts[i]);
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
  choice_ = Choice::by_range;
  ranges_ = &ranges;
  if (empty()) return lists_.resize(ranges.size());
  const bool done = lists_.spread_over(
      ranges.size(), [this](std::span<const Entry> some, std::span<std::uint32_t> parts,
                            std::span<std::uint32_t> lists) {
        choose({some, nullptr, 0}, parts, lists);
      });
  if (!done) choice_ = Choice::one;
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
  const auto pair = [&some](std::size_t i) { return emitted_pair(some.entries[i], some.heap); };
  switch (choice_) {
    case Choice::one:
      std::fill(lists.begin(), lists.end(), 0);
      break;
    case Choice::by_hash:
      for (std::size_t i = 0; i < lists.size(); ++i)
        lists[i] =
            Partitioner::of_hash(list_hash(pair(i)), static_cast<std::uint32_t>(lists_.count()));
      break;
    case Choice::by_range:
      for (std::size_t i = 0; i < lists.size(); ++i)
        lists[i] = static_cast<std::uint32_t>(
            ranges_->piece_of(parts[i], some.entries[i].k0, [&] { return pair(i); }));
      break;
  }
}

// Takes over a few entries, or changes nothing and returns false where there is no room.
bool SortBuffer::spread_some(const EntryBatch& some, std::optional<std::uint64_t>& heap_base) {
  const std::size_t count = some.entries.size();
  std::array<std::uint32_t, Partitioner::kBatch> parts, lists;
  choose(some, std::span(parts).first(count), std::span(lists).first(count));
  if (!lists_.reserve(std::span<const std::uint32_t>(lists).first(count))) return false;
  if (!heap_base) {
    if (!reserve_heap(some.heap_bytes)) return false;
    heap_base = keep_heap(some);
  }
  if (!refer(referred_bytes(some.entries))) return false;
  EntrySum sum;
  for (std::size_t i = 0; i < count; ++i) {
    Entry entry = some.entries[i];
    sum.add(entry, content_of(entry, emitted_pair(entry, some.heap)), parts[i]);
    if (entry.kind() == EntryKind::heap) entry.v += *heap_base;
    lists_.put(entry, parts[i], lists[i]);
  }
  accepted_.add(sum);
  return true;
}

EntrySum SortBuffer::sum_of(const EntrySpan& span, bool has_parts) {
  const EntryBlock& block = *span.block;
  EntrySum sum;
  for (std::uint32_t i = span.begin; i < span.end; ++i)
    sum.add(block.entries[i], content_of(block.entries[i], resolve(block.entries[i], 0)),
            has_parts ? block.parts[i] : 0);
  return sum;
}

Result<void> SortBuffer::absorb_lists(SortBuffer&& other) {
  MRUN_CHECK(choice_ == Choice::one);
  EntrySum read;
  for (std::size_t list = 0; list < other.lists_.count(); ++list) {
    for (const EntrySpan& span : other.lists_.spans(list)) {
      read.add(sum_of(span, false));
      const EntryBatch entries{{span.block->entries + span.begin, span.count()}, nullptr, 0};
      if (!partitioner_.is_trivial())
        assign_parts(entries, std::span(span.block->parts + span.begin, span.count()));
      accepted_.add(sum_of(span, !partitioner_.is_trivial()));
    }
  }
  const bool sound = read == other.accepted_;
  lists_.absorb(std::move(other.lists_));
  heap_blocks_.insert(heap_blocks_.begin(), other.heap_blocks_.begin(), other.heap_blocks_.end());
  referred_charge_.absorb(std::move(other.referred_charge_));
  owners_.insert(owners_.begin(), other.owners_.begin(), other.owners_.end());
  other.heap_blocks_.clear();
  other.clear();
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
  auto buffer = memory_.take_or_trim(
      [&] { return PageBuffer::allocate(memory_.budget(), big_bytes(key, value)); });
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
  std::uint32_t part = 0, list = 0;
  choose({std::span(&entry, 1), nullptr, 0}, std::span(&part, 1), std::span(&list, 1));
  if (!lists_.reserve(std::span<const std::uint32_t>(&list, 1))) return false;
  big_bytes_ += buffer->size();
  big_.push_back(*std::move(buffer));
  lists_.put(entry, part, list);
  accepted_.add(entry, content_of(entry, resolve(entry, 0)), part);
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
  return lists_.size_bytes() + heap_blocks_.size() * SortMemory::kHeapBlockBytes + big_bytes_ +
         referred_charge_.bytes();
}

void SortBuffer::clear() {
  lists_.clear();
  choice_ = Choice::one;
  for (std::uint8_t* block : heap_blocks_) memory_.heap_blocks().give(block);
  heap_blocks_.clear();
  heap_used_ = SortMemory::kHeapBlockBytes;
  big_.clear();
  big_bytes_ = 0;
  referred_charge_.reset();
  owners_.clear();
  accepted_ = EntrySum();
}

}  // namespace mrun
