#include "os/scratch_space.hpp"

#include <algorithm>
#include <chrono>

#include "base/check.hpp"
#include "base/size_text.hpp"
#include "os/machine.hpp"

namespace mrun {

void WriteRate::add(std::uint64_t bytes, double seconds) {
  // A disk that is given more than it can take shows it only when its cache is full: what is older
  // weighs less and less.
  constexpr double kBytesMost = 128 << 20;
  const std::scoped_lock lock(mutex_);
  bytes_ += static_cast<double>(bytes);
  seconds_ += seconds;
  if (bytes_ < kBytesMost) return;
  bytes_ /= 2;
  seconds_ /= 2;
}

double WriteRate::seconds_a_byte() const {
  const std::scoped_lock lock(mutex_);
  return bytes_ > 0 ? seconds_ / bytes_ : 0;
}

/// Charges its length, less what was discarded, while it lives.
class ScratchSpace::File final : public StorageFile {
 public:
  explicit File(ScratchSpace& space)
      : space_(space),
        file_(space.folders_,
              space.next_.fetch_add(1, std::memory_order_relaxed) % space.folders_.count()) {}
  ~File() override {
    space_.used_bytes_.fetch_sub(length_ - discarded_, std::memory_order_relaxed);
  }

  Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
    const std::uint64_t end = offset + bytes.size();
    if (end > length_) {
      MRUN_TRY(space_.charge(end - length_));
      length_ = end;
    }
    const std::uint64_t preemptions = thread_preemptions();
    const auto begin = std::chrono::steady_clock::now();
    Result<void> written = file_.write_at(bytes, offset);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    // While others had the processor the clock tells nothing of the disk.
    if (thread_preemptions() == preemptions) space_.write_rate_.add(bytes.size(), spent.count());
    if (!written && file_.out_of_room()) return space_.out_of_room(std::move(written).error());
    return written;
  }
  bool out_of_room() const override { return file_.out_of_room(); }
  Result<void> read_at(std::span<std::byte> bytes, std::uint64_t offset) override {
    return file_.read_at(bytes, offset);
  }
  void start_writeback(std::uint64_t offset, std::uint64_t size_bytes) override {
    file_.start_writeback(offset, size_bytes);
  }
  void start_reading(std::uint64_t offset, std::uint64_t size_bytes) override {
    file_.start_reading(offset, size_bytes);
  }
  void drop_cached(std::uint64_t offset, std::uint64_t size_bytes) override {
    file_.drop_cached(offset, size_bytes);
  }
  bool discard(std::uint64_t offset, std::uint64_t size_bytes) override {
    if (!file_.discard(offset, size_bytes)) return false;
    discarded_.fetch_add(size_bytes, std::memory_order_relaxed);
    space_.used_bytes_.fetch_sub(size_bytes, std::memory_order_relaxed);
    return true;
  }
  Result<void> sync() override { return file_.sync(); }
  Result<void> close() override { return file_.close(); }
  const std::string& name() const override { return file_.name(); }

 private:
  ScratchSpace& space_;
  StripedFile file_;
  std::uint64_t length_ = 0;
  std::atomic<std::uint64_t> discarded_{0};
};

ScratchSpace::ScratchSpace(Storage& storage, std::vector<std::string> folders,
                           std::uint64_t limit_bytes)
    : folders_(storage, std::move(folders)), limit_bytes_(limit_bytes) {}

ScratchSpace::~ScratchSpace() { MRUN_CHECK(used_bytes() == 0); }

std::unique_ptr<StorageFile> ScratchSpace::create() { return std::make_unique<File>(*this); }

/// Takes `bytes` of the limit.
Result<void> ScratchSpace::charge(std::uint64_t bytes) {
  const std::uint64_t before = used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (before > limit_bytes_ || bytes > limit_bytes_ - before) {
    used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return fail(Code::limit,
                "what does not fit in memory needs more than the " + size_text(limit_bytes_) +
                    " of disk that --tmp-limit allows" + need_text(),
                "give more with --tmp-limit or --memory, or pack it with --compress-spill zstd");
  }
  const std::uint64_t now = before + bytes;
  std::uint64_t peak = peak_bytes_.load(std::memory_order_relaxed);
  while (now > peak && !peak_bytes_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
  return {};
}

std::string ScratchSpace::need_text() const {
  return expected_bytes_ == 0 ? std::string()
                              : ": about " + size_text(expected_bytes_) + " were expected";
}

Failure ScratchSpace::out_of_room(Error error) const {
  error.message +=
      "; " + size_text(used_bytes()) + " of what does not fit in memory lie in " + folders_.text();
  if (expected_bytes_ != 0) error.message += ", of about " + size_text(expected_bytes_);
  error.hint =
      "free some space, name other folders with --tmp-dir (several are used side by side), give "
      "more --memory, or pack what is put there with --compress-spill zstd";
  return Failure{std::move(error)};
}

}  // namespace mrun
