// MapTarget: where groups of splits put what their maps give: into the shuffle, or straight into
// parts.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
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

/// Jobs with a shuffle.
class ShuffleTarget final : public MapTarget {
 public:
  explicit ShuffleTarget(MapOutput& output) : output_(output) {}
  void begin_section(std::span<const SplitGroup>) override {}
  Result<void> run(const GroupRun& group, const Maps& maps) override;

 private:
  MapOutput& output_;
};

/// Map-only jobs: parts hold the records of neighbouring groups, in input order.
class DirectTarget final : public MapTarget {
 public:
  /// `total_bytes`: of all groups as planned. Borrows the parts and the job's spec.
  DirectTarget(PartSet& parts, std::uint32_t part_count, std::uint64_t total_bytes,
               const JobSpec& spec, PairFormatter formatter, bool has_streams);
  void begin_section(std::span<const SplitGroup> groups) override;
  Result<void> run(const GroupRun& group, const Maps& maps) override;
  /// After the last section.
  Result<void> end();
  std::uint64_t emitted_pairs() const { return emitted_pairs_; }

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
  const JobSpec& spec_;
  const PairFormatter formatter_;
  const bool holds_parts_;  // Streams: how many pieces a part gets is known only at the end.

  std::mutex mutex_;                 // Guards what follows.
  std::vector<std::size_t> pieces_;  // Announced so far, by part.
  std::vector<Place> section_;       // Of the section's groups; of a stream, its first place.
  bool section_is_stream_ = false;
  std::uint64_t emitted_pairs_ = 0;
};

}  // namespace mrun
