#include "engine/partition_count.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mrun {
namespace {

constexpr std::uint64_t kBytesPerPart = std::uint64_t{64} << 20;
constexpr std::uint32_t kPartsMost = 1024;

std::uint32_t default_partitions(std::uint64_t input_bytes) {
  const std::uint64_t wanted = (input_bytes + kBytesPerPart - 1) / kBytesPerPart;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(wanted, 1, kPartsMost));
}

}  // namespace

std::uint32_t partition_count(const JobSpec& spec, const RunOptions& options,
                              std::uint64_t input_bytes) {
  if (spec.partitions != 0) return spec.partitions;
  return options.partitions.value_or(default_partitions(input_bytes));
}

Result<void> check_partitions(const JobSpec& spec, const RunOptions& options, std::uint32_t count) {
  if (!options.partitions || *options.partitions == count) return {};
  return fail(Code::usage,
              fmt::format("job '{}' makes {} part{}, and --partitions asks for {}", spec.name,
                          count, count == 1 ? "" : "s", *options.partitions),
              "leave out --partitions");
}

}  // namespace mrun
