// Entry sort, sort buffer and memory pieces: all the same as a stable sort of the records.
#include "shuffle/entry_sort.hpp"

#include <gtest/gtest.h>

#include "shuffle/filled_buffer.hpp"
#include "shuffle/memory_pieces.hpp"

namespace mrun {
namespace {

using namespace test_support;

/// Sorted items must read as a stable sort of the records. `consumed` takes what was read.
void expect_sorted(std::span<const SortItem> items, const EntryList& entries,
                   const Records& records, EntrySum& consumed) {
  SortedEntries source(items, entries, 0, consumed);
  const Result<Records> result = drain(source);
  ASSERT_TRUE(result);
  EXPECT_TRUE(*result == sorted(records));
}

TEST(EntrySort, EqualsAStableSort) {
  for (std::uint64_t i = 0; i < scaled(150); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    FilledBuffer f(1);
    const Records records = emitted_records(random, 1 + random.below(6000), 5);
    f.fill(records, random);
    const std::vector<EntrySpan> spans = f.spans();
    const EntryList entries(spans);
    std::vector<SortItem> items;
    for (std::size_t s = 0; s < spans.size(); ++s) {
      for (std::uint32_t k = spans[s].begin; k < spans[s].end; ++k)
        items.push_back(make_sort_item(spans[s].block->entries[k], entry_number(s, k)));
    }
    sort_items(items, entries);
    EntrySum consumed;
    expect_sorted(items, entries, records, consumed);
    EXPECT_TRUE(consumed == f.buffer.accepted());
  }
}

// Goal: what all keys of a range share may be left out of items. Method: keys of two borders'
// common beginning, which may be longer than an item leaves out, and of little else.
TEST(EntrySort, LeavesOutWhatAllKeysShare) {
  for (std::uint64_t i = 0; i < scaled(60); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    KeyRange range;
    range.has_low = range.has_high = true;
    const std::string shared(random.below(12), 's');
    range.low = shared + '\0';
    range.high = shared + '\xFF';
    ASSERT_EQ(range.shared_bytes(), shared.size());
    Records records;
    for (std::uint64_t n = 1 + random.below(3000); n > 0; --n) {
      std::string key = shared + 'a';
      for (std::uint64_t more = random.below(16); more > 0; --more)
        key += static_cast<char>(random.one_in(8) ? 0 : 'a' + random.below(2));
      records.push_back({key + std::string(random.below(3), '\0'), std::to_string(n), 0});
    }
    const Emits emits(records);
    std::vector<Entry> entries(emits.batch().entries.begin(), emits.batch().entries.end());
    for (Entry& entry : entries)  // As in blocks, which hold addresses.
      if (entry.kind() == EntryKind::heap)
        entry.v += reinterpret_cast<std::uintptr_t>(emits.batch().heap);
    const EntryList placed(entries.data(),
                           ItemLayout::of_some(records.size(), range.shared_bytes()));
    std::vector<SortItem> items;
    for (const Entry& entry : entries)
      items.push_back(make_sort_item(entry, items.size(), placed.layout()));
    sort_items(items, placed);
    EntrySum consumed;
    expect_sorted(items, placed, records, consumed);
  }
}

// Goal: sorting by digits gives what sorting by comparison gives. Method: many items whose bits are
// spread evenly, clustered, nearly all equal, or different in their last bits alone.
TEST(EntrySort, DigitsOrderAsComparisonsDo) {
  Random random(test_seed());
  const std::uint64_t masks[] = {~std::uint64_t{0},         0xFFFF, 0xFF00'0000'0000'00FF, 1, 0,
                                 std::uint64_t{0xFFF} << 52};
  for (const std::uint64_t mask : masks) {
    for (const std::size_t count : {std::size_t{8192}, std::size_t{30'000}}) {
      SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " mask " +
                   std::to_string(mask));
      std::vector<Entry> entries(count);
      const EntryList list(entries.data(), ItemLayout::of_some(count, 0));
      std::vector<SortItem> items;
      for (std::size_t i = 0; i < count; ++i) {
        entries[i].k0 = random.below(~std::uint64_t{0}) & mask;
        entries[i].k1 = random.below(4) << 62 | random.below(3);
        entries[i].klen = 16;
        items.push_back(make_sort_item(entries[i], i, list.layout()));
      }
      std::vector<SortItem> expected = items, spare(count);
      sort_items(expected, list);
      sort_items(items, list, spare.data());
      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(list.number(items[i]), list.number(expected[i])) << i;
    }
  }
}

// Goal: beginnings that many keys share cost a look at their bytes, not one for each step of the
// sort, and no deep recursion. Method: keys of a shape that once took hours or the stack; a test
// that takes that long again fails by its time limit.
TEST(EntrySort, LongCommonBeginningsAreSteppedOver) {
  Random random(test_seed());
  std::vector<Records> shapes(3);
  for (std::size_t i = 0; i < 40; ++i)  // They differ at the end only.
    shapes[0].push_back({std::string(1'000'000, 'p') + std::to_string(random.below(1000)), "", 0});
  for (std::size_t i = 0; i < 3000; ++i)  // Each is the beginning of many others.
    shapes[1].push_back({std::string(11 * random.below(3000), 'p'), "", 0});
  for (std::size_t i = 0; i < 4000; ++i) {  // They part ways two by two, a few bytes further each.
    std::string key;
    for (std::size_t bit = 0; bit < 12; ++bit)
      key += std::string(200, 'p') + (i >> bit & 1 ? 'a' : 'b');
    shapes[2].push_back({std::move(key), std::to_string(random.below(10)), 0});
  }
  for (Records& records : shapes) {
    for (std::size_t i = records.size() - 1; i > 0; --i)
      std::swap(records[i], records[random.below(i + 1)]);
    records.push_back(records.front());
    Emits emits(records, Emits::Kind::referred);
    const EntryList entries(emits.batch().entries.data());
    std::vector<SortItem> items;
    for (const Entry& entry : emits.batch().entries)
      items.push_back(make_sort_item(entry, items.size()));
    sort_items(items, entries);
    EntrySum consumed;
    SortedEntries source(items, entries, 0, consumed);
    const Result<Records> result = drain(source);
    ASSERT_TRUE(result);
    EXPECT_TRUE(*result == sorted(records));
  }
}

// Goal: however pieces are cut, their pairs one after another are the sorted whole, whether entries
// lie in lists of their own piece or all together, and whether or not memory is left to copy them
// to their pieces. Copies name no task, so tasks are not compared; values tell equal keys apart.
TEST(MemoryPieces, TogetherAreTheSortedWhole) {
  for (std::uint64_t i = 0; i < scaled(80); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    const auto partitions =
        static_cast<std::uint32_t>(random.pick(std::vector<std::uint64_t>{1, 3, 9}));
    FilledBuffer f(partitions);
    const Records records =
        emitted_records(random, 1 + random.below(5000), random.one_in(3) ? 1 : 4);

    std::vector<KeyBorders> cuts;
    for (std::uint32_t p = 0; p < partitions; ++p) {
      std::vector<std::string> keys;
      for (std::uint64_t k = random.below(6); k > 0; --k) keys.push_back(random.pick(records).key);
      cuts.emplace_back(std::move(keys));
    }
    const PiecePlan plan = PiecePlan::of_partitions(std::move(cuts));
    const bool has_ranges = random.one_in(2);
    // Of one task they may begin late.
    const std::size_t before =
        records.back().task == 0 ? random.below(records.size()) : std::size_t{0};
    const auto begin = records.begin() + static_cast<std::ptrdiff_t>(before);
    if (has_ranges) {
      f.fill(Records(records.begin(), begin), random);
      f.buffer.start_ranges(plan);
      f.fill(Records(begin, records.end()), random);
    } else {
      f.fill(records, random);
    }
    MemoryPieces::Content content;
    if (has_ranges) {
      content.whole.resize(plan.size());
      for (std::size_t piece = 0; piece < plan.size(); ++piece) {
        const std::vector<EntrySpan> spans = f.buffer.list(piece);
        if (random.one_in(3))
          content.mixed.insert(content.mixed.end(), spans.begin(), spans.end());
        else
          content.whole[piece] = spans;
      }
    } else {
      content.mixed = f.spans();
    }
    const StopFlag stop;
    Charge rest;
    if (random.one_in(2)) {
      ASSERT_TRUE(rest.try_add(f.budget, f.budget.free_bytes()));
    }
    auto pieces = MemoryPieces::create(f.memory, std::move(content), plan, partitions == 1,
                                       MemoryPieces::Tasks::unnamed, 1 + random.below(5), 1, stop);
    ASSERT_TRUE(pieces);
    for (std::size_t slice = 0; slice < (*pieces)->slice_count(); ++slice)
      (*pieces)->classify(slice);
    (*pieces)->place();
    for (std::size_t slice = 0; slice < (*pieces)->slice_count(); ++slice)
      (*pieces)->scatter(slice);

    EntrySum consumed;
    std::vector<Records> by_partition(partitions);
    for (std::size_t piece = 0; piece < plan.size(); ++piece) {
      const auto source = (*pieces)->open(piece, consumed);
      ASSERT_TRUE(source);
      const Result<Records> read = drain(**source);
      ASSERT_TRUE(read);
      Records& all = by_partition[plan.partition_of(piece)];
      all.insert(all.end(), read->begin(), read->end());
    }
    std::size_t total = 0;
    for (std::uint32_t p = 0; p < partitions; ++p) {
      Records expected;
      for (const Record& record : records)
        if (partitions == 1 || partition_of(f.partitioner, record) == p) expected.push_back(record);
      expected = sorted(std::move(expected));
      for (Records* all : {&expected, &by_partition[p]})
        for (Record& record : *all) record.task = 0;
      ASSERT_TRUE(by_partition[p] == expected);
      total += expected.size();
    }
    EXPECT_EQ(total, records.size());
    EXPECT_TRUE(consumed == f.buffer.accepted());
  }
}

TEST(SortBuffer, RefusesABatchWholeWhereMemoryIsShort) {
  SpecJob job;
  const Partitioner partitioner(job, 1);
  MemoryBudget budget(std::size_t{600} << 10);
  SortMemory memory(budget);
  SortBuffer buffer(memory, partitioner);
  Random random(7);
  Records records;
  for (int i = 0; i < 1000; ++i) records.push_back({hard_key(random), random_value(random, 40), 0});
  const Emits emits(records);
  std::size_t accepted = 0;
  while (buffer.accept(emits.batch()) != 0) ++accepted;
  EXPECT_GT(accepted, 0u);
  EXPECT_EQ(buffer.accepted().count(), accepted * records.size());
  EXPECT_LE(budget.used_bytes(), budget.limit_bytes());
  buffer.clear();
  memory.trim();
  EXPECT_EQ(budget.used_bytes(), 0u);
}

// Goal: memory that one kind of data gave back serves another kind; it does not lie idle in a pool
// while a worker waits for it for ever. Method: fill all with entries, let go, then need heap and
// one big pair.
TEST(SortBuffer, UsesMemoryThatAnotherPurposeGaveBack) {
  SpecJob job;
  const Partitioner partitioner(job, 1);
  MemoryBudget budget(std::size_t{4} << 20);
  SortMemory memory(budget);
  SortBuffer buffer(memory, partitioner);
  const Emits short_pairs(Records(1000, {"key", "value", 0}));
  while (buffer.accept(short_pairs.batch()) != 0) {
  }
  const std::size_t used = budget.used_bytes();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(buffer.accept(short_pairs.batch()), 0u);
  EXPECT_EQ(budget.used_bytes(), used) << "a refused batch leaves no charge";
  buffer.clear();
  const std::string large(std::size_t{3} << 20, 'v');
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(large.data());
  EXPECT_TRUE(buffer.try_accept_big({bytes, 3}, {bytes, large.size()}));
  buffer.clear();
  const Emits long_pairs(Records(100, {std::string(100, 'k'), std::string(500, 'v'), 0}));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(buffer.accept(long_pairs.batch()), 100u) << i;
}

// Goal: each way to lose, double, change or misplace a pair shows in the sums. Method: every single
// change to a list.
TEST(EntrySum, NoticesALostADoubledAndAChangedEntry) {
  Random random(test_seed());
  std::vector<Entry> entries;
  for (int i = 0; i < 200; ++i) {
    const Pair pair = pair_of({hard_key(random), "", 0});
    entries.push_back({pair.k0, pair.k1, pair.klen, 8, random.below(5)});
  }
  EntrySum whole;
  for (const Entry& entry : entries) whole.add(entry, entry.v, 3);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EntrySum lost, doubled, changed, moved, swapped;
    for (std::size_t k = 0; k < entries.size(); ++k) {
      const Entry& entry = entries[k];
      if (k != i) lost.add(entry, entry.v, 3);
      doubled.add(entry, entry.v, 3);
      if (k == i) doubled.add(entry, entry.v, 3);
      changed.add(entry, k == i ? entry.v ^ 1 : entry.v, 3);
      moved.add(entry, entry.v, k == i ? 2 : 3);
      const Entry& other = entries[(k + i) % entries.size()];
      swapped.add(other, other.v, 3);
    }
    EXPECT_FALSE(moved == whole);
    EXPECT_FALSE(lost == whole);
    EXPECT_FALSE(doubled == whole);
    EXPECT_FALSE(changed == whole);
    EXPECT_TRUE(swapped == whole);  // Order is not what it watches.
  }
}

}  // namespace
}  // namespace mrun
