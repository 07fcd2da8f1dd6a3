// MapTarget: where groups of splits put what their maps give: into the shuffle, or straight into
// parts.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/map_output.hpp"
#include "engine/part_set.hpp"
#include "engine/split_groups.hpp"
#include "model/user_code.hpp"
#include "output/record_writer.hpp"
#include "output/text_format.hpp"

namespace mrun {

/// One group of splits at work.
struct GroupRun {
  std::uint32_t ordinal = 0;  ///< Among all groups, in input order.
  std::size_t index = 0;      ///< In its section: the group's, or the split's in its stream.
  bool moot = false;          ///< An earlier group failed: it need not map, only be accounted for.
};

class MapTarget {
 public:
  virtual ~MapTarget() = default;

  /// Maps the group's splits with the sinks it is given (of the context only those are set), and
  /// calls what it is given after each split that succeeded.
  using AfterSplit = std::function<Result<void>()>;
  using Maps =
      std::function<Result<void>(const AttemptContext& sinks, const AfterSplit& after_split)>;

  /// Sections follow each other; the groups of one run at once, on any threads.
  virtual void begin_section(std::span<const SplitGroup> groups) = 0;
  virtual Result<void> run(const GroupRun& group, const Maps& maps) = 0;
};

/// The pieces of parts that groups of splits write: neighbouring groups share a part, in input
/// order. Any thread may call any member.
class MapPieces {
 public:
  /// Writes one group's piece.
  using Write = std::function<Result<void>(TaskPieces&)>;

  /// `total_bytes`: of all groups as planned. Borrows the parts, of which it uses the first
  /// `part_count`.
  MapPieces(PartSet& parts, std::uint32_t part_count, std::uint64_t total_bytes, bool has_streams);
  void begin_section(std::span<const SplitGroup> groups);
  /// Opens the group's piece, has it written and closes it; gives up the piece of a moot group.
  Result<void> run(const GroupRun& group, const Write& write);
  /// After the last section.
  Result<void> end();

 private:
  struct Place {
    std::uint32_t part = 0;
    std::size_t piece = 0;
  };
  std::uint32_t part_of(std::uint64_t first_byte) const;
  Place place_of(const GroupRun& group);

  PartSet& parts_;
  const std::uint32_t part_count_;
  const std::uint64_t total_bytes_;
  const bool holds_parts_;  // Streams: how many pieces a part gets is known only at the end.

  std::mutex mutex_;                 // Guards what follows.
  std::vector<std::size_t> pieces_;  // Announced so far, by part.
  std::vector<Place> section_;       // Of the section's groups; of a stream, its first place.
  bool section_is_stream_ = false;
};

/// Jobs with a shuffle. What map writes to side outputs goes to their first files, before what
/// reduce writes there.
class ShuffleTarget final : public MapTarget {
 public:
  /// For jobs that declare side outputs: the parts to write to, how a record ends, and whether the
  /// input has streams.
  struct SideOutputs {
    PartSet& parts;
    OutEnd out_end;
    bool has_streams;
  };
  /// Borrows all.
  explicit ShuffleTarget(MapOutput& output, std::optional<SideOutputs> sides = std::nullopt);
  void begin_section(std::span<const SplitGroup> groups) override;
  Result<void> run(const GroupRun& group, const Maps& maps) override;
  /// After the last section.
  Result<void> end();

 private:
  Result<void> map(const GroupRun& group, RecordSink& records, const Maps& maps);

  MapOutput& output_;
  std::optional<SideOutputs> sides_;
  std::optional<MapPieces> side_pieces_;
};

/// Map-only jobs: parts hold the records of neighbouring groups, in input order.
class DirectTarget final : public MapTarget {
 public:
  /// `total_bytes`: of all groups as planned. Borrows the parts.
  DirectTarget(PartSet& parts, std::uint32_t part_count, std::uint64_t total_bytes, OutEnd out_end,
               PairFormatter formatter, bool has_streams);
  void begin_section(std::span<const SplitGroup> groups) override { pieces_.begin_section(groups); }
  Result<void> run(const GroupRun& group, const Maps& maps) override;
  /// After the last section.
  Result<void> end() { return pieces_.end(); }
  std::uint64_t emitted_pairs() const { return emitted_pairs_; }

 private:
  const OutEnd out_end_;
  const PairFormatter formatter_;
  MapPieces pieces_;
  std::atomic<std::uint64_t> emitted_pairs_{0};
};

}  // namespace mrun
