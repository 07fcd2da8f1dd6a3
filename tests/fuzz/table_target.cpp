// The reader of tables and its cursor.
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/hash.hpp"
#include "fuzz/targets.hpp"
#include "table/table_cursor.hpp"
#include "table/table_format.hpp"
#include "table/table_reader.hpp"

namespace mrun::test_support {
namespace {

/// Nodes may name each other, and then a walk has no end.
constexpr int kStepsMost = 3000;
constexpr int kSealedMost = 3000;

bool is_documented(const Error& error) {
  return error.code == Code::integrity || error.code == Code::input || error.code == Code::limit;
}

/// What is wrong with a walk; `count` becomes the pairs that it saw, none where it was not ended.
template <typename Step>
std::string walk(TableCursor& cursor, bool is_forward, const Step& step,
                 std::optional<std::uint64_t>& count) {
  std::uint64_t pairs = 0;
  std::string before;
  for (int steps = 0; cursor.valid(); ++steps) {
    if (steps == kStepsMost) return {};
    const std::string key(cursor.key().view());
    if (pairs > 0 && (is_forward ? key < before : key > before)) return "keys are out of order";
    const Slice value = cursor.value();
    if (value.data != nullptr) before.assign(value.view());  // Its bytes must be there.
    before = key;
    ++pairs;
    const Result<void> moved = step();
    if (!moved) return is_documented(moved.error()) ? "" : "undocumented: " + moved.error().message;
  }
  count = pairs;
  return {};
}

std::string problem_of_walks(const TableReader& table, bool is_sound) {
  for (const bool is_forward : {true, false}) {
    TableCursor cursor(table);
    const Result<void> begun = is_forward ? cursor.seek_to_first() : cursor.seek_to_last();
    if (!begun) {
      if (is_sound) return "a sound table cannot be walked: " + begun.error().message;
      if (!is_documented(begun.error())) return "undocumented: " + begun.error().message;
      continue;
    }
    std::optional<std::uint64_t> count;
    const std::string problem = walk(
        cursor, is_forward, [&] { return is_forward ? cursor.next() : cursor.previous(); }, count);
    // Of a table that is damaged, what comes before the damage may be anything that decodes.
    if (is_sound && !problem.empty()) return problem;
    if (is_sound && table.entries() < kStepsMost && count != table.entries())
      return "a walk does not give as many pairs as the table says";
  }
  return {};
}

std::string problem_of_searches(const TableReader& table, std::span<const std::uint8_t> bytes,
                                bool is_sound) {
  std::vector<std::string> keys{"", "the", std::string(2000, 'k')};
  if (!table.is_empty()) {
    keys.emplace_back(table.first_key().view());
    keys.emplace_back(table.last_key().view());
  }
  for (std::size_t at = 0; at + 8 < bytes.size() && keys.size() < 12; at += bytes.size() / 8 + 1)
    keys.emplace_back(reinterpret_cast<const char*>(bytes.data()) + at, 1 + at % 8);
  for (const std::string& text : keys) {
    const Slice key{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    TableCursor cursor(table), finder(table);
    const Result<void> sought = cursor.seek(key);
    const Result<bool> found = finder.find(key);
    const Result<std::uint64_t> rank = table.rank(key);
    if (!sought || !found || !rank) {
      if (is_sound) return "a sound table cannot be searched";
      for (const Error* error : {sought ? nullptr : &sought.error(),
                                 found ? nullptr : &found.error(), rank ? nullptr : &rank.error()})
        if (error != nullptr && !is_documented(*error)) return "undocumented: " + error->message;
      continue;
    }
    if (!is_sound) continue;
    if (cursor.valid() && cursor.key().view() < text) return "a search stops before its key";
    if (*found != (cursor.valid() && cursor.key().view() == text))
      return "find and seek do not agree";
    if (*rank > table.entries()) return "a rank is beyond the table";
  }
  return {};
}

std::string problem_of(std::span<const std::uint8_t> bytes) {
  const MemoryPath file(bytes);
  const auto table = TableReader::open(file.path(), MappedFile::Reading::often);
  if (!table) return is_documented(table.error()) ? "" : "undocumented: " + table.error().message;
  const Result<void> checked = (*table)->check_all();
  if (!checked && !is_documented(checked.error()))
    return "undocumented: " + checked.error().message;
  const std::string problem = problem_of_walks(**table, checked.has_value());
  return problem.empty() ? problem_of_searches(**table, bytes, checked.has_value()) : problem;
}

/// Makes the checksums of a table hold, from the blocks up, as far as its slots name places in it.
class Seal {
 public:
  explicit Seal(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  void run() {
    const std::size_t body = bytes_.size() - kTableFooterBytes;
    std::uint8_t* const footer = bytes_.data() + body;
    TableSlot root = decode_slot(footer);
    const std::uint64_t levels = read<std::uint32_t>(body + 128);
    if (levels >= 1 && levels <= 4) seal_node(root, levels);
    encode_slot(root, footer);
    const std::uint64_t bounds = read<std::uint64_t>(body + 104);
    const std::uint64_t size =
        std::uint64_t{read<std::uint32_t>(body + 112)} + read<std::uint32_t>(body + 116);
    if (holds(bounds, size)) write(body + 120, hash64(bytes_.data() + bounds, size));
    write(body + 144, hash64(footer, 144));
    std::memcpy(footer + 152, "mrun-end", 8);
    encode_table_header(std::as_writable_bytes(std::span(bytes_)).first<kTableHeaderBytes>());
  }

 private:
  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  template <typename Number>
  Number read(std::size_t at) const {
    Number number;
    std::memcpy(&number, bytes_.data() + at, sizeof number);
    return number;
  }
  void write(std::size_t at, std::uint64_t number) {
    std::memcpy(bytes_.data() + at, &number, sizeof number);
  }

  void seal_node(TableSlot& slot, std::uint64_t levels) {
    const std::uint64_t lines =
        -slot.offset % kFilterLineBytes + std::uint64_t{slot.lines} * kFilterLineBytes;
    if (!holds(slot.offset, slot.stored_bytes) || ++sealed_ > kSealedMost) return;
    for (std::uint64_t i = 0; i < slot.slots; ++i) {
      const std::uint64_t at = lines + i * kSlotBytes;
      if (at + kSlotBytes > slot.stored_bytes || ++sealed_ > kSealedMost) break;
      std::uint8_t* const place = bytes_.data() + slot.offset + at;
      TableSlot child = decode_slot(place);
      if (levels > 1)
        seal_node(child, levels - 1);
      else if (holds(child.offset, child.stored_bytes))
        child.checksum = hash64(bytes_.data() + child.offset, child.stored_bytes);
      encode_slot(child, place);
    }
    slot.checksum = hash64(bytes_.data() + slot.offset, slot.stored_bytes);
  }

  std::vector<std::uint8_t>& bytes_;
  int sealed_ = 0;
};

}  // namespace

std::string fuzz_table(std::span<const std::uint8_t> bytes) {
  std::string problem = problem_of(bytes);
  if (!problem.empty() || bytes.size() < kTableHeaderBytes + kTableFooterBytes) return problem;
  std::vector<std::uint8_t> sealed(bytes.begin(), bytes.end());
  Seal(sealed).run();
  return problem_of(sealed);
}

}  // namespace mrun::test_support
