// Reads the control group files of versions 1 and 2, level by level.
#include "os/cgroup_limits.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>

#include "os/read_file.hpp"

namespace mrun {
namespace {

/// Files of a cgroup hold a few numbers; memory.stat is the longest with some kilobytes.
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

std::string contents_of(const std::string& path) {
  Result<std::string> contents = read_whole_file(path, kMaxFileBytes, Code::usage);
  return contents ? *std::move(contents) : std::string();
}

/// The first number of `text`; none for "max", "-1" and an empty text.
std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

/// The number behind `name` in a file of "name number" lines; 0 where it is missing.
std::uint64_t field_of(const std::string& stat, const std::string& name) {
  std::istringstream lines(stat);
  std::string word;
  std::uint64_t number = 0;
  while (lines >> word >> number)
    if (word == name) return number;
  return 0;
}

void limit_cpus(CgroupLimits& limits, std::optional<std::uint64_t> quota,
                std::optional<std::uint64_t> period) {
  if (!quota || !period || *quota == 0 || *period == 0) return;
  const double cpus = static_cast<double>(*quota) / static_cast<double>(*period);
  limits.cpus = limits.cpus == 0 ? cpus : std::min(limits.cpus, cpus);
}

void limit_memory(CgroupLimits& limits, std::uint64_t limit, std::uint64_t used,
                  std::uint64_t cache) {
  const std::uint64_t needed = used - std::min(used, cache);
  limits.memory_limit_bytes = std::min(limits.memory_limit_bytes, limit);
  limits.memory_free_bytes = std::min(limits.memory_free_bytes, limit - std::min(limit, needed));
}

void read_level_v2(CgroupLimits& limits, const std::string& folder) {
  const std::string cpu = contents_of(folder + "/cpu.max");
  if (const std::size_t space = cpu.find(' '); space != std::string::npos)
    limit_cpus(limits, number_in(cpu), number_in(std::string_view(cpu).substr(space + 1)));
  const auto limit = number_in(contents_of(folder + "/memory.max"));
  if (!limit) return;
  const std::string stat = contents_of(folder + "/memory.stat");
  limit_memory(limits, *limit, number_in(contents_of(folder + "/memory.current")).value_or(0),
               field_of(stat, "inactive_file") + field_of(stat, "active_file"));
}

void read_cpu_level_v1(CgroupLimits& limits, const std::string& folder) {
  limit_cpus(limits, number_in(contents_of(folder + "/cpu.cfs_quota_us")),
             number_in(contents_of(folder + "/cpu.cfs_period_us")));
}

void read_memory_level_v1(CgroupLimits& limits, const std::string& folder) {
  const auto limit = number_in(contents_of(folder + "/memory.limit_in_bytes"));
  // Version 1 says "no limit" with a number near 2^63.
  if (!limit || *limit >= (std::uint64_t{1} << 62)) return;
  const std::string stat = contents_of(folder + "/memory.stat");
  limit_memory(limits, *limit,
               number_in(contents_of(folder + "/memory.usage_in_bytes")).value_or(0),
               field_of(stat, "total_inactive_file") + field_of(stat, "total_active_file"));
}

/// Calls `read_level` for the group `path` below `root` and every level above it. In a container
/// the path may not exist below the root that is visible; then the root itself still counts.
template <typename ReadLevel>
void for_each_level(const std::string& root, std::string path, ReadLevel read_level) {
  while (path.size() > 1) {
    read_level(root + path);
    const std::size_t slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
  read_level(root);
}

bool names_controller(const std::string& list, const std::string& name) {
  return ("," + list + ",").find("," + name + ",") != std::string::npos;
}

}  // namespace

CgroupLimits read_cgroup_limits(const std::string& membership, const std::string& root) {
  CgroupLimits limits;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      for_each_level(root, path, [&](const std::string& level) { read_level_v2(limits, level); });
      continue;
    }
    if (names_controller(controllers, "cpu"))
      for_each_level(root + "/cpu", path,
                     [&](const std::string& l) { read_cpu_level_v1(limits, l); });
    if (names_controller(controllers, "memory"))
      for_each_level(root + "/memory", path,
                     [&](const std::string& l) { read_memory_level_v1(limits, l); });
  }
  return limits;
}

}  // namespace mrun
