#include "engine/map_sample.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <new>
#include <string>

#include "base/hash.hpp"
#include "engine/piece_counts.hpp"
#include "engine/range_plan.hpp"
#include "os/machine.hpp"
#include "os/process_copy.hpp"
#include "shuffle/combine_table.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/run_format.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kPieceBytesLeast = std::uint64_t{64} << 10;
constexpr std::uint64_t kPieceBytesMost = std::uint64_t{256} << 10;
constexpr std::uint64_t kPiecesFirst = 16;
constexpr std::uint64_t kPiecesOfSmall = 2 * kPiecesFirst;  // An input of no more: a power of two.
constexpr std::uint64_t kPiecesLeast = 4;  // Of what surely fits: one of each quarter.
// Of jobs that combine, and of those whose pairs stay apart.
constexpr std::uint64_t kBytesMost = std::uint64_t{32} << 20;
constexpr std::uint64_t kBytesMostApart = std::uint64_t{16} << 20;
constexpr std::uint64_t kInputShare = 32;
constexpr std::uint64_t kInputShareApart = 64;
constexpr double kPatience = 4;  // A busy machine must not lose the sample.

/// Counts what maps give, and keeps little of it.
class CountingSink final : public EntrySink, public RecordSink {
 public:
  explicit CountingSink(const MapSampleSetup& setup)
      : job_(setup.job),
        spec_(setup.job.spec()),
        formatter_(setup.formatter),
        partitioner_(setup.job, setup.partitions),
        fold_(setup.job),
        trial_(partitioner_, spec_.folds() ? &fold_ : nullptr, setup.block_bytes) {}

  void begin_batch(const std::shared_ptr<const void>&) override {}
  Result<void> accept(const EntryBatch& batch) override {
    // The slots of some keys are loaded while those before are looked at.
    constexpr std::size_t kAtOnce = 32;
    std::array<Pair, kAtOnce> pairs;
    std::array<std::uint64_t, kAtOnce> hashes{};
    const bool counts = counts_keys();
    for (std::size_t begin = 0; begin < batch.entries.size(); begin += kAtOnce) {
      const auto some =
          batch.entries.subspan(begin, std::min(kAtOnce, batch.entries.size() - begin));
      for (std::size_t i = 0; i < some.size(); ++i) {
        pairs[i] = emitted_pair(some[i], batch.heap);
        if (!counts) continue;
        hashes[i] = counts_.hash_of(hash_of(pairs[i]), pairs[i].klen);
        counts_.prefetch(hashes[i]);
      }
      for (std::size_t i = 0; i < some.size(); ++i)
        add(pairs[i], hashes[i], SortBuffer::bytes_of(some[i]));
    }
    return {};
  }
  Result<void> accept_big(Slice key, Slice value) override {
    const Pair pair = pair_view(key, value);
    add(pair, counts_keys() ? counts_.hash_of(hash_of(pair), pair.klen) : 0,
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

  /// What is emitted from now on is of this piece.
  void begin_piece(std::uint64_t piece) {
    piece_ = static_cast<std::uint16_t>(piece);
    at_end_ = false;
  }
  /// From now on what is emitted is what a split's end gives, until the next one begins.
  void begin_end() { at_end_ = true; }

  /// How what was emitted packs in blocks of runs.
  PackedSizes pack(const WriteRate& disk) { return trial_.pack(disk); }
  void put_into(MapYield& yield) const {
    yield.emitted = emitted_;
    yield.keys = keys_;
    yield.at_end = end_;
    yield.record_bytes = record_bytes_;
    yield.sample.pairs = emitted_.pairs;
    yield.sample.of_length = counts_.counts();
    yield.text_of_length = text_of_length_;
    for (const WeightedKey& key : borders_.keys()) {
      if (yield.border_key_count == yield.border_keys.size()) break;
      const Pair view = key_view(key.key);
      yield.border_keys[yield.border_key_count++] = {view.k0, view.k1, key.weight,
                                                     std::min(view.klen, kPrefixBytes)};
    }
  }
  /// What the pairs so far take in memory: where they are combined, one of each key.
  std::uint64_t kept_bytes() const {
    return end_.held_bytes +
           (spec_.combine == CombineKind::none ? emitted_.held_bytes : keys_.held_bytes);
  }

 private:
  bool counts_keys() const { return spec_.combine != CombineKind::none && !at_end_; }

  /// `hash`: where keys are counted, as `counts_` has it.
  void add(const Pair& pair, std::uint64_t hash, std::size_t held_bytes) {
    PairYield one;
    one.pairs = 1;
    one.held_bytes = held_bytes;
    one.stored_bytes = encoded_pair_bytes(pair);
    if (!counts_keys()) {
      one.text_bytes = text_bytes_of(pair);
      add_to(at_end_ ? end_ : emitted_, one);
      if (at_end_ || spec_.map_only) return;
      trial_.add(pair);
      sample_border(pair);
      return;
    }
    add_to(emitted_, one);
    PieceCounts::Slot& key = counts_.slot_of(hash);
    const bool is_first = key.pieces == 0;
    if (key.last_piece != piece_ || is_first) {
      key.last_piece = piece_;
      ++key.pieces;
    }
    if (!is_first) {
      if (key.number != 0 && !(spec_.folds() && trial_.fold(key.number, pair.value)))
        key.number = 0;
      return;
    }
    key.number = trial_.add(pair);
    sample_border(pair);
    if (spec_.folds()) {
      one.arena_bytes = CombineTable::arena_bytes(pair.klen, spec_.state_size);
      // What a table hands on is copied, whatever it came as.
      const bool is_wide = pair.klen > kPrefixBytes || spec_.state_size > sizeof(Entry::v);
      const std::size_t copied = is_wide ? (pair.vlen + pair.tail_size() + 7) / 8 * 8 : 0;
      one.held_bytes = SortBuffer::kBytesPerEntry + copied;
    }
    one.text_bytes = text_bytes_of(pair);
    text_of_length_[hash % SampledKeys::kLengths] += one.text_bytes;
    add_to(keys_, one);
  }

  void sample_border(const Pair& pair) {
    if (!may_have_ranges(spec_)) return;
    borders_.add(pair, spec_.has_group_lens
                           ? group_size(job_, key_bytes_.of(std::span(&pair, 1)).front())
                           : pair.klen);
  }

  std::uint64_t text_bytes_of(const Pair& pair) {
    text_.resize(std::max(text_.size(), formatter_.bytes_max(pair.klen, pair.vlen)));
    const std::uint8_t* const end = formatter_.write(text_.data(), pair.k0, pair.k1, pair.klen,
                                                     pair.tail, {pair.value, pair.vlen});
    return end == nullptr ? 0 : static_cast<std::uint64_t>(end - text_.data());
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

  const UserCode& job_;
  const JobSpec& spec_;
  PairFormatter formatter_;
  std::vector<std::uint8_t> text_;
  bool at_end_ = false;
  PairYield emitted_, keys_, end_;
  std::uint64_t record_bytes_ = 0;
  std::uint16_t piece_ = 0;
  PieceCounts counts_;
  std::array<std::uint64_t, SampledKeys::kLengths> text_of_length_{};
  const Partitioner partitioner_;
  const StateFold fold_;
  PackingTrial trial_;
  KeyBytes key_bytes_;
  KeySample borders_;
};

/// The place of piece `i` in [0, 1): of each 16 one in every 16th of the input, and there anywhere,
/// so that they are in step with nothing that the input repeats.
double place_of(std::uint64_t i) {
  constexpr std::array<std::uint8_t, 16> kOrder = {0, 8, 4, 12, 2, 10, 6, 14,
                                                   1, 9, 5, 13, 3, 11, 7, 15};
  const std::uint64_t anywhere = hash64(std::as_bytes(std::span(&i, 1)));
  return (kOrder[i % 16] + std::ldexp(static_cast<double>(anywhere >> 11), -53)) / 16;
}

/// The same at even distances: of each kPiecesOfSmall one in each part of them.
double spread_place_of(std::uint64_t i) {
  std::uint64_t reversed = 0;
  for (std::uint64_t bit = 1; bit < kPiecesOfSmall; bit *= 2)
    reversed = 2 * reversed + (i / bit & 1);
  return static_cast<double>(reversed) / static_cast<double>(kPiecesOfSmall);
}

class Sampler {
 public:
  explicit Sampler(const MapSampleSetup& setup)
      : setup_(setup),
        budget_(setup.memory_bytes),
        reader_(setup.inputs, setup.plan, guessing(setup.reading), budget_, setup.stop),
        sink_(setup) {
    for (const InputFile& file : setup.inputs.files) {
      total_bytes_ += file.identity.size_bytes;
      ends_.push_back(total_bytes_);
    }
    const bool combines = setup.job.spec().combine != CombineKind::none;
    // Neighbours in the trial of packing are not to be more alike than in runs.
    bytes_most_ = combines ? std::min(total_bytes_ / kInputShare, kBytesMost)
                           : std::min({total_bytes_ / kInputShareApart, kBytesMostApart,
                                       std::uint64_t{setup.run_bytes_most}});
    piece_bytes_ = !combines ? kPieceBytesLeast
                             : std::clamp(std::bit_floor(bytes_most_ / (2 * kPiecesFirst)),
                                          kPieceBytesLeast, kPieceBytesMost);
  }

  void run(MapYield& yield) {
    begin_ = std::chrono::steady_clock::now();
    begin_cpu_seconds_ = thread_cpu_seconds();
    std::uint64_t pieces = 0, mapped_bytes = 0;
    std::vector<bool> is_taken((total_bytes_ + piece_bytes_ - 1) / piece_bytes_);
    const std::uint64_t tries =
        is_taken.empty() ? 0 : 4 * std::max<std::uint64_t>(is_taken.size(), kPiecesOfSmall);
    for (std::uint64_t i = 0; i < tries && !is_enough(pieces, mapped_bytes); ++i) {
      // A small input may be mapped whole, and no place of it is left out by chance.
      const double place = is_taken.size() <= kPiecesOfSmall ? spread_place_of(i) : place_of(i);
      const auto cell = static_cast<std::uint64_t>(place * static_cast<double>(is_taken.size()));
      if (is_taken[cell]) continue;
      is_taken[cell] = true;
      const Split split = piece(cell);
      if (split.ranges.empty()) continue;
      if (!map(split, pieces, mapped_bytes)) return;
      ++pieces;
    }
    sink_.put_into(yield);
    if (!stopped_early_ && !setup_.job.spec().map_only) {
      WriteRate disk;
      try_disks(setup_.storage, setup_.tried_folders, disk);
      yield.packed = sink_.pack(disk);
    }
    yield.sample.pieces = yield.pieces = pieces;
    yield.surely_fits = stopped_early_;
    yield.input_bytes = mapped_bytes;
  }

 private:
  static ReaderOptions guessing(ReaderOptions reading) {
    reading.guesses_records = true;
    return reading;
  }

  /// Pairs that stay apart are as many as the bytes say. How many keys there are shows late.
  bool is_enough(std::uint64_t pieces, std::uint64_t mapped_bytes) {
    // Of a slow map a small sample is better than none; on a busy machine all takes longer.
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin_;
    if (pieces > 0 && (thread_cpu_seconds() - begin_cpu_seconds_ > setup_.seconds_most / 2 ||
                       spent.count() > 2 * setup_.seconds_most))
      return true;
    const JobSpec& spec = setup_.job.spec();
    if (pieces == kPiecesLeast || pieces == kPiecesFirst)
      stopped_early_ = !spec.map_only && surely_fits(mapped_bytes);
    if (stopped_early_) return true;
    if (pieces < kPiecesFirst) return false;
    if (spec.map_only || mapped_bytes >= bytes_most_) return true;
    return spec.combine != CombineKind::none && pieces >= 2 * bytes_most_ / piece_bytes_;
  }

  /// Whether what is kept of the input fits the sort buffers by far, were there ever new keys: then
  /// nothing spills.
  bool surely_fits(std::uint64_t mapped_bytes) const {
    if (mapped_bytes == 0) return false;
    const double scale = static_cast<double>(total_bytes_) / static_cast<double>(mapped_bytes);
    return static_cast<double>(sink_.kept_bytes()) * scale <
           static_cast<double>(setup_.sort_bytes) / 2;
  }

  /// One of the pieces of like size that all files make one after another. A small file is whole in
  /// the piece in which it begins: what its keys are may be its own.
  Split piece(std::uint64_t cell) {
    const std::uint64_t begin = cell * piece_bytes_, end = begin + piece_bytes_;
    Split split;
    for (auto file = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), begin) -
                                              ends_.begin());
         file < ends_.size(); ++file) {
      const InputFile& input = setup_.inputs.files[file];
      const std::uint64_t size = input.identity.size_bytes, file_begin = ends_[file] - size;
      if (file_begin >= end) break;
      if (size == 0) continue;
      const auto ordinal = static_cast<std::uint32_t>(file);
      if (size <= 2 * piece_bytes_) {
        if (file_begin >= begin) split.ranges.push_back({ordinal, 0, size});
        continue;
      }
      std::uint64_t from = std::max(begin, file_begin) - file_begin;
      std::uint64_t to = std::min(size, end - file_begin);
      const RecordFormat& format = setup_.formats[input.input];
      if (format.kind == RecordFormat::Kind::fixed) {
        from -= from % format.fixed_bytes;
        to -= to % format.fixed_bytes;
      }
      if (from < to) split.ranges.push_back({ordinal, from, to});
    }
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
    sink_.begin_piece(task);
    const auto attempt = setup_.job.open_map(context, task);
    if (!attempt) return false;
    for (RecordBatch batch;;) {
      const Result<bool> more = (**source).next(batch);
      if (!more) return false;
      if (!*more) break;
      if (batch.record_count > 0 && !(**attempt).map(batch)) return false;
      mapped_bytes += batch.size_bytes;
    }
    sink_.begin_end();
    return (**attempt).finish().has_value();
  }

  const MapSampleSetup& setup_;
  MemoryBudget budget_;
  InputReader reader_;
  CountingSink sink_;
  std::chrono::steady_clock::time_point begin_;
  double begin_cpu_seconds_ = 0;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t bytes_most_ = 0;  // To map, after the first pieces.
  std::uint64_t piece_bytes_ = 0;
  bool stopped_early_ = false;
  std::vector<std::uint64_t> ends_;  // Of each file, when all lie one after another.
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
