#include "engine/map_sample.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <optional>
#include <string>

#include "base/hash.hpp"
#include "os/process_copy.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/run_format.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{64} << 10;
constexpr std::uint64_t kPiecesFirst = 16;
constexpr std::uint64_t kBytesMost = std::uint64_t{32} << 20;
constexpr std::uint64_t kInputShare = 64;
constexpr double kPatience = 4;  // A busy machine must not lose the sample.

/// Counts how often each of some hashes occurs. What it takes is bounded by the sample's size.
class HashCounts {
 public:
  HashCounts() : slots_(std::size_t{1} << 16) {}
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t count = 0;
    std::uint32_t number = 0;  // Of the key in the packing trial; 0: it is not there.
  };
  /// The slot of a hash, with this occurrence; until the next one is added.
  Slot& add(std::uint64_t hash) {
    if (used_ * 2 >= slots_.size()) grow();
    Slot& slot = find(hash);
    slot.hash = hash;
    used_ += slot.count == 0 ? 1 : 0;
    ++slot.count;
    return slot;
  }
  KeyCounts counts() const {
    KeyCounts counts;
    for (const Slot& slot : slots_)
      if (slot.count != 0) {
        counts.add(slot.count);
        counts.pairs += slot.count;
      }
    return counts;
  }

 private:
  Slot& find(std::uint64_t hash) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].count != 0 && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.count != 0) find(slot.hash) = slot;
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

/// Counts what maps give, and keeps little of it.
class CountingSink final : public EntrySink, public RecordSink {
 public:
  explicit CountingSink(const MapSampleSetup& setup)
      : spec_(setup.job.spec()),
        formatter_(setup.formatter),
        partitioner_(setup.job, setup.partitions),
        fold_(setup.job),
        trial_(partitioner_, spec_.folds() ? &fold_ : nullptr, setup.block_bytes) {}

  void begin_batch(const std::shared_ptr<const void>&) override {}
  Result<void> accept(const EntryBatch& batch) override {
    for (const Entry& entry : batch.entries)
      add(emitted_pair(entry, batch.heap), SortBuffer::bytes_of(entry));
    return {};
  }
  Result<void> accept_big(Slice key, Slice value) override {
    const KeyPrefix prefix = key_prefix(key);
    add({prefix.k0, prefix.k1, static_cast<std::uint32_t>(key.size),
         static_cast<std::uint32_t>(value.size),
         key.size > kPrefixBytes ? key.data + kPrefixBytes : nullptr, value.data, 0},
        SortBuffer::big_bytes(key, value) + SortBuffer::kBytesPerEntry);
    return {};
  }
  Result<void> hold(std::uint64_t) override { return {}; }
  Result<void> write(std::uint32_t, std::span<const Slice> fields) override {
    for (const Slice& field : fields) record_bytes_ += field.size + 1;
    return {};
  }
  Result<void> write_part(std::uint32_t, Slice bytes, bool last) override {
    record_bytes_ += bytes.size + (last ? 1 : 0);
    return {};
  }

  /// From now on what is emitted is what a split's end gives, until the next one begins.
  void at_end(bool is_end) { at_end_ = is_end; }

  void put_into(MapYield& yield, const WriteRate& disk) {
    if (!spec_.map_only) yield.packed = trial_.pack(disk);
    yield.emitted = emitted_;
    yield.keys = keys_;
    yield.at_end = end_;
    yield.record_bytes = record_bytes_;
  }
  KeyCounts counts() const { return counts_.counts(); }
  const PairYield& emitted() const { return emitted_; }
  const PairYield& keys() const { return keys_; }

 private:
  void add(const Pair& pair, std::size_t held_bytes) {
    PairYield one;
    one.pairs = 1;
    one.held_bytes = held_bytes;
    one.stored_bytes = encoded_pair_bytes(pair);
    text_.resize(std::max(text_.size(), formatter_.bytes_max(pair.klen, pair.vlen)));
    const std::uint8_t* const end = formatter_.write(text_.data(), pair.k0, pair.k1, pair.klen,
                                                     pair.tail, {pair.value, pair.vlen});
    if (end != nullptr) one.text_bytes = static_cast<std::uint64_t>(end - text_.data());
    const bool is_wide = pair.klen > kPrefixBytes || spec_.state_size > 8;
    if (spec_.folds() && is_wide) one.arena_bytes = (pair.vlen + pair.tail_size() + 7) / 8 * 8;
    add_to(at_end_ ? end_ : emitted_, one);
    if (at_end_ || spec_.map_only) return;
    if (spec_.combine == CombineKind::none) {
      trial_.add(pair);
      return;
    }
    HashCounts::Slot& key = counts_.add(hash_of(pair));
    if (key.count > 1) {
      if (key.number != 0 && spec_.folds()) trial_.fold(key.number, pair.value);
      return;
    }
    key.number = trial_.add(pair);
    // What a table hands on is copied, whatever it came as.
    if (spec_.folds()) one.held_bytes = SortBuffer::kBytesPerEntry + one.arena_bytes;
    add_to(keys_, one);
  }

  std::uint64_t hash_of(const Pair& pair) const {
    const std::uint64_t words[] = {pair.k0, pair.k1, pair.klen};
    std::uint64_t hash = hash64(std::as_bytes(std::span(words)));
    if (pair.tail_size() > 0) hash = hash64(pair.tail, pair.tail_size(), hash);
    return spec_.combine == CombineKind::unique ? hash64(pair.value, pair.vlen, hash) : hash;
  }

  static void add_to(PairYield& all, const PairYield& one) {
    all.pairs += one.pairs;
    all.held_bytes += one.held_bytes;
    all.arena_bytes += one.arena_bytes;
    all.stored_bytes += one.stored_bytes;
    all.text_bytes += one.text_bytes;
  }

  const JobSpec& spec_;
  PairFormatter formatter_;
  std::vector<std::uint8_t> text_;
  bool at_end_ = false;
  PairYield emitted_, keys_, end_;
  std::uint64_t record_bytes_ = 0;
  HashCounts counts_;
  const Partitioner partitioner_;
  const StateFold fold_;
  PackingTrial trial_;
};

/// The place of piece `i` in [0, 1): evenly spread however many there are (van der Corput).
double place_of(std::uint64_t i) {
  double place = 0, step = 0.5;
  for (; i != 0; i >>= 1, step /= 2) place += i & 1 ? step : 0;
  return place;
}

class Sampler {
 public:
  explicit Sampler(const MapSampleSetup& setup)
      : setup_(setup),
        budget_(setup.memory_bytes),
        reader_(setup.inputs, setup.plan, setup.reading, budget_, setup.stop),
        sink_(setup),
        pieces_of_file_(setup.inputs.files.size()) {
    for (const InputFile& file : setup.inputs.files) {
      total_bytes_ += file.identity.size_bytes;
      ends_.push_back(total_bytes_);
    }
  }

  void run(MapYield& yield) {
    begin_ = std::chrono::steady_clock::now();
    std::uint64_t pieces = 0, mapped_bytes = 0;
    while (!is_enough(pieces, mapped_bytes)) {
      const auto split = piece(pieces);
      if (!split) break;
      if (!map(*split, pieces, mapped_bytes)) return;
      ++pieces;
    }
    WriteRate disk;
    try_disks(setup_.storage, setup_.tried_folders, disk);
    sink_.put_into(yield, disk);
    yield.counts = sink_.counts();
    yield.pieces = pieces;
    yield.input_bytes = mapped_bytes;
  }

 private:
  /// Pairs that stay apart are as many as the bytes say. How many keys there are shows late.
  bool is_enough(std::uint64_t pieces, std::uint64_t mapped_bytes) const {
    // Of a slow map a small sample is better than none.
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin_;
    if (pieces > 0 && spent.count() > setup_.seconds_most / 2) return true;
    if (pieces < kPiecesFirst) return false;
    const std::uint64_t most = std::min(total_bytes_ / kInputShare, kBytesMost);
    // Neighbours are not to be more alike than in runs.
    if (setup_.job.spec().combine == CombineKind::none)
      return setup_.job.spec().map_only ||
             mapped_bytes >= std::min<std::uint64_t>(most, setup_.run_bytes_most);
    return mapped_bytes >= most || pieces >= most / kPieceBytes ||
           (pieces == kPiecesFirst && surely_fits(mapped_bytes));
  }

  /// Whether all keys of the input fit the sort buffers by far: then nothing spills.
  bool surely_fits(std::uint64_t mapped_bytes) const {
    const PairYield& keys = sink_.keys();
    if (keys.pairs == 0 || mapped_bytes == 0) return false;
    const double scale = static_cast<double>(total_bytes_) / static_cast<double>(mapped_bytes);
    const double all =
        DistinctCurve(sink_.counts()).keys_in(static_cast<double>(sink_.emitted().pairs) * scale);
    return all * static_cast<double>(keys.held_bytes) / static_cast<double>(keys.pairs) <
           static_cast<double>(setup_.sort_bytes) / 4;
  }

  std::optional<Split> piece(std::uint64_t i) {
    // A small input is mapped once, from its begin to its end.
    const std::uint64_t at =
        total_bytes_ <= kPiecesFirst * kPieceBytes
            ? i * kPieceBytes
            : static_cast<std::uint64_t>(place_of(i) * static_cast<double>(total_bytes_));
    const auto file =
        static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), at) - ends_.begin());
    if (file >= ends_.size()) return std::nullopt;
    const InputFile& input = setup_.inputs.files[file];
    const std::uint64_t size = input.identity.size_bytes;
    std::uint64_t begin = at - (ends_[file] - size);
    const RecordFormat& format = setup_.formats[input.input];
    // What must be read from a file's start on is taken from there, piece after piece.
    if (format.kind == RecordFormat::Kind::csv || setup_.reading.inputs[input.input].line_numbers)
      begin = std::min(size, kPieceBytes * pieces_of_file_[file]++);
    if (format.kind == RecordFormat::Kind::fixed) begin -= begin % format.fixed_bytes;
    Split split;
    split.ranges.push_back(
        {static_cast<std::uint32_t>(file), begin, std::min(size, begin + kPieceBytes)});
    return split;
  }

  bool map(const Split& split, std::uint64_t task, std::uint64_t& mapped_bytes) {
    const auto source = reader_.open(split);
    if (!source) return false;
    std::vector<std::int64_t> counters(setup_.job.spec().counters.size());
    AttemptContext context;
    context.entries = &sink_;
    context.records = &sink_;
    context.counters = counters;
    context.stop = &setup_.stop;
    sink_.at_end(false);
    const auto attempt = setup_.job.open_map(context, task);
    if (!attempt) return false;
    for (RecordBatch batch;;) {
      const Result<bool> more = (**source).next(batch);
      if (!more) return false;
      if (!*more) break;
      if (batch.record_count > 0 && !(**attempt).map(batch)) return false;
      mapped_bytes += batch.size_bytes;
    }
    sink_.at_end(true);
    return (**attempt).finish().has_value();
  }

  const MapSampleSetup& setup_;
  MemoryBudget budget_;
  InputReader reader_;
  CountingSink sink_;
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t total_bytes_ = 0;
  std::vector<std::uint64_t> ends_;  // Of each file, when all lie one after another.
  std::vector<std::uint64_t> pieces_of_file_;
};

}  // namespace

const char* why_no_sample(const InputList& inputs, std::span<const RecordFormat> formats) {
  for (const InputFile& file : inputs.files) {
    if (file.is_stream) return "some of the input is a stream";
    if (file.is_compressed()) return "some of the input is compressed";
  }
  for (const RecordFormat& format : formats)
    if (!format.can_be_cut()) return "files that are one record each are not sampled";
  return nullptr;
}

MapYield sample_map(const MapSampleSetup& setup) {
  Result<SharedMemory> shared = SharedMemory::create(sizeof(MapYield));
  if (!shared) return {};
  auto* const yield = new (shared->data()) MapYield;
  const bool ended =
      run_in_copy([&] { Sampler(setup).run(*yield); }, kPatience * setup.seconds_most);
  return ended ? *yield : MapYield{};
}

}  // namespace mrun
