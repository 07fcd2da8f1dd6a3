#include "engine/disk_room.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/size_text.hpp"
#include "os/path_info.hpp"

namespace mrun {
namespace {

constexpr char kScratchHint[] =
    "free some space, name other folders with --tmp-dir (several are used side by side), give more "
    "--memory, pack what is put there with --compress-spill zstd, or map less: filter early";
constexpr char kOutputHint[] =
    "free some space, write the output to another disk, or make it smaller with --compress";

enum class Room : std::uint8_t { enough, tight, none };

Room room_for(std::uint64_t bytes, std::uint64_t free_bytes) {
  if (bytes - bytes / 4 > free_bytes) return Room::none;
  return bytes > free_bytes || bytes / 4 > free_bytes - bytes ? Room::tight : Room::enough;
}

Result<Disk> look_at(const std::string& folder) {
  MRUN_TRY_ASSIGN(const PathInfo info, path_info(folder, Code::output));
  MRUN_TRY_ASSIGN(const std::uint64_t free_bytes, free_disk_bytes(folder, Code::output));
  return Disk{info.device, folder, free_bytes};
}

std::uint64_t free_bytes_of(const std::vector<Disk>& disks) {
  std::uint64_t bytes = 0;
  for (const Disk& disk : disks) bytes += std::min(disk.free_bytes, UINT64_MAX - bytes);
  return bytes;
}

/// "'/a' and '/b'"
std::string names_of(const std::vector<Disk>& disks) {
  std::string names;
  for (std::size_t i = 0; i < disks.size(); ++i)
    names += fmt::format("{}'{}'",
                         i == 0                  ? ""
                         : i + 1 == disks.size() ? " and "
                                                 : ", ",
                         disks[i].folder);
  return names;
}

std::string needs_text(std::uint64_t scratch_bytes, std::uint64_t output_bytes) {
  const std::string scratch =
      fmt::format("{} of what does not fit in memory", size_text(scratch_bytes));
  const std::string output = fmt::format("{} of output", size_text(output_bytes));
  if (output_bytes == 0) return scratch;
  return scratch_bytes == 0 ? output : fmt::format("{} and {}", scratch, output);
}

}  // namespace

Result<RunDisks> RunDisks::look(const std::vector<std::string>& scratch_folders,
                                const std::optional<std::string>& output_folder) {
  RunDisks disks;
  for (const std::string& folder : scratch_folders) {
    MRUN_TRY_ASSIGN(Disk disk, look_at(folder));
    const bool is_known = std::any_of(disks.scratch.begin(), disks.scratch.end(),
                                      [&](const Disk& d) { return d.device == disk.device; });
    if (!is_known) disks.scratch.push_back(std::move(disk));
  }
  if (output_folder) {
    MRUN_TRY_ASSIGN(disks.output, look_at(*output_folder));
  }
  return disks;
}

std::uint64_t RunDisks::free_least() const {
  std::uint64_t least = output ? output->free_bytes : UINT64_MAX;
  for (const Disk& disk : scratch) least = std::min(least, disk.free_bytes);
  return least;
}

Result<std::string> judge_room(const RunDisks& disks, const DiskNeeds& needs) {
  const std::uint64_t scratch = needs.scratch_bytes;
  const std::uint64_t output = disks.output ? needs.output_bytes : 0;
  if (scratch - scratch / 4 > disks.scratch_limit_bytes)
    return fail(Code::limit,
                fmt::format("about {} of what does not fit in memory would be put on disk, and "
                            "--tmp-limit allows {}",
                            size_text(scratch), size_text(disks.scratch_limit_bytes)),
                "give more with --tmp-limit or --memory, or pack it with --compress-spill zstd");

  // What goes to some disks must fit them: the scratch files, the output, and both together.
  struct Demand {
    std::uint64_t scratch, output;
    std::vector<Disk> disks;
  };
  std::vector<Demand> demands = {{scratch, 0, disks.scratch}};
  if (disks.output) {
    demands.push_back({0, output, {*disks.output}});
    std::vector<Disk> all = disks.scratch;
    if (std::none_of(all.begin(), all.end(),
                     [&](const Disk& d) { return d.device == disks.output->device; }))
      all.push_back(*disks.output);
    demands.push_back({scratch, output, std::move(all)});
  }
  std::string warning;
  for (const Demand& demand : demands) {
    const std::uint64_t bytes = demand.scratch + demand.output;
    if (bytes == 0) continue;
    const std::uint64_t free_bytes = free_bytes_of(demand.disks);
    const Room room = room_for(bytes, free_bytes);
    if (room == Room::enough) continue;
    std::string text = fmt::format("this run needs about {} of disk in {}, and {} are free: {}",
                                   size_text(bytes), names_of(demand.disks), size_text(free_bytes),
                                   needs_text(demand.scratch, demand.output));
    const char* const hint = demand.scratch == 0 ? kOutputHint : kScratchHint;
    if (room == Room::none) return fail(Code::output, std::move(text), hint);
    if (warning.empty()) warning = text + "; it may fail: " + hint;
  }
  return warning;
}

}  // namespace mrun
