#include "query/key_lookup.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mrun {
namespace {

/// Places to look at once: a key of an output whose parts say nothing may be in any of them.
constexpr std::size_t kAsksMost = std::size_t{1} << 18;
/// Text of records that wait for their turn.
constexpr std::size_t kHeldBytesMost = std::size_t{32} << 20;
constexpr std::uint64_t kRecordsPerStop = 1024;

Failure stopped() { return fail(Code::cancelled, "stopped"); }

}  // namespace

Result<bool> KeyLookup::print(std::span<const KeyReader::Key> keys) {
  stats_.keys += keys.size();
  if (keys.size() == 1) return print_one(keys.front());
  std::vector<std::size_t> parts;
  while (!keys.empty()) {
    std::vector<Ask> asks;
    std::size_t count = 0;
    for (; count < keys.size() && (count == 0 || asks.size() < kAsksMost); ++count) {
      parts.clear();
      output_.find_parts(keys[count], parts);
      for (const std::size_t part : parts) asks.push_back({part, count});
    }
    MRUN_TRY_ASSIGN(const bool goes_on, print_some(keys.first(count), std::move(asks)));
    if (!goes_on) return false;
    keys = keys.subspan(count);
  }
  return true;
}

Result<bool> KeyLookup::print_one(const KeyReader::Key& key) {
  std::vector<std::size_t> parts;
  output_.find_parts(key, parts);
  bool goes_on = true, is_found = false;
  for (const std::size_t number : parts) {
    MRUN_TRY_ASSIGN(const TableReader* const reader, output_.part(number));
    TableCursor cursor(*reader);
    MRUN_TRY_ASSIGN(const bool found,
                    find(key, cursor, [&](Slice found_key, Slice value) -> Result<bool> {
                      MRUN_TRY_ASSIGN(goes_on, printer_.print(found_key, value));
                      return goes_on;
                    }));
    stats_.reads.add(cursor);
    is_found = is_found || found;
    if (!goes_on) return false;
  }
  stats_.found += is_found ? 1u : 0u;
  return true;
}

/// In the order of parts and keys, so that neighbours share blocks; then prints in the order asked.
Result<bool> KeyLookup::print_some(std::span<const KeyReader::Key> keys, std::vector<Ask> asks) {
  std::sort(asks.begin(), asks.end(), [&](const Ask& a, const Ask& b) {
    return std::tie(a.part, keys[a.key].bytes, a.key) < std::tie(b.part, keys[b.key].bytes, b.key);
  });
  std::vector<Answer> answers(keys.size());
  std::size_t held_bytes = 0;
  for (std::size_t i = 0; i < asks.size();) {
    const std::size_t number = asks[i].part;
    MRUN_TRY_ASSIGN(const TableReader* const reader, output_.part(number));
    TableCursor cursor(*reader);
    for (; i < asks.size() && asks[i].part == number; ++i) {
      if (stop_.stopped()) return stopped();
      MRUN_TRY(answer(keys[asks[i].key], cursor, answers[asks[i].key], held_bytes));
    }
    stats_.reads.add(cursor);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (answers[i].is_held) {
      stats_.found += answers[i].is_found ? 1u : 0u;
      MRUN_TRY_ASSIGN(const bool goes_on, printer_.print_text(answers[i].text));
      if (!goes_on) return false;
    } else {
      MRUN_TRY_ASSIGN(const bool goes_on, print_one(keys[i]));
      if (!goes_on) return false;
    }
  }
  return true;
}

Result<void> KeyLookup::answer(const KeyReader::Key& key, TableCursor& cursor, Answer& answer,
                               std::size_t& held_bytes) {
  if (!answer.is_held) return {};
  MRUN_TRY_ASSIGN(const bool found,
                  find(key, cursor, [&](Slice found_key, Slice value) -> Result<bool> {
                    const std::size_t before = answer.text.size();
                    if (held_bytes + found_key.size + value.size <= kHeldBytesMost) {
                      MRUN_TRY(printer_.append_to(answer.text, found_key, value));
                      held_bytes += answer.text.size() - before;
                    } else {
                      held_bytes -= before;
                      answer.text = std::string();
                      answer.is_held = false;
                    }
                    return answer.is_held;
                  }));
  answer.is_found = answer.is_found || found;
  return {};
}

/// Hands the pairs of the key in a part to `take`, while it returns true. Whether there are any.
Result<bool> KeyLookup::find(const KeyReader::Key& key, TableCursor& cursor,
                             const std::function<Result<bool>(Slice key, Slice value)>& take) {
  const std::uint64_t blocks_before = cursor.blocks_read();
  const Slice bytes{reinterpret_cast<const std::uint8_t*>(key.bytes.data()), key.bytes.size()};
  bool is_found = false;
  if (key.is_whole) {
    MRUN_TRY_ASSIGN(is_found, cursor.find(bytes));
  } else {
    MRUN_TRY(cursor.seek(bytes));
    is_found = cursor.valid() && compare_to(cursor.key().view(), key) == 0;
  }
  ++stats_.parts_asked;
  if (!is_found) ++(cursor.blocks_read() == blocks_before ? stats_.filtered : stats_.read_in_vain);
  bool goes_on = is_found;
  for (std::uint64_t records = 1; goes_on; ++records) {
    if (records % kRecordsPerStop == 0 && stop_.stopped()) return stopped();
    MRUN_TRY_ASSIGN(goes_on, take(cursor.key(), cursor.value()));
    if (!goes_on) break;
    MRUN_TRY(cursor.next());
    goes_on = cursor.valid() && compare_to(cursor.key().view(), key) == 0;
  }
  return is_found;
}

}  // namespace mrun
