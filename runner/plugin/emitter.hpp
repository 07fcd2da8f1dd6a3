// Emitter: the buffer that a job writes its pairs into, and the check of what it wrote.
#pragma once

#include <mrun/plugin.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "model/user_code.hpp"
#include "plugin/worker.hpp"

namespace mrun {

/// One per map attempt. Entries that break the contract never reach the sink: a wrong offset or
/// length in one would make the runner read outside its buffers.
class Emitter {
 public:
  static constexpr std::uint32_t kEntries =
      2048;  ///< 64 KiB: more gains nothing (12.6 ns an emit).
  static constexpr std::uint64_t kHeapBytes = 64 * 1024;

  /// Both outlive the emitter.
  Emitter(Worker& worker, EntrySink& sink);
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  mrun_emitter* table() { return &table_; }

  /// From now on entries may refer to these bytes (none: empty). Only between flushes.
  void set_refs(Slice bytes);
  /// Hands what is written to the sink. Not MRUN_OK: the worker remembers why.
  mrun_status take() noexcept;

  /// Pairs that the sink took so far.
  std::uint64_t taken_pairs() const { return taken_pairs_; }
  /// Bytes that entries referred to since the last `set_refs`.
  std::uint64_t referred_bytes() const { return referred_bytes_; }

 private:
  struct Buffer {
    alignas(64) std::array<mrun_entry, kEntries> entries;
    // What is read past a slice's end in steps of 16 bytes must be readable.
    alignas(64) std::array<std::uint8_t, kHeapBytes + 64> heap;
  };

  /// What the job sees, and the way back from it.
  struct Table : mrun_emitter {
    Emitter* emitter = nullptr;
  };

  static mrun_status flush(mrun_emitter* table);
  static mrun_status emit_big(mrun_emitter* table, mrun_slice key, mrun_slice value);
  static mrun_status hold(mrun_emitter* table, std::uint64_t bytes);

  void reset();
  mrun_status take_big(Slice key, Slice value) noexcept;
  mrun_status take_hold(std::uint64_t bytes) noexcept;
  mrun_status remember(Error error) noexcept;
  mrun_status remember_endless() noexcept;
  const char* find_fault(std::uint32_t n, std::uint64_t heap_used);
  const char* find_fault(std::span<const mrun_entry> entries, std::uint64_t heap_used);

  Table table_{};
  Worker& worker_;
  EntrySink& sink_;
  std::unique_ptr<Buffer> buffer_;
  Slice refs_;
  std::uint64_t referred_bytes_ = 0;
  std::uint64_t taken_pairs_ = 0;
};

}  // namespace mrun
