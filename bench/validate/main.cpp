// bench_validate: whether files of sorted records are in order, and what they hold.
//
// usage: bench_validate [--any-order] FILE...
// Records have 100 bytes and are compared by their first 10; the files are one sequence. Prints the
// number of records and a checksum that does not depend on their order, so that an input
// (--any-order) and its sorted output print the same. Fails where two records are out of order.
#include <xxhash.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "common/fatal.hpp"
#include "reference/mapped_input.hpp"
#include "reference/record_key.hpp"

namespace mrun::bench {
namespace {

constexpr std::size_t kKeyBytes = 10;

/// What the files hold, in whatever order: the sum of the records' 128-bit digests.
struct Contents {
  std::uint64_t records = 0, low = 0, high = 0;

  void add(const std::uint8_t* record) {
    const XXH128_hash_t digest = XXH3_128bits(record, kRecordBytes);
    ++records;
    low += digest.low64;
    high += digest.high64;
  }
};

void validate(const std::vector<std::string>& paths, bool any_order) {
  Contents contents;
  std::uint8_t last[kKeyBytes] = {};
  for (const std::string& path : paths) {
    const MappedInput input(path);
    if (input.size() % kRecordBytes != 0) fatal(path + " does not hold whole records of 100 bytes");
    for (const std::uint8_t* at = input.data(); at != input.end(); at += kRecordBytes) {
      contents.add(at);
      if (any_order) continue;
      if (std::memcmp(at, last, kKeyBytes) < 0)
        fatal(path + ": the record at byte " + std::to_string(at - input.data()) +
              " is smaller than the one before it");
      std::memcpy(last, at, kKeyBytes);
    }
  }
  std::printf("%" PRIu64 " records, checksum %016" PRIx64 "%016" PRIx64 "\n", contents.records,
              contents.high, contents.low);
}

}  // namespace
}  // namespace mrun::bench

int main(int argument_count, char** arguments) {
  std::vector<std::string> paths(arguments + 1, arguments + argument_count);
  const bool any_order = !paths.empty() && paths.front() == "--any-order";
  if (any_order) paths.erase(paths.begin());
  if (paths.empty()) mrun::bench::fatal("usage: bench_validate [--any-order] FILE...");
  mrun::bench::validate(paths, any_order);
  return 0;
}
