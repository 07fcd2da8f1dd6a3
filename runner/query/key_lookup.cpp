#include "query/key_lookup.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "query/output_scan.hpp"

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

/// Of what is asked for, texts count.
void KeyLookup::count(const KeyReader::Key& key, bool is_found) {
  is_text_found_ = is_text_found_ || is_found;
  if (key.has_more) return;
  ++stats_.keys;
  if (std::exchange(is_text_found_, false)) ++stats_.found;
}

Result<bool> KeyLookup::print_one(const KeyReader::Key& key) {
  if (!key.is_whole) return print_leading(key);
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
  count(key, is_found);
  return true;
}

/// The parts' records, merged by their keys.
Result<bool> KeyLookup::print_leading(const KeyReader::Key& key) {
  bool goes_on = true;
  MRUN_TRY_ASSIGN(const ScanStats scanned,
                  scan_output(output_, {range_of_prefix(key.bytes)}, stop_,
                              [&](Slice found_key, Slice value) -> Result<bool> {
                                MRUN_TRY_ASSIGN(goes_on, printer_.print(found_key, value));
                                return goes_on;
                              }));
  stats_.reads.add(scanned.reads);
  stats_.parts_asked += scanned.parts_asked;
  stats_.filtered += scanned.filtered;
  stats_.read_in_vain += scanned.read_in_vain;
  if (goes_on) count(key, scanned.records > 0);
  return goes_on;
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
      count(keys[i], answers[i].is_found);
      MRUN_TRY_ASSIGN(const bool goes_on, print_answer(answers[i]));
      if (!goes_on) return false;
    } else {
      MRUN_TRY_ASSIGN(const bool goes_on, print_one(keys[i]));
      if (!goes_on) return false;
    }
  }
  return true;
}

Result<bool> KeyLookup::print_answer(Answer& answer) {
  if (answer.records.empty()) return printer_.print_text(answer.text);
  std::stable_sort(answer.records.begin(), answer.records.end(),
                   [](const Answer::Record& a, const Answer::Record& b) { return a.key < b.key; });
  for (const Answer::Record& record : answer.records) {
    MRUN_TRY_ASSIGN(
        const bool goes_on,
        printer_.print_text(std::string_view(answer.text).substr(record.begin, record.size)));
    if (!goes_on) return false;
  }
  return true;
}

Result<void> KeyLookup::answer(const KeyReader::Key& key, TableCursor& cursor, Answer& answer,
                               std::size_t& held_bytes) {
  if (!answer.is_held) return {};
  held_bytes -= answer.held_bytes;
  MRUN_TRY_ASSIGN(
      const bool found, find(key, cursor, [&](Slice found_key, Slice value) -> Result<bool> {
        const std::size_t before = answer.text.size();
        if (held_bytes + answer.held_bytes + found_key.size + value.size <= kHeldBytesMost) {
          MRUN_TRY(printer_.append_to(answer.text, found_key, value));
          const std::size_t size = answer.text.size() - before;
          answer.held_bytes += size;
          if (!key.is_whole) {
            answer.records.push_back({std::string(found_key.view()), before, size});
            answer.held_bytes += sizeof(Answer::Record) + found_key.size;
          }
        } else {
          answer = {};
          answer.is_held = false;
        }
        return answer.is_held;
      }));
  answer.is_found = answer.is_found || found;
  held_bytes += answer.held_bytes;
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
