#include "engine/map_target.hpp"

#include <algorithm>

namespace mrun {
namespace {

// Records of a map whose job has a shuffle: there is no part they could go to.
class NoRecords final : public RecordSink {
 public:
  Result<void> write(std::uint32_t, std::span<const Slice>) override { return refused(); }
  Result<void> write_part(std::uint32_t, Slice, bool) override { return refused(); }

 private:
  static Failure refused() {
    return fail(Code::plugin, "the job's map wrote an output record, but its pairs go to a reduce",
                "emit pairs and write in reduce, or make the job map-only");
  }
};

// Pairs that a map-only job emits: written as records at once.
class EmittedRecords final : public EntrySink {
 public:
  EmittedRecords(const PairFormatter& formatter, PieceWriter& piece)
      : writer_(formatter, piece), piece_(piece) {}

  void begin_batch(const std::shared_ptr<const void>&) override {}

  Result<void> accept(const EntryBatch& batch) override {
    for (const Entry& entry : batch.entries) {
      const Pair pair = emitted_pair(entry, batch.heap);
      if (!writer_.write(pair.k0, pair.k1, pair.klen, pair.tail, {pair.value, pair.vlen}))
        return malformed(pair);
    }
    pairs_ += batch.entries.size();
    return piece_.status();
  }
  Result<void> accept_big(Slice key, Slice value) override {
    ++pairs_;
    if (!writer_.write(key, value)) return PairFormatter::malformed(key, value);
    return piece_.status();
  }
  std::uint64_t pairs() const { return pairs_; }

 private:
  static Failure malformed(const Pair& pair) {
    KeyBytes key;
    return PairFormatter::malformed(key.of(std::span(&pair, 1)).front(), {pair.value, pair.vlen});
  }

  PairWriter writer_;
  PieceWriter& piece_;
  std::uint64_t pairs_ = 0;
};

}  // namespace

Result<void> ShuffleTarget::run(const GroupRun& group, const Maps& maps) {
  if (group.moot) return {};
  MRUN_TRY_ASSIGN(WorkerOutput* const worker, output_.take());
  worker->begin_task(group.ordinal);
  NoRecords no_records;
  AttemptContext sinks;
  sinks.entries = worker;
  sinks.records = &no_records;
  auto outcome = maps(sinks, [&] { return worker->end_task(); });
  output_.give_back(worker);
  return outcome;
}

DirectTarget::DirectTarget(PartSet& parts, std::uint32_t part_count, std::uint64_t total_bytes,
                           const JobSpec& spec, PairFormatter formatter, bool has_streams)
    : parts_(parts),
      part_count_(part_count),
      total_bytes_(std::max<std::uint64_t>(1, total_bytes)),
      spec_(spec),
      formatter_(std::move(formatter)),
      holds_parts_(has_streams),
      pieces_(part_count) {
  for (std::uint32_t part = 0; holds_parts_ && part < part_count_; ++part) parts_.hold(part);
}

std::uint32_t DirectTarget::part_of(std::uint64_t first_byte) const {
  __extension__ using Wide = unsigned __int128;
  return std::min(
      static_cast<std::uint32_t>(static_cast<Wide>(first_byte) * part_count_ / total_bytes_),
      part_count_ - 1);
}

void DirectTarget::begin_section(std::span<const SplitGroup> groups) {
  const std::scoped_lock lock(mutex_);
  section_.clear();
  section_is_stream_ = groups.front().is_stream;
  for (const SplitGroup& group : groups) {
    const std::uint32_t part = part_of(group.first_byte);
    section_.push_back({part, pieces_[part]});
    if (section_is_stream_) continue;
    ++pieces_[part];
    parts_.expect(part, 1);
  }
}

DirectTarget::Place DirectTarget::place_of(const GroupRun& group) {
  const std::scoped_lock lock(mutex_);
  if (!section_is_stream_) return section_[group.index];
  const Place place{section_.front().part, section_.front().piece + group.index};
  // Splits of a stream may come here out of order; those between are at other threads' hands.
  for (; pieces_[place.part] <= place.piece; ++pieces_[place.part]) parts_.expect(place.part, 1);
  return place;
}

Result<void> DirectTarget::run(const GroupRun& group, const Maps& maps) {
  const Place place = place_of(group);
  if (group.moot) {
    parts_.give_up(place.part, place.piece);
    return {};
  }
  MRUN_TRY_ASSIGN(TaskPieces pieces, parts_.open(place.part, place.piece));
  EmittedRecords entries(formatter_, pieces.main());
  PieceRecords records(pieces.writers(), spec_.out_end);
  AttemptContext sinks;
  sinks.entries = &entries;
  sinks.records = &records;
  MRUN_TRY(maps(sinks, [&] { return pieces.status(); }));
  MRUN_TRY(pieces.close());
  {
    const std::scoped_lock lock(mutex_);
    emitted_pairs_ += entries.pairs();
  }
  return parts_.done(place.part);
}

Result<void> DirectTarget::end() {
  for (std::uint32_t part = 0; holds_parts_ && part < part_count_; ++part)
    MRUN_TRY(parts_.done(part));
  return {};
}

}  // namespace mrun
