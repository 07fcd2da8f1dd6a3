// Asks the system for cores, memory and limits.
#include "os/machine.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <sstream>
#include <string>
#include <vector>

#include "os/cgroup_limits.hpp"
#include "os/read_file.hpp"

namespace mrun {
namespace {

constexpr std::size_t kMaxProcFileBytes = std::size_t{1} << 20;

std::string proc_file(const std::string& path) {
  Result<std::string> contents = read_whole_file(path, kMaxProcFileBytes, Code::usage);
  return contents ? *std::move(contents) : std::string();
}

CgroupLimits cgroup_limits() {
  return read_cgroup_limits(proc_file("/proc/self/cgroup"), "/sys/fs/cgroup");
}

/// A line "Name:  123 kB" of /proc/meminfo, in bytes; 0 where it is missing.
std::uint64_t meminfo_bytes(const std::string& name) {
  std::istringstream lines(proc_file("/proc/meminfo"));
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, name.size() + 1, name + ":") != 0) continue;
    std::uint64_t kilobytes = 0;
    std::istringstream(line.substr(name.size() + 1)) >> kilobytes;
    return kilobytes << 10;
  }
  return 0;
}

unsigned affinity_threads() {
  // The kernel refuses a mask that is shorter than its own, so longer ones are tried.
  for (std::size_t cores = 1024; cores <= (std::size_t{1} << 20); cores *= 2) {
    std::vector<cpu_set_t> mask(cores / CPU_SETSIZE);
    const std::size_t mask_bytes = mask.size() * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, mask_bytes, mask.data()) == 0)
      return static_cast<unsigned>(CPU_COUNT_S(mask_bytes, mask.data()));
    if (errno != EINVAL) break;
  }
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<unsigned>(online) : 1;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

unsigned usable_threads() {
  unsigned threads = std::max(1u, affinity_threads());
  if (const double cpus = cgroup_limits().cpus; cpus > 0 && std::ceil(cpus) < threads)
    threads = std::max(1u, static_cast<unsigned>(std::ceil(cpus)));
  return threads;
}

std::uint64_t memory_total_bytes() {
  return std::min(meminfo_bytes("MemTotal"), cgroup_limits().memory_limit_bytes);
}

std::uint64_t memory_available_bytes() {
  return std::min(meminfo_bytes("MemAvailable"), cgroup_limits().memory_free_bytes);
}

std::uint64_t anonymous_memory_bytes() {
  // statm holds pages: size, resident, shared (file and shmem); the rest of resident is anonymous.
  std::istringstream fields(proc_file("/proc/self/statm"));
  std::uint64_t size = 0, resident = 0, shared = 0;
  fields >> size >> resident >> shared;
  return (resident - std::min(resident, shared)) * page_bytes();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t thread_preemptions() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<std::uint64_t>(usage.ru_nivcsw);
}

double thread_cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::uint64_t raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace mrun
