// word_count: counts the words of a text file as fast as the machine allows, and nothing else.
//
// usage: word_count IN OUT [THREADS] [TABLE_LOG2] [PARTITIONS_LOG2]
// OUT gets a line "word\tcount" for each word, in byte order of the words. Spaces are the six of
// ASCII.
//
// Every thread counts in a table of 2^TABLE_LOG2 slots; a full one is emptied into partitions by
// hash, which are then aggregated one by one. A table that holds the whole vocabulary is best where
// that is small, one about as large as the L2 cache where nearly every word is new.
#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "reference/huge_array.hpp"
#include "reference/mapped_input.hpp"
#include "reference/program.hpp"
#include "reference/tokenizer.hpp"
#include "reference/word_table.hpp"

namespace mrun::bench {
namespace {

struct Options {
  std::string in, out;
  unsigned threads = 2;
  unsigned table_log2 = 17;
  unsigned partitions_log2 = 7;
};

/// Hands out blocks of words that never move. One thread's own.
class BlockPool {
 public:
  static constexpr std::size_t kBlockWords = 4096;

  WordSlot* next_block() {
    if (pools_.empty() || used_ == pools_.back().size()) {
      pools_.emplace_back(kPoolWords);
      used_ = 0;
    }
    used_ += kBlockWords;
    return pools_.back().data() + used_ - kBlockWords;
  }

 private:
  static constexpr std::size_t kPoolWords = kBlockWords * 512;  // 64 MiB of huge pages at a time.
  std::vector<HugeArray<WordSlot>> pools_;
  std::size_t used_ = 0;
};

/// Words of one partition that one thread has put there.
class WordList {
 public:
  void add(const WordSlot& word, BlockPool& pool) {
    if (used_of_last_ == BlockPool::kBlockWords || blocks_.empty()) {
      blocks_.push_back(pool.next_block());
      used_of_last_ = 0;
    }
    blocks_.back()[used_of_last_++] = word;
  }

  std::size_t size() const {
    return blocks_.empty() ? 0 : (blocks_.size() - 1) * BlockPool::kBlockWords + used_of_last_;
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      const bool is_last = block + 1 == blocks_.size();
      const std::size_t used = is_last ? used_of_last_ : BlockPool::kBlockWords;
      for (std::size_t i = 0; i < used; ++i) visit(blocks_[block][i]);
    }
  }

 private:
  std::vector<WordSlot*> blocks_;
  std::size_t used_of_last_ = 0;
};

/// What one thread has counted.
struct Counted {
  std::vector<WordList> lists;  ///< By partition.
  BlockPool pool;               ///< Where their words lie.
};

std::vector<Counted> count_words(const MappedInput& input, const Options& options) {
  constexpr std::size_t kChunkBytes = std::size_t{4} << 20;
  std::vector<Counted> counted(options.threads);
  std::atomic<std::size_t> next_chunk{0};
  in_parallel(options.threads, [&](unsigned thread) {
    Counted mine;
    mine.lists.resize(std::size_t{1} << options.partitions_log2);
    WordTable table(std::size_t{1} << options.table_log2);
    WordQueue queue;
    const auto empty_table = [&] {
      table.drain([&](const WordSlot& word) {
        mine.lists[word.hash() >> (64 - options.partitions_log2)].add(word, mine.pool);
      });
    };
    for (;;) {
      const std::size_t from = next_chunk.fetch_add(1) * kChunkBytes;
      if (from >= input.size()) break;
      const std::size_t to = std::min(from + kChunkBytes, input.size());
      for_each_word(input, from, to, [&](const std::uint8_t* bytes, std::size_t size) {
        if (!queue.push(WordSlot::of(bytes, size), table)) return;
        queue.flush_into(table);
        if (table.is_loaded()) empty_table();
      });
    }
    queue.flush_into(table);
    empty_table();
    counted[thread] = std::move(mine);
  });
  return counted;
}

/// Words that lie side by side.
struct Words {
  HugeArray<WordSlot> array;
  std::size_t count = 0;

  const WordSlot* begin() const { return array.data(); }
  const WordSlot* end() const { return array.data() + count; }
};

/// The words of one partition, each once.
Words aggregate(const std::vector<Counted>& counted, std::size_t partition, WordTable& table) {
  std::size_t words = 0;
  for (const Counted& of_thread : counted) words += of_thread.lists[partition].size();
  std::size_t slots = 1024;
  while (slots * 2 < words * 3) slots *= 2;
  if (slots > table.slots()) table = WordTable(slots);

  WordQueue queue;
  for (const Counted& of_thread : counted)
    of_thread.lists[partition].for_each([&](const WordSlot& word) {
      if (queue.push(word, table)) queue.flush_into(table);
    });
  queue.flush_into(table);
  Words unique{HugeArray<WordSlot>(table.used())};
  table.drain([&](const WordSlot& word) { unique.array[unique.count++] = word; });
  return unique;
}

using Partitions = std::vector<Words>;

Partitions aggregate_all(const std::vector<Counted>& counted, const Options& options) {
  Partitions partitions(std::size_t{1} << options.partitions_log2);
  std::atomic<std::size_t> next{0};
  in_parallel(options.threads, [&](unsigned) {
    WordTable table(1024);
    for (std::size_t at; (at = next.fetch_add(1)) < partitions.size();)
      partitions[at] = aggregate(counted, at, table);
  });
  return partitions;
}

std::size_t count_all(const Partitions& partitions) {
  std::size_t words = 0;
  for (const Words& partition : partitions) words += partition.count;
  return words;
}

/// What is sorted: the first 8 letters as `key`, the word's address as `value`.
using SortItem = hwy::K64V64;
using SortItems = std::vector<SortItem>;

SortItem sort_item(const WordSlot& word) {
  return {reinterpret_cast<std::uintptr_t>(&word), word.head.order()};
}
const WordSlot& word_of(const SortItem& item) {
  return *reinterpret_cast<const WordSlot*>(static_cast<std::uintptr_t>(item.value));
}

/// Borders that cut the words' order into `ranges` of about the same size.
std::vector<std::uint64_t> choose_borders(const Partitions& partitions, std::size_t ranges) {
  std::vector<std::uint64_t> sample;
  for (const auto& words : partitions)
    for (std::size_t i = 0; i < words.count; i += 1 + words.count / 64)
      sample.push_back(words.array[i].head.order());
  std::sort(sample.begin(), sample.end());
  std::vector<std::uint64_t> borders;
  for (std::size_t range = 1; range < ranges && !sample.empty(); ++range)
    borders.push_back(sample[sample.size() * range / ranges]);
  return borders;
}

/// cut[thread][range]: words between the borders, found by that thread.
std::vector<std::vector<SortItems>> cut_by_order(const Partitions& partitions, std::size_t ranges,
                                                 unsigned threads) {
  const std::vector<std::uint64_t> borders = choose_borders(partitions, ranges);
  const std::size_t expected = count_all(partitions) / threads / ranges;
  std::vector<std::vector<SortItems>> cut(threads, std::vector<SortItems>(ranges));
  for (auto& of_thread : cut)
    for (SortItems& items : of_thread) items.reserve(expected * 5 / 4);
  std::atomic<std::size_t> next{0};
  in_parallel(threads, [&](unsigned thread) {
    for (std::size_t at; (at = next.fetch_add(1)) < partitions.size();)
      for (const WordSlot& word : partitions[at]) {
        // Counting is faster than a search that branches.
        std::size_t range = 0;
        for (const std::uint64_t border : borders) range += word.head.order() >= border;
        cut[thread][range].push_back(sort_item(word));
      }
  });
  return cut;
}

bool comes_before(const SortItem& a, const SortItem& b) {
  const WordSlot &x = word_of(a), &y = word_of(b);
  const int order = std::memcmp(x.bytes, y.bytes, std::min(x.size, y.size));
  return order < 0 || (order == 0 && x.size < y.size);
}

void sort_words(SortItems& items) {
  hwy::Sorter()(items.data(), items.size(), hwy::SortAscending());
  // Words that share their first 8 letters are still in any order.
  for (auto from = items.begin(); from != items.end();) {
    auto to = from + 1;
    while (to != items.end() && to->key == from->key) ++to;
    if (to - from > 1) std::sort(from, to, comes_before);
    from = to;
  }
}

struct Text {
  HugeArray<char> array;
  std::size_t size = 0;
};

/// The lines of the output for `items`.
Text format(const SortItems& items) {
  constexpr std::size_t kCountDigits = 10, kAhead = 16;
  std::size_t bound = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + kAhead < items.size()) __builtin_prefetch(&word_of(items[i + kAhead]));
    bound += word_of(items[i]).size + kCountDigits + 2 + ShortKey::kBytes;
  }
  Text lines{HugeArray<char>(bound)};
  char* at = lines.array.data();
  for (const SortItem& item : items) {
    const WordSlot& word = word_of(item);
    if (word.size <= ShortKey::kBytes)
      std::memcpy(at, &word.head, sizeof word.head);
    else
      std::memcpy(at, word.bytes, word.size);
    at += word.size;
    *at++ = '\t';
    at = std::to_chars(at, at + kCountDigits, word.count).ptr;
    *at++ = '\n';
  }
  lines.size = static_cast<std::size_t>(at - lines.array.data());
  return lines;
}

std::vector<Text> sort_and_format(std::vector<std::vector<SortItems>> cut, std::size_t ranges) {
  std::vector<Text> texts(ranges);
  std::atomic<std::size_t> next{0};
  in_parallel(static_cast<unsigned>(cut.size()), [&](unsigned) {
    for (std::size_t range; (range = next.fetch_add(1)) < ranges;) {
      std::size_t count = 0;
      for (const auto& of_thread : cut) count += of_thread[range].size();
      SortItems items;
      items.reserve(count);
      for (auto& of_thread : cut) {
        items.insert(items.end(), of_thread[range].begin(), of_thread[range].end());
        SortItems().swap(of_thread[range]);
      }
      sort_words(items);
      texts[range] = format(items);
    }
  });
  return texts;
}

void write(const std::vector<Text>& texts, const Options& options) {
  std::vector<std::uint64_t> offsets{0};
  for (const Text& text : texts) offsets.push_back(offsets.back() + text.size);
  const PlacedOutput out(options.out);
  std::atomic<std::size_t> next{0};
  in_parallel(options.threads, [&](unsigned) {
    for (std::size_t at; (at = next.fetch_add(1)) < texts.size();)
      out.write(texts[at].array.data(), texts[at].size, offsets[at]);
  });
}

[[noreturn]] void run(const Options& options) {
  PhaseClock clock;
  const MappedInput input(options.in);
  const std::vector<Counted> counted = count_words(input, options);
  clock.lap("count");
  const Partitions partitions = aggregate_all(counted, options);
  clock.lap("aggregate");
  const std::size_t ranges = options.threads * std::size_t{8};
  auto cut = cut_by_order(partitions, ranges, options.threads);
  clock.lap("cut");
  const auto texts = sort_and_format(std::move(cut), ranges);
  clock.lap("sort");
  write(texts, options);
  clock.lap("write");
  clock.finish(std::to_string(count_all(partitions)) + " different words");
}

}  // namespace
}  // namespace mrun::bench

int main(int argument_count, char** arguments) {
  if (argument_count < 3)
    mrun::bench::fatal("usage: word_count IN OUT [THREADS] [TABLE_LOG2] [PARTITIONS_LOG2]");
  mrun::bench::Options options{.in = arguments[1], .out = arguments[2]};
  const auto number = [&](int index, unsigned& value) {
    if (argument_count > index)
      value = static_cast<unsigned>(std::strtoul(arguments[index], nullptr, 10));
  };
  number(3, options.threads);
  number(4, options.table_log2);
  number(5, options.partitions_log2);
  mrun::bench::run(options);
}
