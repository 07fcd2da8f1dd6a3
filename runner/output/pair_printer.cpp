#include "output/pair_printer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "os/path_info.hpp"
#include "output/text_format.hpp"
#include "table/kv_reader.hpp"
#include "table/table_cursor.hpp"

namespace mrun {
namespace {

constexpr std::size_t kTextBytes = std::size_t{1} << 20;
constexpr std::uint64_t kStopPeriodPairs = 4096;

using Write = std::function<Result<void>(std::span<const std::byte>)>;

class PairText {
 public:
  PairText(const PairSchema& schema, const Write& write)
      : formatter_(printed_spec(schema), schema.file_names), write_(write), text_(kTextBytes) {}

  /// False where the pair does not have the types that the manifest declares.
  Result<bool> add(Slice key, Slice value) {
    const std::size_t most = formatter_.bytes_max(key.size, value.size);
    if (most > text_.size() - size_) MRUN_TRY(flush());
    if (most <= text_.size()) {
      std::uint8_t* const begin = text_.data() + size_;
      const std::uint8_t* const end = formatter_.write(begin, key, value);
      if (end == nullptr) return false;
      size_ += static_cast<std::size_t>(end - begin);
      return true;
    }
    Result<void> written;
    const bool decodes = formatter_.write_pieces(key, value, [&](Slice bytes) {
      for (; written && bytes.size != 0;) {
        const std::size_t size = std::min<std::size_t>(bytes.size, kTextBytes);
        written = write_({reinterpret_cast<const std::byte*>(bytes.data), size});
        bytes = {bytes.data + size, bytes.size - size};
      }
    });
    MRUN_TRY(std::move(written));
    return decodes;
  }
  Result<void> flush() {
    const std::size_t size = std::exchange(size_, 0);
    if (size == 0) return {};
    return write_({reinterpret_cast<const std::byte*>(text_.data()), size});
  }

 private:
  const PairFormatter formatter_;
  const Write& write_;
  std::vector<std::uint8_t> text_;
  std::size_t size_ = 0;
};

class PartPrinter {
 public:
  PartPrinter(std::string path, PairText& text, const StopFlag& stop)
      : path_(std::move(path)), text_(text), stop_(stop) {}

  Result<void> print_table() {
    MRUN_TRY_ASSIGN(const std::unique_ptr<TableReader> table,
                    TableReader::open(path_, MappedFile::Reading::once));
    TableCursor cursor(*table);
    MRUN_TRY(cursor.seek_to_first());
    while (cursor.valid()) {
      MRUN_TRY(add(cursor.key(), cursor.value()));
      MRUN_TRY(cursor.next());
    }
    return check(table->entries());
  }

  Result<void> print_kv() {
    MRUN_TRY_ASSIGN(KvReader pairs, KvReader::open(path_));
    while (true) {
      MRUN_TRY_ASSIGN(const bool more, pairs.next());
      if (!more) return {};
      MRUN_TRY(add(pairs.key(), pairs.value()));
    }
  }
  std::uint64_t pairs() const { return pairs_; }

 private:
  Result<void> add(Slice key, Slice value) {
    if (pairs_++ % kStopPeriodPairs == 0 && stop_.stopped())
      return fail(Code::cancelled, "stopped while reading '" + path_ + "'");
    MRUN_TRY_ASSIGN(const bool decodes, text_.add(key, value));
    if (decodes) return {};
    return fail(Code::integrity,
                fmt::format("'{}' does not hold the types that its manifest declares: pair {}",
                            path_, pairs_),
                kMendOfDamage);
  }
  Result<void> check(std::uint64_t entries) const {
    if (pairs_ == entries) return {};
    return fail(Code::integrity,
                fmt::format("'{}' says that it has {} pairs, and holds {}", path_, entries, pairs_),
                kMendOfDamage);
  }

  const std::string path_;
  PairText& text_;
  const StopFlag& stop_;
  std::uint64_t pairs_ = 0;
};

}  // namespace

Result<void> print_pairs(const std::string& output, const Manifest& manifest, const StopFlag& stop,
                         const Write& write) {
  PairText text(*manifest.pairs, write);
  for (const PartInfo& part : manifest.parts) {
    if (!part.side_output.empty()) continue;
    const std::string path = output + "/" + part.name;
    MRUN_TRY_ASSIGN(const PathInfo info, link_info(path, Code::input));
    if (info.kind != PathKind::file)
      return fail(Code::integrity,
                  fmt::format("'{}' is {}", path, info.exists() ? "not a file" : "missing"),
                  kMendOfDamage);
    PartPrinter printer(path, text, stop);
    const Result<void> printed =
        manifest.pairs->format == OutputFormat::table ? printer.print_table() : printer.print_kv();
    // What came before the damage is right.
    MRUN_TRY(text.flush());
    MRUN_TRY(printed);
    if (printer.pairs() != part.records || info.size_bytes != part.size_bytes)
      return fail(
          Code::integrity,
          fmt::format("'{}' has {} pairs in {} bytes, but {} in {} when it was written", path,
                      printer.pairs(), info.size_bytes, part.records, part.size_bytes),
          kMendOfDamage);
  }
  return {};
}

}  // namespace mrun
