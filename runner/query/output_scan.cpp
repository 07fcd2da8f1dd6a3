// Walks the parts of an output: one after another, or their cursors merged with a loser tree.
#include "query/output_scan.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shuffle/loser_tree.hpp"
#include "table/table_cursor.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kRecordsPerStop = 1024;

Slice slice_of(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

bool is_below(Slice key, const KeyRange& range) { return range.has_low && key.view() < range.low; }
bool is_above(Slice key, const KeyRange& range) {
  return range.has_high && key.view() >= range.high;
}

/// One part's pairs of the range, in the direction of the scan.
class PartScan {
 public:
  PartScan(const TableReader& reader, const ScanRequest& request)
      : cursor_(reader), request_(request) {}

  Result<void> start() {
    const KeyRange& range = request_.range;
    if (!request_.is_reverse)
      return range.has_low ? cursor_.seek(slice_of(range.low)) : cursor_.seek_to_first();
    if (!range.has_high) return cursor_.seek_to_last();
    MRUN_TRY(cursor_.seek(slice_of(range.high)));
    return cursor_.valid() ? cursor_.previous() : cursor_.seek_to_last();
  }
  Result<void> step() { return request_.is_reverse ? cursor_.previous() : cursor_.next(); }
  bool has_pair() const {
    if (!cursor_.valid()) return false;
    return request_.is_reverse ? !is_below(cursor_.key(), request_.range)
                               : !is_above(cursor_.key(), request_.range);
  }
  Slice key() const { return cursor_.key(); }
  Slice value() const { return cursor_.value(); }
  const TableCursor& cursor() const { return cursor_; }

 private:
  TableCursor cursor_;
  const ScanRequest& request_;
};

/// What the tree compares first: the key's first bytes. One at its end comes last.
struct Head {
  std::uint64_t is_at_end, k0, k1;
  std::uint32_t source;

  void take_if(bool condition, const Head& other) {
    if (condition) *this = other;
  }
};

class ScanMerge {
 public:
  using Scans = std::vector<std::unique_ptr<PartScan>>;

  ScanMerge(const Scans& scans, bool is_reverse)
      : scans_(scans), tree_(Before{&scans, is_reverse}) {
    std::vector<Head> heads;
    for (std::uint32_t source = 0; source < scans.size(); ++source)
      heads.push_back(head_of(source));
    tree_.build(std::move(heads));
  }
  /// The scan that is next, or null at the end of all.
  PartScan* next() {
    PartScan& scan = *scans_[tree_.winner()];
    return scan.has_pair() ? &scan : nullptr;
  }
  /// After the scan that was next has moved.
  void moved() { tree_.replay(head_of(tree_.winner())); }

 private:
  struct Before {
    const Scans* scans;
    bool is_reverse;
    bool operator()(const Head& a, const Head& b) const {
      if (a.is_at_end != b.is_at_end) return a.is_at_end < b.is_at_end;
      if (a.is_at_end != 0) return a.source < b.source;
      const Head& low = is_reverse ? b : a;
      const Head& high = is_reverse ? a : b;
      if (low.k0 != high.k0) return low.k0 < high.k0;
      if (low.k1 != high.k1) return low.k1 < high.k1;
      const int keys =
          (*scans)[low.source]->key().view().compare((*scans)[high.source]->key().view());
      return keys != 0 ? keys < 0 : low.source < high.source;
    }
  };

  Head head_of(std::uint32_t source) const {
    const PartScan& scan = *scans_[source];
    if (!scan.has_pair()) return {1, 0, 0, source};
    const KeyPrefix prefix = key_prefix(scan.key());
    return {0, prefix.k0, prefix.k1, source};
  }

  const Scans& scans_;
  LoserTree<Head, Before> tree_;
};

/// The parts that can hold keys of the range, in order.
std::vector<std::size_t> parts_of(const TableOutput& output, const KeyRange& range) {
  std::vector<std::size_t> parts;
  for (const std::size_t part : output.filled_parts()) {
    const KeyBounds& keys = output.bounds(part);
    if ((!range.has_low || keys.reaches(range.low)) &&
        !(range.has_high && keys.first >= range.high))
      parts.push_back(part);
  }
  return parts;
}

class OutputScan {
 public:
  OutputScan(TableOutput& output, const ScanRequest& request, const StopFlag& stop,
             const std::function<Result<bool>(Slice, Slice)>& take)
      : output_(output), request_(request), stop_(stop), take_(take) {}

  Result<ScanStats> run() && {
    std::vector<std::size_t> parts = parts_of(output_, request_.range);
    if (output_.schema().part_rule != PartRule::range) {
      MRUN_TRY(scan_merged(parts));
      return stats_;
    }
    // Parts that are ranges of keys follow each other: one cursor at a time.
    if (request_.is_reverse) std::reverse(parts.begin(), parts.end());
    for (const std::size_t& part : parts)
      if (!is_done()) MRUN_TRY(scan_merged(std::span(&part, 1)));
    return stats_;
  }

 private:
  Result<void> scan_merged(std::span<const std::size_t> parts) {
    if (parts.empty()) return {};
    ScanMerge::Scans scans;
    for (const std::size_t part : parts) {
      if (stop_.stopped()) return fail(Code::cancelled, "stopped");
      MRUN_TRY_ASSIGN(const TableReader* const reader, output_.part(part));
      scans.push_back(std::make_unique<PartScan>(*reader, request_));
      MRUN_TRY(scans.back()->start());
      ++stats_.parts_asked;
      if (!scans.back()->has_pair())
        ++(scans.back()->cursor().blocks_read() == 0 ? stats_.filtered : stats_.read_in_vain);
    }
    ScanMerge merge(scans, request_.is_reverse);
    for (PartScan* scan = merge.next(); scan != nullptr && !is_done(); scan = merge.next()) {
      MRUN_TRY(hand_over(*scan));
      if (is_done()) break;
      MRUN_TRY(scan->step());
      merge.moved();
    }
    for (const auto& scan : scans) stats_.reads.add(scan->cursor());
    return {};
  }

  bool is_done() const { return is_ended_ || stats_.records == request_.records_most; }

  Result<void> hand_over(const PartScan& scan) {
    MRUN_TRY_ASSIGN(const bool goes_on, take_(scan.key(), scan.value()));
    is_ended_ = !goes_on;
    ++stats_.records;
    if (stats_.records % kRecordsPerStop == 0 && stop_.stopped())
      return fail(Code::cancelled, "stopped");
    return {};
  }

  TableOutput& output_;
  const ScanRequest& request_;
  const StopFlag& stop_;
  const std::function<Result<bool>(Slice, Slice)>& take_;
  ScanStats stats_;
  bool is_ended_ = false;
};

}  // namespace

KeyRange range_of_prefix(const std::string& prefix) {
  KeyRange range;
  range.low = range.high = prefix;
  range.has_low = true;
  // The first bytes after all that begin with the prefix: its last byte that can grow, grown.
  while (!range.high.empty() && range.high.back() == '\xFF') range.high.pop_back();
  range.has_high = !range.high.empty();
  if (range.has_high) ++range.high.back();
  return range;
}

Result<ScanStats> scan_output(TableOutput& output, const ScanRequest& request, const StopFlag& stop,
                              const std::function<Result<bool>(Slice key, Slice value)>& take) {
  return OutputScan(output, request, stop, take).run();
}

Result<CountedRecords> count_records(TableOutput& output, const KeyRange& range) {
  CountedRecords counted;
  if (range.has_low && range.has_high && range.low >= range.high) return counted;
  const auto rank = [&](const TableReader& reader,
                        const std::string& key) -> Result<std::uint64_t> {
    TableCursor cursor(reader);
    MRUN_TRY(cursor.seek(slice_of(key)));
    counted.reads.add(cursor);
    return cursor.rank();
  };
  if (!range.has_low && !range.has_high) {
    // Those without pairs, too: what the manifest says is not what the files hold.
    for (std::size_t part = 0; part < output.part_count(); ++part) {
      MRUN_TRY_ASSIGN(const TableReader* const reader, output.part(part));
      counted.records += reader->entries();
    }
    return counted;
  }
  for (const std::size_t part : parts_of(output, range)) {
    MRUN_TRY_ASSIGN(const TableReader* const reader, output.part(part));
    std::uint64_t high = reader->entries(), low = 0;
    if (range.has_high) {
      MRUN_TRY_ASSIGN(high, rank(*reader, range.high));
    }
    if (range.has_low) {
      MRUN_TRY_ASSIGN(low, rank(*reader, range.low));
    }
    counted.records += high - low;
  }
  return counted;
}

}  // namespace mrun
