// PackedFile: a compressed file that many threads read, each a part of it.
//
// A part is a split: a range of the file as it is stored. Where it really begins is its border: the
// first place from the range on that looks like a unit's beginning (unit_search.hpp) or that the
// sizes of legacy blocks name (lz4_legacy.hpp), or, where there is none near, the range's own.
// Borders depend on the file's bytes alone. Threads decode parts that begin with a unit ahead of
// their turn; then the turn goes from part to part, in order, and with it what the parts before
// know: whether a unit really ends at the border, and how far the text and its records have come. A
// part that must not trust its own work goes on with the decoder of the part before it, or with a
// new one from the last place where one can begin.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "codec/lz4_legacy.hpp"
#include "input/decoded_bytes.hpp"
#include "input/file_header.hpp"
#include "input/input_list.hpp"
#include "input/split_planner.hpp"
#include "input/window_buffer.hpp"
#include "os/read_file.hpp"

namespace mrun {

/// What a part hands on to the next.
struct PackedTurn {
  explicit PackedTurn(MemoryBudget& budget) : tail(budget) {}

  /// Of the unit that goes on over the border; none where a unit ends there.
  std::optional<DecodedBytes> decoder;
  bool is_in_order = false;                  ///< It decodes the whole file, not a part.
  std::unique_ptr<StreamChecks> checks;      ///< Of the stream that is open where `decoder` began.
  DecodingPlace restart;                     ///< The last place where a new decoder may begin.
  std::uint64_t text = 0;                    ///< Offset in the text of what is decoded next.
  WindowBuffer tail;                         ///< The beginning of a record, right before it.
  std::uint64_t line = 1;                    ///< Of that record, where lines are counted.
  std::shared_ptr<const FileHeader> header;  ///< The file's first record, where it is a header.
};

/// One file. Any thread may call any member.
class PackedFile {
 public:
  struct Part {
    FilePart bytes;
    bool begins_unit = false;  ///< It looks like it.
    bool ends_file = false;
  };

  static Result<std::shared_ptr<PackedFile>> open(const InputFile& input, MemoryBudget& budget);

  const InputFile& input() const { return input_; }
  Compression compression() const { return input_.compression; }
  /// Where to read from offset `at` on, for `memory_bytes` of decoder.
  DecodedBytes::Source source(std::uint64_t at, std::size_t memory_bytes) const;

 private:
  friend class PackedFiles;

  struct Border {
    std::uint64_t bit = 0;
    bool is_unit = false;
    bool in_legacy_frame = false;
  };

  PackedFile(const InputFile& input, ReadFile file, MemoryBudget& budget)
      : input_(input), file_(std::make_shared<const ReadFile>(std::move(file))), budget_(budget) {}
  Result<Border> find_border(std::uint64_t at);
  Result<void> walk_legacy(std::uint64_t at);

  const InputFile& input_;
  std::shared_ptr<const ReadFile> file_;
  MemoryBudget& budget_;
  std::vector<std::byte> first_bytes_;

  // Of the one thread that looks for a border: that of the part whose border was found last.
  std::uint64_t searched_to_ = 0;       ///< Looked at so far.
  std::optional<std::uint64_t> found_;  ///< The last unit before that.
  std::optional<LegacyPlace> legacy_;   ///< The last place walked to, while the file has nothing
                                        ///< but frames of lz4's legacy format.

  // Guarded by PackedFiles.
  std::optional<Border> border_;    ///< Of the next part to begin, once it is known,
  std::uint64_t border_at_ = 0;     ///< and where its range begins.
  std::optional<PackedTurn> turn_;  ///< Of part `turn_at_`, while nobody has it.
  std::uint64_t turn_at_ = 0;       ///< Where that part's range begins.
};

/// All of a run that are cut. Any thread may call any member.
class PackedFiles {
 public:
  explicit PackedFiles(const StopFlag& stop) : stop_(stop) {}

  /// Whether a part can begin now, and would not only wait for the one before to have been decoded.
  bool may_begin(const SplitRange& range);
  /// Returns when something has changed since `change_count` had the value `seen`.
  void wait_for_change(std::uint64_t seen);
  std::uint64_t change_count();

  struct Begun {
    std::shared_ptr<PackedFile> file;
    PackedFile::Part part;
  };
  /// Opens the file if it is its first part, and finds where the part begins and ends; waits until
  /// the part before has begun. Code::cancelled where one was given up, or the run is stopped.
  Result<Begun> begin(const SplitRange& range, const InputFile& input, MemoryBudget& budget);
  /// Waits until the parts before have been decoded. Code::cancelled where one was given up, or the
  /// run is stopped.
  Result<PackedTurn> wait_turn(const SplitRange& range);
  /// Hands on to the part that begins where `range` ends; after the file's last part there is none.
  void pass_turn(const SplitRange& range, PackedTurn turn);
  /// The part will not be decoded to its end, or its failure makes those behind it useless: they
  /// end with Code::cancelled.
  void give_up(const SplitRange& range);

 private:
  struct State {
    std::shared_ptr<PackedFile> file;          ///< Null before the first part and after the last.
    std::uint64_t given_up_from = UINT64_MAX;  ///< Parts whose ranges begin behind it are.
  };
  template <typename IsReady>
  Result<void> wait(std::unique_lock<std::mutex>& lock, const SplitRange& range,
                    const IsReady& is_ready);
  void note_change();

  const StopFlag& stop_;
  std::mutex mutex_;  ///< Guards what follows.
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  std::unordered_map<std::uint32_t, State> files_;
};

}  // namespace mrun
