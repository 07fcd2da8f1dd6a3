// Shares mappings between splits, and cuts them into blocks.
#include "input/mapped_blocks.hpp"

#include <algorithm>

#include "input/file_identity.hpp"

namespace mrun {
namespace {

/// How far the system is asked to read ahead of a task, in steps of half of it.
constexpr std::uint64_t kReadAheadBytes = std::uint64_t{8} << 20;
/// Less than this the system reads ahead by itself.
constexpr std::uint64_t kReadAheadLeastBytes = std::uint64_t{256} << 10;

class MappedBlocks final : public BlockSource {
 public:
  MappedBlocks(std::shared_ptr<const MappedFile> file, const SplitRange& range,
               const BlockRules& rules)
      : file_(std::move(file)), end_(range.end), rules_(rules), at_(first_record(range)) {}

  Result<bool> next(Block& block) override {
    if (at_ >= end_) return false;
    read_ahead();
    const Window window{file_->data() + at_, file_->size() - at_, at_, true};
    // The window reaches the file's end, so a record always ends in it.
    const std::size_t size =
        rules_.cutter.block_end(window, end_, rules_.block_bytes).value_or(window.size);
    block = {{window.data, size}, at_, file_};
    at_ += size;
    return true;
  }

  Result<void> check() const override {
    if (file_->damaged()) return damaged_failure(file_->path());
    return {};
  }

 private:
  /// Where the first record of the range begins; the range's end where none does.
  std::uint64_t first_record(const SplitRange& range) const {
    if (range.begin == 0) return 0;
    // From the byte before, which says whether a record begins with the range.
    const std::uint64_t from = range.begin - 1;
    const Window window{file_->data() + from, file_->size() - from, from, true, rules_.state};
    // An end at or beyond the range's end is the business of the range that follows.
    const auto end = rules_.cutter.first_end(window, 0, range.end - 1 - from);
    return end ? from + *end : range.end;
  }

  void read_ahead() {
    if (advised_ > at_ + kReadAheadBytes / 2) return;
    const std::uint64_t from = std::max(advised_, at_);
    const std::uint64_t to = std::min(end_, at_ + kReadAheadBytes);
    if (from + kReadAheadLeastBytes < to) file_->will_need(from, to - from);
    advised_ = at_ + kReadAheadBytes;
  }

  std::shared_ptr<const MappedFile> file_;
  std::uint64_t end_;
  BlockRules rules_;
  std::uint64_t at_;  ///< Offset of the next record.
  std::uint64_t advised_ = 0;
};

}  // namespace

/// What mappings that are gone have seen. It outlives them all, so that the damage that a late
/// gather runs into is known after its mapping has died.
struct MappedInputs::Damage {
  std::mutex mutex;
  std::optional<std::string> path;
};

/// A mapping that reports its damage when it dies.
struct MappedInputs::Reporting {
  Reporting(std::shared_ptr<const MappedFile> mapping, std::shared_ptr<Damage> log)
      : file(std::move(mapping)), damage(std::move(log)) {}
  Reporting(const Reporting&) = delete;
  Reporting& operator=(const Reporting&) = delete;
  ~Reporting() {
    if (!file->damaged()) return;
    const std::lock_guard lock(damage->mutex);
    damage->path = file->path();
  }

  std::shared_ptr<const MappedFile> file;
  std::shared_ptr<Damage> damage;
};

MappedInputs::MappedInputs() : damage_(std::make_shared<Damage>()) {}

Result<std::shared_ptr<const MappedFile>> MappedInputs::map(const InputFile& file,
                                                            std::uint32_t ordinal) {
  const std::lock_guard lock(mutex_);
  std::weak_ptr<const MappedFile>& known = mapped_[ordinal];
  if (std::shared_ptr<const MappedFile> shared = known.lock()) return shared;
  MRUN_TRY_ASSIGN(std::shared_ptr<const MappedFile> opened,
                  opened_input(file, MappedFile::open(file.path, MappedFile::Reading::once)));
  if (identity_of(opened->info()) != file.identity) return changed_failure(file.path);
  const MappedFile* const mapping = opened.get();
  const auto reporting = std::make_shared<Reporting>(std::move(opened), damage_);
  std::shared_ptr<const MappedFile> shared(reporting, mapping);
  known = shared;
  return shared;
}

std::optional<std::string> MappedInputs::first_damaged() const {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [ordinal, known] : mapped_) {
      const std::shared_ptr<const MappedFile> mapping = known.lock();
      if (mapping != nullptr && mapping->damaged()) return mapping->path();
    }
  }
  const std::lock_guard lock(damage_->mutex);
  return damage_->path;
}

Failure damaged_failure(const std::string& path) {
  return fail(Code::input,
              "'" + path + "' could not be read to its end: it became shorter, or its disk failed",
              "run again once nothing writes to it; see the system's log for disk errors");
}

std::unique_ptr<BlockSource> make_mapped_blocks(std::shared_ptr<const MappedFile> file,
                                                const SplitRange& range, const BlockRules& rules) {
  return std::make_unique<MappedBlocks>(std::move(file), range, rules);
}

}  // namespace mrun
