// Opens a run that lies in a file: header, footer and index are read and checked.
#include "shuffle/run.hpp"

#include <fmt/format.h>

#include <array>

#include "base/check.hpp"
#include "base/size_text.hpp"
#include "os/page_buffer.hpp"

namespace mrun {
namespace {

/// Whether the footer's numbers can be true of a run of `size_bytes`.
bool plausible(const RunFooter& footer, std::uint64_t size_bytes) {
  if (footer.block_bytes < kBlockBytesMin || footer.block_bytes > kBlockBytesMax) return false;
  if (footer.has_zstd > 1 || footer.index_stride == 0 || footer.index_entries > kIndexEntriesMax)
    return false;
  const std::uint64_t listed = footer.block_count / footer.index_stride +
                               (footer.block_count % footer.index_stride != 0 ? 1 : 0);
  if (listed != footer.index_entries) return false;
  const std::uint64_t index_bytes = footer.index_entries * kBlockHeaderBytes;
  if (size_bytes < kRunHeaderBytes + index_bytes + kRunFooterBytes) return false;
  if (footer.index_offset != size_bytes - kRunFooterBytes - index_bytes) return false;
  return footer.block_count != 0 || footer.index_offset == kRunHeaderBytes;
}

}  // namespace

void Run::thin_index() {
  footer_.index_stride *= 2;
  std::vector<BlockHeader> thinned;
  thinned.reserve((index_.size() + 1) / 2);
  for (std::size_t i = 0; i < index_.size(); i += 2) thinned.push_back(index_[i]);
  index_ = std::move(thinned);
  charge_.shrink_to(index_charge(index_.capacity()));
}

Failure damaged_run(const StorageFile& file, std::uint64_t offset, const char* why) {
  return fail(
      Code::integrity,
      fmt::format("the sorted run in '{}' is damaged at offset {}: {}", file.name(), offset, why),
      "run the job again; if it happens again, check the disk");
}

Result<Run> Run::open(MemoryBudget& budget, StorageFile& file, std::uint64_t begin,
                      std::uint64_t end) {
  MRUN_CHECK(begin <= end);
  Run run(file, begin, end);
  if (run.size_bytes() < kRunHeaderBytes + kRunFooterBytes)
    return damaged_run(file, begin, "it is too short");

  std::array<std::byte, kRunHeaderBytes> header;
  MRUN_TRY(file.read_at(header, begin));
  if (const char* why = check_run_header(header)) return damaged_run(file, begin, why);

  std::array<std::byte, kRunFooterBytes> footer_bytes;
  const std::uint64_t footer_at = end - kRunFooterBytes;
  MRUN_TRY(file.read_at(footer_bytes, footer_at));
  const auto footer = decode_run_footer(footer_bytes);
  if (!footer) return damaged_run(file, footer_at, "its footer is missing or changed");
  if (!plausible(*footer, run.size_bytes()))
    return damaged_run(file, footer_at, "its footer contradicts itself");
  run.footer_ = *footer;
  MRUN_TRY(run.read_index(budget));
  return run;
}

std::size_t SortedRun::block_bytes_largest() const {
  std::size_t largest = 0;
  for (const Run& segment : segments) largest = std::max(largest, segment.block_bytes_largest());
  return largest;
}

std::uint64_t SortedRun::sum(std::uint64_t (Run::*count)() const) const {
  std::uint64_t sum = 0;
  for (const Run& segment : segments) sum += (segment.*count)();
  return sum;
}

Result<void> Run::read_index(MemoryBudget& budget) {
  const std::size_t entries = footer_.index_entries;
  if (!charge_.try_add(budget, index_charge(entries)))
    return fail(Code::limit,
                fmt::format("no memory for the index of the sorted run in '{}': it needs {}",
                            file_->name(), size_text(entries * sizeof(BlockHeader))),
                "give more with --memory");
  index_.reserve(entries);
  MRUN_TRY_ASSIGN(const PageBuffer buffer,
                  PageBuffer::allocate(budget, entries * kBlockHeaderBytes));
  const std::span<std::byte> bytes(buffer.data(), entries * kBlockHeaderBytes);
  const std::uint64_t at = begin_ + footer_.index_offset;
  MRUN_TRY(file_->read_at(bytes, at));
  if (block_checksum(bytes) != footer_.index_checksum)
    return damaged_run(*file_, at, "the checksum of its index does not hold");

  std::uint64_t expected = kRunHeaderBytes;
  for (std::size_t i = 0; i < entries; ++i) {
    const auto header =
        decode_block_header(bytes.subspan(i * kBlockHeaderBytes).first<kBlockHeaderBytes>());
    const bool placed = header && (i == 0 || footer_.index_stride == 1 ? header->offset == expected
                                                                       : header->offset > expected);
    if (!placed || header->offset >= footer_.index_offset)
      return damaged_run(*file_, at + i * kBlockHeaderBytes, "its index contradicts itself");
    expected = header->end();
    index_.push_back(*header);
  }
  return {};
}

}  // namespace mrun
