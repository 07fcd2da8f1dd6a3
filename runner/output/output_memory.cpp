#include "output/output_memory.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace mrun {
namespace {

OutputChunk allocate(MemoryBudget& budget, std::size_t bytes) {
  OutputChunk chunk;
  if (!chunk.charge.try_add(budget, bytes)) return {};
  chunk.bytes.reset(new (std::nothrow) std::uint8_t[bytes]);
  if (chunk.bytes == nullptr) return {};
  chunk.capacity = bytes;
  return chunk;
}

}  // namespace

OutputChunk OutputMemory::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!spare_.empty()) {
      OutputChunk chunk = std::move(spare_.back());
      spare_.pop_back();
      return chunk;
    }
  }
  return allocate(budget_, kChunkBytes);
}

void OutputMemory::give(OutputChunk chunk) {
  if (chunk.capacity != kChunkBytes) return;  // A shrunk one.
  chunk.size = 0;
  const std::scoped_lock lock(mutex_);
  spare_.push_back(std::move(chunk));
}

void OutputMemory::shrink(OutputChunk& chunk) {
  if (chunk.size > chunk.capacity / 2) return;
  OutputChunk small = allocate(budget_, chunk.size);
  if (small.bytes == nullptr) {
    trim();
    small = allocate(budget_, chunk.size);
  }
  if (small.bytes == nullptr && chunk.size != 0) return;
  if (chunk.size != 0) std::memcpy(small.bytes.get(), chunk.bytes.get(), chunk.size);
  small.size = chunk.size;
  give(std::exchange(chunk, std::move(small)));
}

void OutputMemory::trim() {
  const std::scoped_lock lock(mutex_);
  spare_.clear();
}

}  // namespace mrun
