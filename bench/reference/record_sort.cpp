// record_sort: sorts records of 100 bytes by their first 10 in memory, and nothing else.
//
// usage: record_sort IN OUT [THREADS]
// Records with equal keys stay in input order. Keys must be spread evenly, as random ones are:
// others give the same output, but more slowly.
//
// Keys are cut out into 16 bytes (key, record number), scattered into 1,024 buckets by their top
// bits, and sorted bucket by bucket in the cache; records are touched again only when they are
// gathered in order into the write buffer.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "reference/huge_array.hpp"
#include "reference/mapped_input.hpp"
#include "reference/program.hpp"
#include "reference/record_key.hpp"

namespace mrun::bench {
namespace {

constexpr unsigned kBucketBits = 10;
constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;

std::size_t bucket_of(const RecordKey& key) { return key.high >> (64 - kBucketBits); }

/// Where each bucket's keys begin; the last element is the end of all.
using Borders = std::vector<std::size_t>;
using Counts = std::array<std::size_t, kBuckets>;

/// The share of `count` items that thread `thread` works on begins here.
std::size_t share_begin(std::size_t count, unsigned thread, unsigned threads) {
  return count * thread / threads;
}

/// Moves keys to their buckets. A bucket is written a cache line at a time: four keys wait in a
/// small buffer first, since 1,024 open ends are too many for the caches to keep.
void scatter(const RecordKey* from, const RecordKey* end, Counts& place, RecordKey* to) {
  constexpr std::size_t kLineKeys = 64 / sizeof(RecordKey);
  struct alignas(64) Line {
    RecordKey keys[kLineKeys];
  };
  std::vector<Line> waiting(kBuckets);
  std::array<std::uint8_t, kBuckets> filled{};
  for (; from != end; ++from) {
    const std::size_t bucket = bucket_of(*from);
    waiting[bucket].keys[filled[bucket]] = *from;
    if (++filled[bucket] < kLineKeys) continue;
    std::memcpy(to + place[bucket], &waiting[bucket], sizeof(Line));
    place[bucket] += kLineKeys;
    filled[bucket] = 0;
  }
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
    std::copy_n(waiting[bucket].keys, filled[bucket], to + place[bucket]);
}

/// All keys, bucket after bucket; within a bucket still unsorted.
HugeArray<RecordKey> cut_into_buckets(const MappedInput& input, std::size_t records,
                                      unsigned threads, Borders& borders) {
  const HugeArray<RecordKey> in_order(records);
  std::vector<Counts> counts(threads, Counts{});
  in_parallel(threads, [&](unsigned thread) {
    const std::size_t end = share_begin(records, thread + 1, threads);
    for (std::size_t record = share_begin(records, thread, threads); record < end; ++record) {
      in_order[record] = key_of(input.data() + record * kRecordBytes, record);
      ++counts[thread][bucket_of(in_order[record])];
    }
  });

  // From here on, counts[thread][bucket] is where that thread's next key of that bucket goes.
  std::size_t place = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    borders.push_back(place);
    for (Counts& of_thread : counts) {
      const std::size_t count = of_thread[bucket];
      of_thread[bucket] = place;
      place += count;
    }
  }
  borders.push_back(place);

  HugeArray<RecordKey> keys(records);
  in_parallel(threads, [&](unsigned thread) {
    scatter(in_order.data() + share_begin(records, thread, threads),
            in_order.data() + share_begin(records, thread + 1, threads), counts[thread],
            keys.data());
  });
  return keys;
}

/// Sorts a bucket by the 22 bits that follow the bucket's own, which leaves hardly a pair of random
/// keys out of order; insertion mends those.
void sort_bucket(RecordKey* keys, std::size_t count, std::vector<RecordKey>& spare) {
  if (spare.size() < count) spare.resize(count * 5 / 4);
  constexpr unsigned kShift = 64 - kBucketBits - 22;
  radix_pass(keys, count, kShift, spare.data());
  radix_pass(spare.data(), count, kShift + 11, keys);
  mend_order(keys, count);
}

void sort_buckets(const HugeArray<RecordKey>& keys, const Borders& borders, unsigned threads) {
  std::atomic<std::size_t> next{0};
  in_parallel(threads, [&](unsigned) {
    std::vector<RecordKey> spare;
    for (std::size_t bucket; (bucket = next.fetch_add(1)) < kBuckets;)
      sort_bucket(keys.data() + borders[bucket], borders[bucket + 1] - borders[bucket], spare);
  });
}

void gather(const MappedInput& input, const HugeArray<RecordKey>& keys, const std::string& path,
            unsigned threads) {
  constexpr std::size_t kPieceRecords = 10000;  // 1 MB: stays in the L2 cache until it is written.
  constexpr std::size_t kAhead = 24;            // Records on their way from memory.
  const PlacedOutput out(path);
  std::atomic<std::size_t> next{0};
  in_parallel(threads, [&](unsigned) {
    std::vector<std::uint8_t> piece(kPieceRecords * kRecordBytes);
    for (;;) {
      const std::size_t begin = next.fetch_add(kPieceRecords);
      if (begin >= keys.size()) break;
      const std::size_t end = std::min(begin + kPieceRecords, keys.size());
      std::uint8_t* to = piece.data();
      for (std::size_t i = begin; i < end; ++i, to += kRecordBytes) {
        if (i + kAhead < keys.size()) {
          const std::uint8_t* ahead = input.data() + keys[i + kAhead].number() * kRecordBytes;
          __builtin_prefetch(ahead);
          __builtin_prefetch(ahead + 64);
        }
        std::memcpy(to, input.data() + keys[i].number() * kRecordBytes, kRecordBytes);
      }
      out.write(piece.data(), (end - begin) * kRecordBytes, begin * kRecordBytes);
    }
  });
}

[[noreturn]] void run(const std::string& in, const std::string& out, unsigned threads) {
  PhaseClock clock;
  const MappedInput input(in);
  if (input.size() % kRecordBytes != 0) fatal(in + " does not hold whole records of 100 bytes");
  const std::size_t records = input.size() / kRecordBytes;
  Borders borders;
  const HugeArray<RecordKey> keys = cut_into_buckets(input, records, threads, borders);
  clock.lap("bucket");
  sort_buckets(keys, borders, threads);
  clock.lap("sort");
  gather(input, keys, out, threads);
  clock.lap("gather and write");
  clock.finish(std::to_string(records) + " records");
}

}  // namespace
}  // namespace mrun::bench

int main(int argument_count, char** arguments) {
  if (argument_count < 3) mrun::bench::fatal("usage: record_sort IN OUT [THREADS]");
  const unsigned long threads = argument_count > 3 ? std::strtoul(arguments[3], nullptr, 10) : 2;
  mrun::bench::run(arguments[1], arguments[2], static_cast<unsigned>(threads));
}
