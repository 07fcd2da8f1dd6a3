#include "output/part_stream.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace mrun {
namespace {

constexpr std::size_t kCopyBytes = std::size_t{64} << 10;

}  // namespace

/// A part as a file that is only appended to.
class PartStream::File final : public StorageFile {
 public:
  File(PartStream& stream, std::uint32_t number) : stream_(stream), number_(number), name_("-") {}

  Result<void> write_at(std::span<const std::byte> bytes, std::uint64_t offset) override {
    MRUN_CHECK(offset == size_);
    size_ += bytes.size();
    return stream_.append(number_, bytes);
  }
  Result<void> read_at(std::span<std::byte>, std::uint64_t) override {
    return fail(Code::output, "a streamed part cannot be read back");
  }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  Result<void> sync() override { return {}; }
  Result<void> close() override { return stream_.end(number_); }
  const std::string& name() const override { return name_; }

 private:
  PartStream& stream_;
  const std::uint32_t number_;
  const std::string name_;
  std::uint64_t size_ = 0;
};

PartStream::PartStream(ScratchSpace& scratch, std::uint32_t part_count, Write write)
    : scratch_(scratch), write_(std::move(write)), parts_(part_count) {}

PartStream::~PartStream() = default;

Result<std::unique_ptr<StorageFile>> PartStream::open(std::uint32_t number) {
  MRUN_CHECK(number < parts_.size());
  return std::unique_ptr<StorageFile>(std::make_unique<File>(*this, number));
}

bool PartStream::reader_gone() const {
  const std::scoped_lock lock(mutex_);
  return reader_gone_;
}

Result<void> PartStream::append(std::uint32_t number, std::span<const std::byte> bytes) {
  const std::scoped_lock lock(mutex_);
  Part& part = parts_[number];
  if (number == next_) {
    MRUN_TRY(write_waiting(part));
    return write(bytes);
  }
  if (part.waiting == nullptr) part.waiting = scratch_.create();
  MRUN_TRY(part.waiting->write_at(bytes, part.waiting_bytes));
  part.waiting_bytes += bytes.size();
  return {};
}

Result<void> PartStream::end(std::uint32_t number) {
  const std::scoped_lock lock(mutex_);
  parts_[number].ended = true;
  for (; next_ < parts_.size() && parts_[next_].ended; ++next_)
    MRUN_TRY(write_waiting(parts_[next_]));
  return {};
}

Result<void> PartStream::write_waiting(Part& part) {
  if (part.waiting == nullptr) return {};
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(std::min<std::uint64_t>(kCopyBytes, part.waiting_bytes)));
  for (std::uint64_t at = 0; at < part.waiting_bytes;) {
    const std::span<std::byte> piece = std::span(bytes).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), part.waiting_bytes - at)));
    MRUN_TRY(part.waiting->read_at(piece, at));
    MRUN_TRY(write(piece));
    at += piece.size();
  }
  part.waiting.reset();
  return {};
}

Result<void> PartStream::write(std::span<const std::byte> bytes) {
  if (!reader_gone_) {
    MRUN_TRY_ASSIGN(const bool has_reader, write_(bytes));
    reader_gone_ = !has_reader;
  }
  if (reader_gone_) return fail(Code::cancelled, "the reader of the standard output has gone");
  return {};
}

}  // namespace mrun
