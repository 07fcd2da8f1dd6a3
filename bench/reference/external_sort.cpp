// external_sort: sorts records of 100 bytes by their first 10 within a given memory, and nothing
// else.
//
// usage: external_sort IN OUT [MEMORY_MIB [THREADS]]
// Records with equal keys stay in input order. Keys must be spread evenly, as random ones are:
// others give the same output, but more slowly. MEMORY_MIB counts anonymous memory; runs lie in an
// unlinked file beside OUT.
//
// Each thread takes a stretch of the input at a time, sorts it and writes it as a run; while one
// computes the other reads or writes. Then the runs are cut at common keys, and each thread merges
// its piece to its known place in the output.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "reference/huge_array.hpp"
#include "reference/program.hpp"
#include "reference/record_key.hpp"

namespace mrun::bench {
namespace {

constexpr std::size_t kMib = std::size_t{1} << 20;
constexpr std::size_t kWriteRecords = 20'000;  // 2 MB: large to the disk, small to the L2 cache.

/// A file of records that is read at places; missing bytes end the program.
class RecordFile {
 public:
  RecordFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {
    if (fd_ < 0) fatal_errno("open", path_);
  }

  std::uint64_t size_bytes() const {
    const off_t end = ::lseek(fd_, 0, SEEK_END);
    if (end < 0) fatal_errno("measure", path_);
    return static_cast<std::uint64_t>(end);
  }

  void read(std::uint8_t* to, std::size_t records, std::size_t first) const {
    std::size_t size = records * kRecordBytes;
    auto offset = static_cast<off_t>(first * kRecordBytes);
    while (size != 0) {
      const ssize_t got = ::pread(fd_, to, size, offset);
      if (got == 0) fatal(path_ + " is shorter than it was");
      if (got < 0) fatal_errno("read", path_);
      to += got;
      offset += got;
      size -= static_cast<std::size_t>(got);
    }
  }

  void write(const std::uint8_t* from, std::size_t records, std::size_t first) const {
    std::size_t size = records * kRecordBytes;
    auto offset = static_cast<off_t>(first * kRecordBytes);
    while (size != 0) {
      const ssize_t put = ::pwrite(fd_, from, size, offset);
      if (put <= 0) fatal_errno("write", path_);
      from += put;
      offset += put;
      size -= static_cast<std::size_t>(put);
    }
  }

  /// The disk may start on these records now; they are wanted soon.
  void read_ahead(std::size_t records, std::size_t first) const {
    ::posix_fadvise(fd_, static_cast<off_t>(first * kRecordBytes),
                    static_cast<off_t>(records * kRecordBytes), POSIX_FADV_WILLNEED);
  }

 private:
  int fd_;
  std::string path_;
};

/// A sorted stretch of the spill file, in records.
struct Run {
  std::size_t begin, end;
};

/// Writes the input as sorted runs of `run_records`, each at the place of its input.
void form_runs(const RecordFile& input, const RecordFile& spill, const std::vector<Run>& runs,
               std::size_t run_records, unsigned threads) {
  constexpr std::size_t kAhead = 24;  // Records on their way from memory.
  std::atomic<std::size_t> next{0};
  in_parallel(threads, [&](unsigned) {
    const HugeArray<std::uint8_t> records(run_records * kRecordBytes);
    HugeArray<RecordKey> keys(run_records), spare(run_records);
    std::vector<std::uint8_t> piece(kWriteRecords * kRecordBytes);
    for (std::size_t index; (index = next.fetch_add(1)) < runs.size();) {
      const Run run = runs[index];
      const std::size_t count = run.end - run.begin;
      input.read(records.data(), count, run.begin);
      for (std::size_t i = 0; i < count; ++i)
        keys[i] = key_of(records.data() + i * kRecordBytes, i);
      // The top 33 bits leave hardly a pair of random keys out of order.
      for (const unsigned shift : {31u, 42u, 53u}) {
        radix_pass(keys.data(), count, shift, spare.data());
        std::swap(keys, spare);
      }
      mend_order(keys.data(), count);

      for (std::size_t begin = 0; begin < count; begin += kWriteRecords) {
        const std::size_t end = std::min(begin + kWriteRecords, count);
        std::uint8_t* to = piece.data();
        for (std::size_t i = begin; i < end; ++i, to += kRecordBytes) {
          if (i + kAhead < count) {
            const std::uint8_t* ahead = &records[keys[i + kAhead].number() * kRecordBytes];
            __builtin_prefetch(ahead);
            __builtin_prefetch(ahead + 64);
          }
          std::memcpy(to, &records[keys[i].number() * kRecordBytes], kRecordBytes);
        }
        spill.write(piece.data(), end - begin, run.begin + begin);
      }
    }
  });
}

RecordKey key_at(const RecordFile& spill, std::size_t place, std::size_t number) {
  std::uint8_t record[kRecordBytes];
  spill.read(record, 1, place);
  return key_of(record, number);
}

/// `pieces` - 1 keys that cut all runs into pieces of about the same size.
std::vector<RecordKey> splitters(const RecordFile& spill, const std::vector<Run>& runs,
                                 unsigned pieces) {
  constexpr std::size_t kSamplesOfRun = 64;
  std::vector<RecordKey> samples;
  for (std::size_t index = 0; index < runs.size(); ++index) {
    const std::size_t count = runs[index].end - runs[index].begin;
    for (std::size_t i = 0; i < kSamplesOfRun; ++i)
      samples.push_back(key_at(spill, runs[index].begin + count * i / kSamplesOfRun, index));
  }
  std::sort(samples.begin(), samples.end());
  std::vector<RecordKey> cuts;
  for (unsigned piece = 1; piece < pieces && !samples.empty(); ++piece)
    cuts.push_back(samples[samples.size() * piece / pieces]);
  return cuts;
}

/// Where the first record of run `index` stands whose key is not below `cut`.
std::size_t cut_place(const RecordFile& spill, const Run& run, std::size_t index,
                      const RecordKey& cut) {
  std::size_t low = run.begin, high = run.end;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (key_at(spill, middle, index) < cut)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// A piece of a run that is read a block at a time.
class Source {
 public:
  Source(const RecordFile& spill, const Run& piece, std::size_t index, std::size_t block_records)
      : spill_(&spill), left_(piece), index_(index), block_(block_records * kRecordBytes) {
    next_block();
  }

  bool done() const { return at_ == end_; }
  RecordKey key() const { return done() ? kLast : key_of(at_, index_); }
  const std::uint8_t* record() const { return at_; }
  void advance() {
    at_ += kRecordBytes;
    if (at_ == end_) next_block();
  }

  /// Behind every record: no run has a number of 48 ones.
  static constexpr RecordKey kLast = {~std::uint64_t{0}, ~std::uint64_t{0}};

 private:
  void next_block() {
    const std::size_t block_records = block_.size() / kRecordBytes;
    const std::size_t count = std::min(block_records, left_.end - left_.begin);
    spill_->read(block_.data(), count, left_.begin);
    left_.begin += count;
    at_ = block_.data();
    end_ = at_ + count * kRecordBytes;
    if (const std::size_t more = std::min(block_records, left_.end - left_.begin); more != 0)
      spill_->read_ahead(more, left_.begin);
  }

  const RecordFile* spill_;
  Run left_;
  std::size_t index_;
  std::vector<std::uint8_t> block_;
  const std::uint8_t *at_ = nullptr, *end_ = nullptr;
};

/// A loser tree (Knuth, The Art of Computer Programming, 5.4.1): each inner node keeps the greater
/// of the two keys that met there, and the smallest of all stands above the root.
class LoserTree {
 public:
  explicit LoserTree(const std::vector<Source>& sources) {
    while (leaves_ < sources.size()) leaves_ *= 2;
    nodes_.assign(leaves_, {Source::kLast, 0});
    std::vector<Node> winners(2 * leaves_, Node{Source::kLast, 0});
    for (std::size_t i = 0; i < sources.size(); ++i) winners[leaves_ + i] = {sources[i].key(), i};
    for (std::size_t i = leaves_ - 1; i >= 1; --i) {
      const bool right_wins = winners[2 * i + 1].key < winners[2 * i].key;
      winners[i] = winners[2 * i + right_wins];
      nodes_[i] = winners[2 * i + !right_wins];
    }
    nodes_[0] = winners[1];
  }

  /// The source of the smallest key.
  std::size_t winner() const { return nodes_[0].source; }

  /// The winner has gone on to `key`.
  void replace(const RecordKey& key) {
    Node rising{key, nodes_[0].source};
    for (std::size_t i = (leaves_ + rising.source) / 2; i >= 1; i /= 2)
      if (nodes_[i].key < rising.key) std::swap(nodes_[i], rising);
    nodes_[0] = rising;
  }

 private:
  struct Node {
    RecordKey key;
    std::size_t source;
  };

  std::size_t leaves_ = 1;
  std::vector<Node> nodes_;
};

void merge_piece(const RecordFile& spill, const std::vector<Run>& pieces, std::size_t block_records,
                 const RecordFile& out, std::size_t place) {
  std::vector<Source> sources;
  std::size_t left = 0;
  for (std::size_t index = 0; index < pieces.size(); ++index) {
    sources.emplace_back(spill, pieces[index], index, block_records);
    left += pieces[index].end - pieces[index].begin;
  }
  LoserTree tree(sources);
  std::vector<std::uint8_t> written(kWriteRecords * kRecordBytes);
  while (left != 0) {
    const std::size_t count = std::min(left, kWriteRecords);
    for (std::size_t i = 0; i < count; ++i) {
      Source& source = sources[tree.winner()];
      std::memcpy(&written[i * kRecordBytes], source.record(), kRecordBytes);
      source.advance();
      tree.replace(source.key());
    }
    out.write(written.data(), count, place);
    place += count;
    left -= count;
  }
}

void merge_runs(const RecordFile& spill, const std::vector<Run>& runs, std::size_t memory_bytes,
                const RecordFile& out, unsigned threads) {
  const std::vector<RecordKey> cuts = splitters(spill, runs, threads);
  // pieces[t][r] is what thread t merges of run r.
  std::vector<std::vector<Run>> pieces(threads, runs);
  for (std::size_t t = 0; t < cuts.size(); ++t)
    for (std::size_t r = 0; r < runs.size(); ++r)
      pieces[t][r].end = pieces[t + 1][r].begin = cut_place(spill, runs[r], r, cuts[t]);
  std::vector<std::size_t> places{0};
  for (const std::vector<Run>& of_thread : pieces) {
    places.push_back(places.back());
    for (const Run& piece : of_thread) places.back() += piece.end - piece.begin;
  }

  // Larger blocks than 4 MB would no longer read faster.
  const std::size_t sources = std::max<std::size_t>(1, runs.size() * threads);
  const std::size_t block_bytes = std::clamp(memory_bytes / sources, kMib / 16, 4 * kMib);
  in_parallel(threads, [&](unsigned thread) {
    merge_piece(spill, pieces[thread], block_bytes / kRecordBytes, out, places[thread]);
  });
}

[[noreturn]] void run(const std::string& in, const std::string& out_path, std::size_t memory_mib,
                      unsigned threads) {
  PhaseClock clock;
  const RecordFile input(::open(in.c_str(), O_RDONLY | O_CLOEXEC), in);
  const std::uint64_t size_bytes = input.size_bytes();
  if (size_bytes % kRecordBytes != 0) fatal(in + " does not hold whole records of 100 bytes");
  ::unlink(out_path.c_str());
  const RecordFile out(::open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
                       out_path);
  const std::string spill_path = out_path + ".runs";
  const RecordFile spill(::open(spill_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
                         spill_path);
  ::unlink(spill_path.c_str());

  // An eighth stays for buffers, the heap and stacks.
  const std::size_t memory_bytes = memory_mib * kMib / 8 * 7;
  const std::size_t records = size_bytes / kRecordBytes;
  const std::size_t run_records = memory_bytes / threads / (kRecordBytes + 2 * sizeof(RecordKey));
  std::vector<Run> runs;
  for (std::size_t begin = 0; begin < records; begin += run_records)
    runs.push_back({begin, std::min(begin + run_records, records)});

  form_runs(input, spill, runs, run_records, threads);
  clock.lap("runs");
  merge_runs(spill, runs, memory_bytes, out, threads);
  clock.lap("merge");
  clock.finish(std::to_string(records) + " records in " + std::to_string(runs.size()) + " runs");
}

}  // namespace
}  // namespace mrun::bench

int main(int argument_count, char** arguments) {
  const auto number = [&](int index, unsigned long otherwise) {
    return argument_count > index ? std::strtoul(arguments[index], nullptr, 10) : otherwise;
  };
  const unsigned long memory_mib = number(3, 512), threads = number(4, 2);
  if (argument_count < 3 || memory_mib == 0 || threads == 0)
    mrun::bench::fatal("usage: external_sort IN OUT [MEMORY_MIB [THREADS]]");
  mrun::bench::run(arguments[1], arguments[2], memory_mib, static_cast<unsigned>(threads));
}
