#include "engine/stored_pairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/size_text.hpp"
#include "output/key_fields.hpp"
#include "output/manifest.hpp"
#include "output/table_part.hpp"
#include "table/kv_reader.hpp"
#include "table/table_cursor.hpp"

namespace mrun {
namespace {

constexpr std::size_t kBatchPairs = 256;
constexpr std::size_t kBatchBytes = std::size_t{32} << 10;  // Of tails and values.
// A cursor's decoded block and what decoding it takes, rounded up.
constexpr std::size_t kCursorBytes = std::size_t{160} << 10;
constexpr std::size_t kSourceBytes = kCursorBytes + kBatchBytes + kBatchPairs * sizeof(Pair);

/// A table's pairs of a range of keys.
class TableWalk {
 public:
  static Result<TableWalk> open(const StoredPart& part) {
    MRUN_TRY_ASSIGN(auto reader, open_table_part(part.path, part.size_bytes, part.records,
                                                 MappedFile::Reading::once));
    return TableWalk(std::move(reader));
  }
  Result<void> start(const KeyRange& range) {
    if (!range.has_low) return cursor_->seek_to_first();
    return cursor_->seek(
        {reinterpret_cast<const std::uint8_t*>(range.low.data()), range.low.size()});
  }
  Result<void> step() { return cursor_->next(); }
  bool valid() const { return cursor_->valid(); }
  Slice key() const { return cursor_->key(); }
  Slice value() const { return cursor_->value(); }

 private:
  explicit TableWalk(std::unique_ptr<TableReader> reader)
      : reader_(std::move(reader)), cursor_(std::make_unique<TableCursor>(*reader_)) {}

  std::unique_ptr<TableReader> reader_;
  std::unique_ptr<TableCursor> cursor_;
};

/// The same of a part without an index: what lies before the range is read over.
class KvWalk {
 public:
  static Result<KvWalk> open(const StoredPart& part) {
    MRUN_TRY_ASSIGN(KvReader reader, open_kv_part(part.path, part.size_bytes));
    return KvWalk(std::move(reader));
  }
  Result<void> start(const KeyRange& range) {
    do MRUN_TRY(step());
    while (valid_ && range.has_low && key().view() < range.low);
    return {};
  }
  Result<void> step() {
    MRUN_TRY_ASSIGN(valid_, reader_.next());
    return {};
  }
  bool valid() const { return valid_; }
  Slice key() const { return reader_.key(); }
  Slice value() const { return reader_.value(); }

 private:
  explicit KvWalk(KvReader reader) : reader_(std::move(reader)) {}

  KvReader reader_;
  bool valid_ = false;
};

/// Adds to the ordinals of files in keys and values.
class OrdinalShift {
 public:
  OrdinalShift(const JobSpec& spec, std::uint32_t add) : spec_(spec), add_(add) {
    for (std::size_t i = 0; i < spec.key_fields.size(); ++i)
      if (spec.key_fields[i].type == FieldType::file) key_fields_.push_back(i);
    changes_key_ = changes_keys(spec, add);
    changes_value_ = add != 0 && spec.value_field.type == FieldType::file;
  }
  bool changes_key() const { return changes_key_; }
  bool changes_value() const { return changes_value_; }

  /// Changes the key in place; false where it is not of the declared fields.
  bool shift_key(std::uint8_t* key, std::size_t size) const {
    for (const std::size_t field : key_fields_) {
      const auto at = field_offset({key, size}, spec_.key_fields, field);
      if (!at || size - *at < sizeof(std::uint32_t)) return false;
      // The bytes of a descending field are complemented, so there more is less.
      const bool descends = spec_.key_fields[field].descending;
      std::uint32_t word;
      std::memcpy(&word, key + *at, sizeof word);
      word = __builtin_bswap32(word);
      word = __builtin_bswap32(descends ? word - add_ : word + add_);
      std::memcpy(key + *at, &word, sizeof word);
    }
    return true;
  }
  void shift_value(std::uint8_t* value) const {
    std::uint32_t word;
    std::memcpy(&word, value, sizeof word);
    word += add_;
    std::memcpy(value, &word, sizeof word);
  }

 private:
  const JobSpec& spec_;
  const std::uint32_t add_;
  std::vector<std::size_t> key_fields_;  // Those that are files.
  bool changes_key_ = false;
  bool changes_value_ = false;
};

template <typename Walk>
class StoredPairs final : public PairSource {
 public:
  StoredPairs(Walk walk, StoredPart part, KeyRange range, const Partitioner* partitioner,
              std::uint32_t partition, const StoredShape& shape, Charge charge)
      : walk_(std::move(walk)),
        part_(std::move(part)),
        range_(std::move(range)),
        partitioner_(partitioner),
        partition_(partition),
        shape_(shape),
        shift_(shape.spec, part_.ordinals_add),
        charge_(std::move(charge)),
        bytes_(kBatchBytes) {
    pairs_.reserve(kBatchPairs);
  }
  // Relaxed: read after all sources are gone.
  ~StoredPairs() override { shape_.tally.fetch_add(delivered_, std::memory_order_relaxed); }

  Result<std::span<const Pair>> next() override {
    do {
      MRUN_TRY(fill());
      if (pairs_.empty()) break;
      if (partitioner_ != nullptr) keep_partition();
    } while (pairs_.empty());
    delivered_ += pairs_.size();
    return std::span<const Pair>(pairs_);
  }

 private:
  /// The next pairs of the range. Small ones are copied, for the cursor's views die when it moves;
  /// one that is too large for that is alone, and the cursor moves on in the next call.
  Result<void> fill() {
    pairs_.clear();
    used_ = 0;
    if (!started_) {
      started_ = true;
      // Where keys change, a border says nothing of what is stored.
      MRUN_TRY(walk_.start(shift_.changes_key() ? KeyRange() : range_));
    } else if (step_first_) {
      MRUN_TRY(walk_.step());
    }
    step_first_ = false;
    while (walk_.valid() && pairs_.size() < kBatchPairs) {
      if (!shift_.changes_key() && is_above(walk_.key())) return {};
      const Slice key = walk_.key(), value = walk_.value();
      MRUN_TRY(check(value));
      const std::size_t room = std::max<std::size_t>(key.size, kPrefixBytes) + value.size;
      if (room > bytes_.size() - used_) {
        if (!pairs_.empty()) return {};
        MRUN_TRY_ASSIGN(const Placed placed, add_large(key, value));
        step_first_ = placed == Placed::inside;
        if (placed != Placed::below) return {};
        MRUN_TRY(walk_.step());
        continue;
      }
      std::uint8_t* const out = bytes_.data() + used_;
      MRUN_TRY_ASSIGN(const Placed placed,
                      add(copy(key, out), copy(value, out + room - value.size)));
      if (placed == Placed::above) return {};
      if (placed == Placed::inside) used_ += room;
      MRUN_TRY(walk_.step());
    }
    return {};
  }

  bool is_above(Slice key) const { return range_.has_high && key.view() >= range_.high; }

  /// A fold reads as many bytes as a state has, whatever is there.
  Result<void> check(Slice value) const {
    const JobSpec& spec = shape_.spec;
    const std::size_t wanted = spec.folds() ? spec.state_size : fixed_bytes(spec.value_field.type);
    const bool is_fixed = spec.folds() || spec.value_field.type != FieldType::bytes;
    return is_fixed && value.size != wanted ? malformed() : Result<void>();
  }
  Failure malformed() const {
    return fail(Code::integrity,
                fmt::format("'{}' holds a pair that is not of the types of job '{}'", part_.path,
                            shape_.spec.name),
                kMendOfDamage);
  }

  static Slice copy(Slice from, std::uint8_t* to) {
    if (from.size != 0) std::memcpy(to, from.data, from.size);
    return {to, from.size};
  }

  /// Where a pair lies to the range; only those inside are added.
  enum class Placed : std::uint8_t { below, inside, above };

  Result<Placed> add_large(Slice key, Slice value) {
    if (shift_.changes_key()) {
      large_.resize(std::max<std::size_t>(key.size, kPrefixBytes));
      key = copy(key, large_.data());
    }
    std::array<std::uint8_t, sizeof(std::uint32_t)> ordinal;
    if (shift_.changes_value()) {
      std::memcpy(ordinal.data(), value.data, ordinal.size());
      std::memcpy(bytes_.data(), ordinal.data(), ordinal.size());
      value = {bytes_.data(), ordinal.size()};
    }
    return add(key, value);
  }

  /// Both are the source's own where they are to be changed.
  Result<Placed> add(Slice key, Slice value) {
    if (shift_.changes_key()) {
      if (!shift_.shift_key(const_cast<std::uint8_t*>(key.data), key.size)) return malformed();
      if (is_above(key)) return Placed::above;
      if (range_.has_low && key.view() < range_.low) return Placed::below;
    }
    if (shift_.changes_value()) shift_.shift_value(const_cast<std::uint8_t*>(value.data));
    pairs_.push_back(pair_view(key, value, part_.input));
    return Placed::inside;
  }

  void keep_partition() {
    std::array<std::uint32_t, Partitioner::kBatch> parts;
    std::size_t kept = 0;
    for (std::size_t begin = 0; begin < pairs_.size(); begin += parts.size()) {
      const std::size_t count = std::min(parts.size(), pairs_.size() - begin);
      partitioner_->assign(std::span(pairs_).subspan(begin, count), parts);
      for (std::size_t i = 0; i < count; ++i)
        if (parts[i] == partition_) pairs_[kept++] = pairs_[begin + i];
    }
    pairs_.resize(kept);
  }

  Walk walk_;
  const StoredPart part_;
  const KeyRange range_;
  const Partitioner* const partitioner_;
  const std::uint32_t partition_;
  const StoredShape shape_;
  const OrdinalShift shift_;
  Charge charge_;
  std::vector<std::uint8_t> bytes_;  // Keys and values of the batch.
  std::size_t used_ = 0;
  std::vector<std::uint8_t> large_;  // A large key that is to be changed.
  std::vector<Pair> pairs_;
  std::uint64_t delivered_ = 0;
  bool started_ = false;
  bool step_first_ = false;  // The cursor is still at the last pair that was handed out.
};

template <typename Walk>
Result<std::unique_ptr<PairSource>> open_walk(const StoredPart& part, const KeyRange& range,
                                              const Partitioner* partitioner,
                                              std::uint32_t partition, const StoredShape& shape) {
  Charge charge;
  if (!charge.try_add(shape.budget, kSourceBytes))
    return fail(Code::limit,
                fmt::format("a merge needs {} for each part that it reads, and less is free",
                            size_text(kSourceBytes)),
                "give more with --memory, or use fewer threads with -j");
  MRUN_TRY_ASSIGN(Walk walk, Walk::open(part));
  return std::unique_ptr<PairSource>(std::make_unique<StoredPairs<Walk>>(
      std::move(walk), part, range, partitioner, partition, shape, std::move(charge)));
}

}  // namespace

std::size_t stored_source_bytes() { return kSourceBytes; }

bool changes_keys(const JobSpec& spec, std::uint32_t ordinals_add) {
  return ordinals_add != 0 && std::any_of(spec.key_fields.begin(), spec.key_fields.end(),
                                          [](Field f) { return f.type == FieldType::file; });
}

Result<std::unique_ptr<PairSource>> open_stored(const StoredPart& part, const KeyRange& range,
                                                const Partitioner* partitioner,
                                                std::uint32_t partition, const StoredShape& shape) {
  if (part.format == OutputFormat::kv)
    return open_walk<KvWalk>(part, range, partitioner, partition, shape);
  return open_walk<TableWalk>(part, range, partitioner, partition, shape);
}

}  // namespace mrun
