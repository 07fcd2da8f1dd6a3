// The SIGBUS handler and its table of guarded ranges.
#include "os/sigbus_guard.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/check.hpp"

namespace mrun {

/// One entry of the table. Free entries have `end` 0, so no address lies in them.
struct GuardedRange {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> damaged{false};
};

namespace {

/// The table grows by blocks that are never freed, so that the handler can walk it at any time.
struct Block {
  std::array<GuardedRange, 256> ranges;
  std::atomic<Block*> next{nullptr};
};

// Zero- or constant-initialised, so the handler finds them whole however early or late it runs.
constinit Block first_block;
constinit std::uintptr_t page_size = 0;
struct sigaction former_action;

/// What only guards use, never the handler. Leaked on purpose: a mapping may outlive all statics.
struct FreeList {
  std::mutex mutex;
  std::vector<GuardedRange*> free;
  Block* last = nullptr;
};
FreeList& free_list() {
  static FreeList& list = *new FreeList;
  return list;
}

GuardedRange* find_range(std::uintptr_t address) {
  for (Block* block = &first_block; block != nullptr;
       // Acquire: pairs with the release that published the block's initialised ranges.
       block = block->next.load(std::memory_order_acquire)) {
    for (GuardedRange& range : block->ranges) {
      // Reading `end` before and after guards against an entry that changes owner meanwhile. The
      // entry we look for cannot change: its reader is the thread that faults.
      const std::uintptr_t end = range.end.load(std::memory_order_acquire);
      const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
      if (address >= begin && address < end && range.end.load(std::memory_order_acquire) == end)
        return &range;
    }
  }
  return nullptr;
}

void pass_on(int number, siginfo_t* info, void* context) {
  if ((former_action.sa_flags & SA_SIGINFO) != 0) {
    former_action.sa_sigaction(number, info, context);
  } else if (former_action.sa_handler != SIG_DFL && former_action.sa_handler != SIG_IGN) {
    former_action.sa_handler(number);
  } else {
    // The default action ends the process: when the instruction faults again, or, where the signal
    // was sent by a process, when this handler returns and unblocks it.
    ::signal(SIGBUS, SIG_DFL);
    if (info->si_code <= 0) ::raise(SIGBUS);
  }
}

/// Async-signal-safe: atomics that are lock-free, mmap (a bare system call), nothing else.
void on_sigbus(int number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  GuardedRange* range = info->si_code > 0 ? find_range(address) : nullptr;
  if (range != nullptr) {
    // Set before the zeros appear, so that whoever reads them and then asks hears "damaged".
    range->damaged.store(true, std::memory_order_seq_cst);
    // A file that lost this page lost all later ones: one mapping instead of a fault for each.
    const std::uintptr_t page = address & ~(page_size - 1);
    void* zeros = ::mmap(reinterpret_cast<void*>(page), range->end.load() - page, PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    if (zeros == MAP_FAILED) range = nullptr;
  }
  if (range == nullptr) pass_on(number, info, context);
  errno = saved_errno;
}

void install_handler() {
  static_assert(std::atomic<std::uintptr_t>::is_always_lock_free &&
                std::atomic<bool>::is_always_lock_free);
  page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = on_sigbus;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  MRUN_CHECK(::sigemptyset(&action.sa_mask) == 0);
  MRUN_CHECK(::sigaction(SIGBUS, &action, &former_action) == 0);
}

void add_block(FreeList& list, Block* block) {
  for (GuardedRange& range : block->ranges) list.free.push_back(&range);
  // Release: the handler that sees the pointer sees the block's ranges.
  if (list.last != nullptr) list.last->next.store(block, std::memory_order_release);
  list.last = block;
}

}  // namespace

SigbusGuard::SigbusGuard(const void* begin, std::size_t size_bytes) {
  if (size_bytes == 0) return;
  FreeList& list = free_list();
  const std::lock_guard lock(list.mutex);
  if (list.last == nullptr) {
    install_handler();
    add_block(list, &first_block);
  } else if (list.free.empty()) {
    add_block(list, new Block);
  }
  range_ = list.free.back();
  list.free.pop_back();
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  range_->damaged.store(false);
  range_->begin.store(address);
  range_->end.store(address + size_bytes);
}

SigbusGuard& SigbusGuard::operator=(SigbusGuard&& other) noexcept {
  std::swap(range_, other.range_);
  return *this;
}

SigbusGuard::~SigbusGuard() {
  if (range_ == nullptr) return;
  range_->end.store(0);
  FreeList& list = free_list();
  const std::lock_guard lock(list.mutex);
  list.free.push_back(range_);
}

bool SigbusGuard::damaged() const { return range_ != nullptr && range_->damaged.load(); }

}  // namespace mrun
