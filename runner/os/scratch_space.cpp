#include "os/scratch_space.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/size_text.hpp"

namespace mrun {

/// Charges its length while it lives.
class ScratchSpace::File final : public StorageFile {
 public:
  File(ScratchSpace& space, std::unique_ptr<StorageFile> file)
      : space_(space), file_(std::move(file)) {}
  ~File() override { space_.used_bytes_.fetch_sub(length_, std::memory_order_relaxed); }

  Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
    const std::uint64_t end = offset + bytes.size();
    if (end > length_) {
      const std::uint64_t more = end - length_;
      const std::uint64_t before = space_.used_bytes_.fetch_add(more, std::memory_order_relaxed);
      if (before > space_.limit_bytes_ || more > space_.limit_bytes_ - before) {
        space_.used_bytes_.fetch_sub(more, std::memory_order_relaxed);
        return fail(Code::limit,
                    "what does not fit in memory needs more than the " +
                        size_text(space_.limit_bytes_) + " of disk that --tmp-limit allows",
                    "give more with --tmp-limit or --memory");
      }
      length_ = end;
    }
    return file_->write_at(bytes, offset);
  }
  Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override {
    return file_->read_at(bytes, offset);
  }
  void start_writeback(std::uint64_t offset, std::uint64_t size_bytes) override {
    file_->start_writeback(offset, size_bytes);
  }
  void start_reading(std::uint64_t offset, std::uint64_t size_bytes) override {
    file_->start_reading(offset, size_bytes);
  }
  void drop_cached(std::uint64_t offset, std::uint64_t size_bytes) override {
    file_->drop_cached(offset, size_bytes);
  }
  Result<void> sync() override { return file_->sync(); }
  Result<void> close() override { return file_->close(); }
  const std::string& name() const override { return file_->name(); }

 private:
  ScratchSpace& space_;
  std::unique_ptr<StorageFile> file_;
  std::uint64_t length_ = 0;
};

ScratchSpace::ScratchSpace(Storage& storage, std::vector<std::string> folders,
                           std::uint64_t limit_bytes)
    : storage_(storage), folders_(std::move(folders)), limit_bytes_(limit_bytes) {
  MRUN_CHECK(!folders_.empty());
}

ScratchSpace::~ScratchSpace() { MRUN_CHECK(used_bytes() == 0); }

Result<std::unique_ptr<StorageFile>> ScratchSpace::create() {
  const std::size_t turn = next_.fetch_add(1, std::memory_order_relaxed);
  MRUN_TRY_ASSIGN(auto file, storage_.create_scratch(folders_[turn % folders_.size()]));
  return std::unique_ptr<StorageFile>(std::make_unique<File>(*this, std::move(file)));
}

}  // namespace mrun
