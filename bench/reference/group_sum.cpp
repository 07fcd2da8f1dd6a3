// group_sum: sums and counts the rows of a log by user as fast as the machine allows, and nothing
// else.
//
// usage: group_sum IN OUT [THREADS] [TABLE_LOG2]
// IN holds lines of fields joined by tabs. OUT gets a line "key\tsum\tcount" for each different
// seventh field (of up to 16 bytes), in byte order, with the sum of the sixth fields.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "reference/byte_block.hpp"
#include "reference/huge_array.hpp"
#include "reference/mapped_input.hpp"
#include "reference/program.hpp"
#include "reference/short_key.hpp"

namespace mrun::bench {
namespace {

/// A key with what its rows came to; empty where count is 0. Two fit into a cache line.
struct Group {
  ShortKey key;
  std::uint64_t sum;
  std::uint32_t count;
  std::uint32_t size;  ///< Of the key.

  bool operator<(const Group& other) const {
    if (key.front != other.key.front) return key.order() < other.key.order();
    if (key.back != other.key.back) return key.order_of_back() < other.key.order_of_back();
    return size < other.size;
  }
};
static_assert(sizeof(Group) == 32);

/// Groups in a hash table of fixed size, with rows that wait until their groups are in the cache.
class GroupTable {
 public:
  explicit GroupTable(std::size_t slots) : slots_(slots) {}

  /// Takes a row, or a group of another table.
  void push(const Group& row) {
    waiting_[count_] = row;
    hashes_[count_] = hash_of(row.key, row.size) & (slots_.size() - 1);
    __builtin_prefetch(&slots_[hashes_[count_]], 1);
    if (++count_ == kQueue) flush();
  }

  /// Puts the rows that wait into their groups.
  void flush() {
    for (std::size_t i = 0; i < count_; ++i) add(waiting_[i], hashes_[i]);
    count_ = 0;
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t at = 0; at < slots_.size(); ++at)
      if (slots_[at].count != 0) visit(slots_[at]);
  }

  std::size_t used() const { return used_; }

 private:
  static constexpr std::size_t kQueue = 32;

  void add(const Group& row, std::size_t at) {
    for (;; at = (at + 1) & (slots_.size() - 1)) {
      Group& slot = slots_[at];
      if (slot.count == 0) {
        if (++used_ > slots_.size() / 8 * 7) fatal("too many groups: give a larger TABLE_LOG2");
        slot = row;
        return;
      }
      if (slot.key == row.key && slot.size == row.size) {
        slot.sum += row.sum;
        slot.count += row.count;
        return;
      }
    }
  }

  HugeArray<Group> slots_;
  std::size_t used_ = 0;
  std::array<Group, kQueue> waiting_;
  std::array<std::size_t, kQueue> hashes_;
  std::size_t count_ = 0;
};

std::uint64_t parse_digits(const std::uint8_t* from, const std::uint8_t* to) {
  std::uint64_t value = 0;
  for (; from != to; ++from) value = value * 10 + (*from - std::uint64_t{'0'});
  return value;
}

/// Adds the rows in [from, to) of the input, which are whole lines.
void add_rows(const std::uint8_t* from, const std::uint8_t* to, GroupTable& table) {
  constexpr unsigned kTabBeforeSum = 5, kTabBeforeKey = 6;
  const std::uint8_t *before_sum = from, *before_key = from;
  unsigned tabs = 0;
  for (const std::uint8_t* at = from; at < to; at += ByteBlock::kBytes) {
    const ByteBlock block(at);
    const std::uint64_t valid = low_bits(static_cast<std::size_t>(to - at));
    const std::uint64_t newlines = block.equal('\n') & valid;
    std::uint64_t marks = newlines | (block.equal('\t') & valid);
    for (; marks != 0; marks &= marks - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(marks));
      const std::uint8_t* mark = at + bit;
      if ((newlines >> bit & 1) == 0) {
        ++tabs;
        if (tabs == kTabBeforeSum) before_sum = mark;
        if (tabs == kTabBeforeKey) before_key = mark;
        continue;
      }
      const auto size = static_cast<std::size_t>(mark - before_key - 1);
      if (tabs != kTabBeforeKey || size > ShortKey::kBytes) fatal("a row of another shape");
      tabs = 0;
      table.push({ShortKey::load(before_key + 1, size), parse_digits(before_sum + 1, before_key), 1,
                  static_cast<std::uint32_t>(size)});
    }
  }
}

std::vector<GroupTable> group_rows(const MappedInput& input, unsigned threads, std::size_t slots) {
  constexpr std::size_t kChunkBytes = std::size_t{4} << 20;
  std::vector<GroupTable> tables;
  for (unsigned thread = 0; thread < threads; ++thread) tables.emplace_back(slots);
  std::atomic<std::size_t> next{0};
  in_parallel(threads, [&](unsigned thread) {
    GroupTable& table = tables[thread];
    for (;;) {
      const std::size_t begin = next.fetch_add(kChunkBytes);
      if (begin >= input.size()) break;
      const std::size_t end = std::min(begin + kChunkBytes, input.size());
      add_rows(line_start_from(input, input.data() + begin),
               line_start_from(input, input.data() + end), table);
    }
    table.flush();
  });
  return tables;
}

/// All groups in order. Threads other than the first bring at most as many as the first can hold.
std::vector<Group> merge_and_sort(std::vector<GroupTable>& tables) {
  for (std::size_t other = 1; other < tables.size(); ++other)
    tables[other].for_each([&](const Group& group) { tables[0].push(group); });
  tables[0].flush();
  std::vector<Group> groups;
  groups.reserve(tables[0].used());
  tables[0].for_each([&](const Group& group) { groups.push_back(group); });
  const auto middle = groups.begin() + static_cast<std::ptrdiff_t>(groups.size() / 2);
  std::nth_element(groups.begin(), middle, groups.end());
  in_parallel(2, [&](unsigned half) {
    if (half == 0)
      std::sort(groups.begin(), middle);
    else
      std::sort(middle, groups.end());
  });
  return groups;
}

void write(const std::vector<Group>& groups, const std::string& path) {
  constexpr std::size_t kMaxLine = ShortKey::kBytes + 1 + 20 + 1 + 10 + 1;
  const HugeArray<char> lines(groups.size() * kMaxLine);
  char* at = lines.data();
  for (const Group& group : groups) {
    std::memcpy(at, &group.key, sizeof group.key);
    at += group.size;
    *at++ = '\t';
    at = std::to_chars(at, at + 20, group.sum).ptr;
    *at++ = '\t';
    at = std::to_chars(at, at + 10, group.count).ptr;
    *at++ = '\n';
  }
  PlacedOutput(path).write(lines.data(), static_cast<std::size_t>(at - lines.data()), 0);
}

[[noreturn]] void run(const std::string& in, const std::string& out, unsigned threads,
                      unsigned table_log2) {
  PhaseClock clock;
  const MappedInput input(in);
  if (input.size() != 0 && input.end()[-1] != '\n') fatal(in + " does not end with a newline");
  std::vector<GroupTable> tables = group_rows(input, threads, std::size_t{1} << table_log2);
  clock.lap("group");
  const std::vector<Group> groups = merge_and_sort(tables);
  clock.lap("merge and sort");
  write(groups, out);
  clock.lap("write");
  clock.finish(std::to_string(groups.size()) + " groups");
}

}  // namespace
}  // namespace mrun::bench

int main(int argument_count, char** arguments) {
  if (argument_count < 3) mrun::bench::fatal("usage: group_sum IN OUT [THREADS] [TABLE_LOG2]");
  const auto number = [&](int index, unsigned usual) {
    return argument_count > index
               ? static_cast<unsigned>(std::strtoul(arguments[index], nullptr, 10))
               : usual;
  };
  mrun::bench::run(arguments[1], arguments[2], number(3, 2), number(4, 21));
}
