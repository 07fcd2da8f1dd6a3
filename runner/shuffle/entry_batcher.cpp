#include "shuffle/entry_batcher.hpp"

#include <cstring>

namespace mrun {

EntryBatcher::EntryBatcher(EntrySink& sink)
    : sink_(&sink), heap_(new std::uint64_t[kHeapBytes / sizeof(std::uint64_t)]) {
  entries_.reserve(kEntries);
}

Result<void> EntryBatcher::add(const Pair& pair) {
  if (entries_.size() == kEntries || heap_used_ + heap_bytes(pair) > kHeapBytes) MRUN_TRY(send());
  Entry entry{pair.k0, pair.k1, pair.klen, pair.vlen, 0};
  if (pair.klen <= kPrefixBytes && pair.vlen <= sizeof entry.v) {
    std::memcpy(&entry.v, pair.value, pair.vlen);
  } else {
    std::uint8_t* const bytes = heap() + heap_used_;
    std::memcpy(bytes, pair.value, pair.vlen);
    if (pair.tail_size() != 0) std::memcpy(bytes + pair.vlen, pair.tail, pair.tail_size());
    entry.vlen |= Entry::kind_bits(EntryKind::heap);
    entry.v = heap_used_;
    heap_used_ += heap_bytes(pair);
  }
  entries_.push_back(entry);
  return {};
}

Result<void> EntryBatcher::send() {
  if (entries_.empty()) return {};
  sent_ += entries_.size();
  MRUN_TRY(sink_->accept({entries_, heap(), heap_used_}));
  entries_.clear();
  heap_used_ = 0;
  return {};
}

}  // namespace mrun
