// PartSet: the part files of an output, each opened with its first piece and finished with its
// last.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "output/ordered_part.hpp"

namespace mrun {

/// What one piece of work writes to: the main output, then each side output.
class TaskPieces {
 public:
  explicit TaskPieces(std::vector<PieceWriter> writers) : writers_(std::move(writers)) {}
  std::span<PieceWriter> writers() { return writers_; }
  PieceWriter& main() { return writers_.front(); }
  /// The first failure of any of the outputs.
  Result<void> status() const;
  Result<void> close();

 private:
  std::vector<PieceWriter> writers_;
};

/// Any thread may call any member. Borrows what it is made with.
class PartSet {
 public:
  struct Setup {
    Storage& storage;
    std::string folder;
    std::vector<std::string> side_outputs;
    std::uint32_t part_count;
    MemoryBudget& budget;
    const StopFlag& stop;
    bool sync;
    PartFile::Coding coding = {};       ///< Of the main output.
    PartFile::Coding side_coding = {};  ///< Of the side outputs.
    PartStream* stream = nullptr;  ///< Where parts go instead of into files; then no side outputs.
  };
  explicit PartSet(Setup setup);

  /// Announces `count` more pieces of a part; returns the index of the first of them.
  std::size_t expect(std::uint32_t part, std::size_t count);
  /// Keeps a part open for pieces that are not yet known, until `done`.
  void hold(std::uint32_t part);
  /// Piece `index` of a part. It must be closed, then `done` be called; if it dies unclosed, the
  /// part has failed and who waits for it learns so.
  Result<TaskPieces> open(std::uint32_t part, std::size_t index);
  /// Piece `index` will not be opened: the part has failed, and who waits for it learns so. Makes
  /// no file.
  void give_up(std::uint32_t part, std::size_t index);
  /// One piece was closed, or a hold ended: finishes the part after the last.
  Result<void> done(std::uint32_t part);

  /// Makes the parts that nothing was written to, and lists all: the main output's, then each side
  /// output's.
  Result<std::vector<PartInfo>> finish();

 private:
  struct Part {
    std::size_t pieces = 0;
    std::size_t left = 0;  // Pieces and holds that are not done.
    std::vector<std::unique_ptr<OrderedPart>> outputs;
    std::vector<std::size_t> given_up;  // Before there were outputs.
    std::vector<PartInfo> infos;
  };
  Result<void> create(std::uint32_t number, Part& part);
  Result<void> finish_part(Part& part);

  const Setup setup_;
  OutputMemory memory_;
  std::mutex mutex_;  // Guards parts_.
  std::vector<Part> parts_;
};

}  // namespace mrun
