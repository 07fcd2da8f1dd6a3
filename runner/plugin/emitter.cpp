// Hands full buffers to the sink after one pass over them that believes nothing.
#include "plugin/emitter.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

namespace mrun {
namespace {

constexpr std::uint32_t kCopiedKinds = (1u << MRUN_E_INLINE) | (1u << MRUN_E_HEAP);
constexpr std::uint32_t kReferredKinds = (1u << MRUN_E_REF) | (1u << MRUN_E_REFKEY);
/// A key or value of a job is smaller than this (design.md, sizes).
constexpr std::uint64_t kFieldBytesEnd = std::uint64_t{1} << 32;

static_assert(static_cast<int>(EntryKind::inline_value) == MRUN_E_INLINE &&
              static_cast<int>(EntryKind::heap) == MRUN_E_HEAP &&
              static_cast<int>(EntryKind::ref) == MRUN_E_REF &&
              static_cast<int>(EntryKind::ref_key) == MRUN_E_REFKEY);

/// k0 and k1, as one vector.
using KeyWords __attribute__((vector_size(16))) = std::uint64_t;

/// Bits of k0 and of k1 that must be 0, by the key's length; those past 16 are never looked at.
constexpr std::array<KeyWords, 32> make_paddings() {
  std::array<KeyWords, 32> paddings{};
  for (unsigned size = 0; size < 16; ++size) {
    paddings[size] =
        KeyWords{size >= 8 ? 0 : ~std::uint64_t{0} >> (8 * size),
                 size <= 8 ? ~std::uint64_t{0} : ~std::uint64_t{0} >> (8 * (size - 8))};
  }
  return paddings;
}
constexpr std::array<KeyWords, 32> kPaddings = make_paddings();

/// The bits that are set though they should not be.
KeyWords set_in_padding(const mrun_entry& entry, std::uint64_t key) {
  KeyWords words;
  static_assert(offsetof(mrun_entry, k0) == 0 && offsetof(mrun_entry, k1) == 8);
  std::memcpy(&words, &entry, sizeof words);
  return words & kPaddings[key % kPaddings.size()];
}
bool is_zero(KeyWords words) { return (words[0] | words[1]) == 0; }

/// Whether all entries are inline pairs of such values that keep the contract. Without a branch an
/// entry: most buffers hold nothing else.
bool are_sound_inline(std::span<const mrun_entry> entries, std::size_t value_bytes) {
  if (value_bytes > 8) return false;
  // The kind of inline pairs is 0, so `vlen` is the value's size alone.
  static_assert(MRUN_E_INLINE == 0);
  KeyWords padding{};
  std::uint64_t lengths = 0;
  for (const mrun_entry& entry : entries) {
    // The key's length where the value's is right, else a number past 2^32.
    const std::uint64_t key =
        (std::uint64_t{entry.klen} | std::uint64_t{entry.vlen} << 32) - (value_bytes << 32);
    lengths |= key | (key + 15);  // A bit past the fifth: the length is past 16.
    padding |= set_in_padding(entry, key);
  }
  return lengths < 32 && is_zero(padding);
}

/// The same for pairs that are inline or lie in the heap.
bool are_sound_copies(std::span<const mrun_entry> entries, std::size_t value_bytes,
                      std::uint64_t heap_used) {
  if (value_bytes > heap_used) return false;
  const auto value = static_cast<std::uint32_t>(value_bytes);
  const bool may_be_inline = value_bytes <= 8;
  KeyWords padding{};
  std::uint64_t faults = 0;
  for (const mrun_entry& entry : entries) {
    const std::uint64_t key = entry.klen;
    const bool is_inline = may_be_inline && entry.vlen == value;
    const bool is_heap = entry.vlen == (value | (std::uint32_t{MRUN_E_HEAP} << 28));
    const std::uint64_t tail = key > 16 ? key - 16 : 0;
    const bool is_outside = entry.v > heap_used || tail + value_bytes > heap_used - entry.v;
    faults |=
        is_heap ? (entry.v & 7) | std::uint64_t{is_outside} : std::uint64_t{!is_inline || key > 16};
    padding |= set_in_padding(entry, std::min<std::uint64_t>(key, 16));
  }
  return faults == 0 && is_zero(padding);
}

bool lies_in(Slice outer, std::uint64_t address, std::uint64_t size) {
  const auto begin = reinterpret_cast<std::uintptr_t>(outer.data);
  return outer.size > 0 && address >= begin && size <= outer.size &&
         address - begin <= outer.size - size;
}

}  // namespace

Emitter::Emitter(Worker& worker, EntrySink& sink)
    : worker_(worker), sink_(sink), buffer_(new Buffer) {
  table_.emitter = this;
  set_refs({});
  reset();
}

void Emitter::set_refs(Slice bytes) {
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data) + bytes.size;
  refs_ = end <= Entry::kAddressMask ? bytes : Slice{};
  referred_bytes_ = 0;
  reset();
}

/// Sets every field, for a job may have written over any of them.
void Emitter::reset() {
  table_.size = sizeof(table_);
  table_.kinds = refs_.size > 0 ? kCopiedKinds | kReferredKinds : kCopiedKinds;
  table_.cap = kEntries;
  table_.n = 0;
  table_.entries = buffer_->entries.data();
  table_.heap = buffer_->heap.data();
  table_.heap_used = 0;
  table_.heap_cap = kHeapBytes;
  table_.ref_base = refs_.data;
  table_.ref_size = refs_.size;
  table_.flush = &Emitter::flush;
  table_.emit_big = &Emitter::emit_big;
  table_.hold = &Emitter::hold;
}

mrun_status Emitter::take() noexcept {
  const std::uint32_t n = table_.n;
  const std::uint64_t heap_used = table_.heap_used;
  reset();
  if (worker_.has_error() || worker_.stopped()) return MRUN_CANCELLED;
  if (n == 0) return MRUN_OK;
  const char* fault = find_fault(n, heap_used);
  if (fault != nullptr) return worker_.remember_broken(fault);
  try {
    const EntryBatch batch{{reinterpret_cast<const Entry*>(buffer_->entries.data()), n},
                           buffer_->heap.data(),
                           heap_used};
    Result<void> taken = sink_.accept(batch);
    taken_pairs_ += n;
    return taken ? MRUN_OK : worker_.remember(std::move(taken).error());
  } catch (const std::bad_alloc&) {
    return worker_.remember({Code::limit, "out of memory", {}});
  }
}

mrun_status Emitter::take_big(Slice key, Slice value) noexcept {
  if (take() != MRUN_OK) return MRUN_CANCELLED;
  if ((key.data == nullptr && key.size > 0) || (value.data == nullptr && value.size > 0))
    return worker_.remember_broken("it emitted a pair at no address");
  if (worker_.job().value_bytes != JobTable::kAnySize && value.size != worker_.job().value_bytes)
    return worker_.remember_broken("it emitted a value of another size than it declares");
  try {
    if (key.size >= kFieldBytesEnd || value.size >= kFieldBytesEnd) return remember_endless();
    Result<void> taken = sink_.accept_big(key, value);
    ++taken_pairs_;
    return taken ? MRUN_OK : remember(std::move(taken).error());
  } catch (const std::bad_alloc&) {
    return worker_.remember({Code::limit, "out of memory", {}});
  }
}

mrun_status Emitter::take_hold(std::uint64_t bytes) noexcept {
  if (worker_.has_error() || worker_.stopped()) return MRUN_CANCELLED;
  // An encoded key has at most twice the bytes of its fields, and a few more.
  if (bytes / 2 > kFieldBytesEnd + 1024) return remember_endless();
  Result<void> held = sink_.hold(bytes);
  return held ? MRUN_OK : remember(std::move(held).error());
}

/// That a pair is too large says more with the record it came from.
mrun_status Emitter::remember(Error error) noexcept {
  return error.code == Code::limit ? worker_.remember_with_place(std::move(error))
                                   : worker_.remember(std::move(error));
}

mrun_status Emitter::remember_endless() noexcept {
  return worker_.remember_with_place(
      fail(Code::limit,
           "job '" + worker_.job().spec.name + "' emitted a key or value of 4 GiB or more")
          .error);
}

/// What is wrong with the first entry that is; null where none is.
const char* Emitter::find_fault(std::uint32_t n, std::uint64_t heap_used) {
  if (n > kEntries || heap_used > kHeapBytes) return "it wrote past the end of its emitter";
  // Looked at one by one where one of them is of another kind.
  constexpr std::size_t kTogether = 16;
  const std::size_t value_bytes = worker_.job().value_bytes;
  // How many more of those before were all inline than were not. Once most were not, the rest of
  // the buffer is taken to be like them.
  int inline_lead = 0;
  for (std::span<const mrun_entry> rest(buffer_->entries.data(), n); !rest.empty();) {
    const auto some = rest.first(std::min(kTogether, rest.size()));
    rest = rest.subspan(some.size());
    if (inline_lead >= 0) {
      const bool are_inline = are_sound_inline(some, value_bytes);
      inline_lead += are_inline ? 1 : -1;
      if (are_inline) continue;
    }
    if (are_sound_copies(some, value_bytes, heap_used)) continue;
    if (const char* const fault = find_fault(some, heap_used)) return fault;
  }
  return nullptr;
}

const char* Emitter::find_fault(std::span<const mrun_entry> entries, std::uint64_t heap_used) {
  const std::size_t value_bytes = worker_.job().value_bytes;
  std::uint64_t referred = 0;
  for (const mrun_entry& entry : entries) {
    const std::uint64_t key = entry.klen;
    const std::uint64_t value = entry.vlen & Entry::kLengthMask;
    if (key > Entry::kLengthMask) return "it emitted a key of 2^28 bytes or more as an entry";
    if (value_bytes != JobTable::kAnySize && value != value_bytes)
      return "it emitted a value of another size than it declares";
    if (key <= 16 && !is_zero(set_in_padding(entry, key)))
      return "it emitted a key that is not padded with zeros";
    switch (entry.vlen >> 28) {
      case MRUN_E_INLINE:
        if (key > 16 || value > 8) return "it emitted an inline pair that does not fit";
        break;
      case MRUN_E_HEAP: {
        const std::uint64_t bytes = value + (key > 16 ? key - 16 : 0);
        if (entry.v % 8 != 0 || entry.v > heap_used || bytes > heap_used - entry.v)
          return "it emitted a pair outside its heap";
        break;
      }
      case MRUN_E_REF:
        if (key > 16) return "it emitted a long key without its bytes";
        if (!lies_in(refs_, entry.v, value)) return "it referred to bytes that do not stay";
        referred += value;
        break;
      case MRUN_E_REFKEY: {
        const std::uint64_t at = entry.v & Entry::kAddressMask;
        const auto distance = static_cast<std::int16_t>(entry.v >> 48);
        const std::uint64_t key_at = at + static_cast<std::uint64_t>(std::int64_t{distance});
        if (value == 0 && distance != 0) return "it emitted a reference of no known form";
        if ((value > 0 && !lies_in(refs_, at, value)) || !lies_in(refs_, key_at, key))
          return "it referred to bytes that do not stay";
        referred += key + value;
        break;
      }
      default:
        return "it emitted a pair of an unknown kind";
    }
  }
  referred_bytes_ += referred;
  return nullptr;
}

mrun_status Emitter::flush(mrun_emitter* table) {
  return static_cast<Table*>(table)->emitter->take();
}

mrun_status Emitter::emit_big(mrun_emitter* table, mrun_slice key, mrun_slice value) {
  return static_cast<Table*>(table)->emitter->take_big({key.data, key.size},
                                                       {value.data, value.size});
}

mrun_status Emitter::hold(mrun_emitter* table, std::uint64_t bytes) {
  return static_cast<Table*>(table)->emitter->take_hold(bytes);
}

}  // namespace mrun
