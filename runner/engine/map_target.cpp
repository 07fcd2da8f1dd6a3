#include "engine/map_target.hpp"

#include <algorithm>

namespace mrun {
namespace {

// Records of a map whose job has a shuffle: side outputs alone have a place for them.
class SideRecords final : public RecordSink {
 public:
  /// `sides` may be null where the job declares no side output.
  explicit SideRecords(RecordSink* sides) : sides_(sides) {}
  Result<void> write(std::uint32_t output, std::span<const Slice> fields) override {
    return output == 0 ? refused() : sides_->write(output, fields);
  }
  Result<void> write_part(std::uint32_t output, Slice bytes, bool last) override {
    return output == 0 ? refused() : sides_->write_part(output, bytes, last);
  }

 private:
  static Result<void> refused() {
    return fail(Code::plugin, "the job's map wrote an output record, but its pairs go to a reduce",
                "emit pairs and write in reduce, or make the job map-only");
  }

  RecordSink* sides_;
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
  // Nothing but the pair at hand takes memory here.
  Result<void> hold(std::uint64_t) override { return {}; }
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

MapPieces::MapPieces(PartSet& parts, std::uint32_t part_count, std::uint64_t total_bytes,
                     bool has_streams)
    : parts_(parts),
      part_count_(part_count),
      total_bytes_(std::max<std::uint64_t>(1, total_bytes)),
      holds_parts_(has_streams),
      pieces_(part_count) {
  for (std::uint32_t part = 0; holds_parts_ && part < part_count_; ++part) parts_.hold(part);
}

std::uint32_t MapPieces::part_of(std::uint64_t first_byte) const {
  __extension__ using Wide = unsigned __int128;
  return std::min(
      static_cast<std::uint32_t>(static_cast<Wide>(first_byte) * part_count_ / total_bytes_),
      part_count_ - 1);
}

void MapPieces::begin_section(std::span<const SplitGroup> groups) {
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

MapPieces::Place MapPieces::place_of(const GroupRun& group) {
  const std::scoped_lock lock(mutex_);
  if (!section_is_stream_) return section_[group.index];
  const Place place{section_.front().part, section_.front().piece + group.index};
  // Splits of a stream may come here out of order; those between are at other threads' hands.
  for (; pieces_[place.part] <= place.piece; ++pieces_[place.part]) parts_.expect(place.part, 1);
  return place;
}

Result<void> MapPieces::run(const GroupRun& group, const Write& write) {
  const Place place = place_of(group);
  if (group.moot) {
    parts_.give_up(place.part, place.piece);
    return {};
  }
  MRUN_TRY_ASSIGN(TaskPieces pieces, parts_.open(place.part, place.piece));
  MRUN_TRY(write(pieces));
  MRUN_TRY(pieces.close());
  return parts_.done(place.part);
}

Result<void> MapPieces::end() {
  for (std::uint32_t part = 0; holds_parts_ && part < part_count_; ++part)
    MRUN_TRY(parts_.done(part));
  return {};
}

ShuffleTarget::ShuffleTarget(MapOutput& output, std::optional<SideOutputs> sides)
    : output_(output), sides_(sides) {
  if (sides_) side_pieces_.emplace(sides_->parts, 1, 1, sides_->has_streams);
}

void ShuffleTarget::begin_section(std::span<const SplitGroup> groups) {
  if (side_pieces_) side_pieces_->begin_section(groups);
}

Result<void> ShuffleTarget::run(const GroupRun& group, const Maps& maps) {
  if (!side_pieces_) {
    SideRecords no_records(nullptr);
    return group.moot ? Result<void>() : map(group, no_records, maps);
  }
  return side_pieces_->run(group, [&](TaskPieces& pieces) {
    PieceRecords sides(pieces.writers(), sides_->out_end);
    SideRecords records(&sides);
    return map(group, records, maps);
  });
}

Result<void> ShuffleTarget::map(const GroupRun& group, RecordSink& records, const Maps& maps) {
  MRUN_TRY_ASSIGN(WorkerOutput* const worker, output_.take());
  worker->begin_task(group.ordinal);
  AttemptContext sinks;
  sinks.entries = worker;
  sinks.records = &records;
  auto outcome = maps(sinks, [&] { return worker->end_task(); });
  worker->end_attempt();
  output_.give_back(worker);
  return outcome;
}

Result<void> ShuffleTarget::end() {
  if (side_pieces_) return side_pieces_->end();
  return {};
}

DirectTarget::DirectTarget(PartSet& parts, std::uint32_t part_count, std::uint64_t total_bytes,
                           OutEnd out_end, PairFormatter formatter, bool has_streams)
    : out_end_(out_end),
      formatter_(std::move(formatter)),
      pieces_(parts, part_count, total_bytes, has_streams) {}

Result<void> DirectTarget::run(const GroupRun& group, const Maps& maps) {
  return pieces_.run(group, [&](TaskPieces& pieces) -> Result<void> {
    EmittedRecords entries(formatter_, pieces.main());
    PieceRecords records(pieces.writers(), out_end_);
    AttemptContext sinks;
    sinks.entries = &entries;
    sinks.records = &records;
    MRUN_TRY(maps(sinks, [&] { return pieces.status(); }));
    emitted_pairs_.fetch_add(entries.pairs(), std::memory_order_relaxed);
    return {};
  });
}

}  // namespace mrun
