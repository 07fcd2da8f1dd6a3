// The machine as this process may use it: cores, memory, limits, and what has been used so far.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mrun {

/// Threads that can run at once: the cores of the affinity mask, but no more than the CPU quota of
/// the cgroup (v1 or v2, all levels) rounded up. At least 1.
unsigned usable_threads();

/// Memory this process can ever have: the smaller of the machine's and its cgroup's limit.
std::uint64_t memory_total_bytes();
/// Memory that is free for it now: the smaller of the machine's available memory and the room left
/// under the cgroup's limit (its file cache counts as free).
std::uint64_t memory_available_bytes();

/// Anonymous memory of this process that is resident now. A few microseconds: sample it once per
/// batch or phase and keep the highest.
std::uint64_t anonymous_memory_bytes();

/// User and system time of all threads of this process so far.
double cpu_seconds();
/// The same of the calling thread alone.
double thread_cpu_seconds();

/// How often the system has taken the processor from this thread while it had work to do.
std::uint64_t thread_preemptions();

/// Raises the limit of open files as far as the system lets this process, and returns it.
std::uint64_t raise_open_file_limit();

std::size_t page_bytes();
/// `bytes` rounded up to whole pages.
inline std::size_t whole_pages(std::size_t bytes) {
  const std::size_t page = page_bytes();
  return (bytes + page - 1) / page * page;
}

}  // namespace mrun
