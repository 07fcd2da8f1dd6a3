// The reader of kv files.
#include <algorithm>
#include <vector>

#include "base/hash.hpp"
#include "fuzz/targets.hpp"
#include "table/kv_format.hpp"
#include "table/kv_reader.hpp"

namespace mrun::test_support {
namespace {

std::string problem_of(std::span<const std::uint8_t> bytes) {
  const MemoryPath file(bytes);
  Result<KvReader> reader = KvReader::open(file.path());
  if (!reader) {
    const Code code = reader.error().code;
    if (code == Code::input || code == Code::integrity) return {};
    return "opening it fails with another error: " + reader.error().message;
  }
  std::uint64_t pairs = 0, pair_bytes = 0;
  for (;;) {
    const Result<bool> more = reader->next();
    if (!more) {
      if (more.error().code == Code::integrity) return {};
      return "reading it fails with another error: " + more.error().message;
    }
    if (!*more) break;
    ++pairs;
    const Slice key = reader->key(), value = reader->value();
    // All of a pair's bytes must be there to be read.
    std::vector<std::uint8_t> copy(key.data, key.data + key.size);
    if (value.data != nullptr) copy.insert(copy.end(), value.data, value.data + value.size);
    pair_bytes += copy.size();
  }
  if (pair_bytes + 2 * pairs + kKvHeaderBytes + kKvTrailerBytes > bytes.size())
    return "its pairs are larger than the file";
  const Result<bool> again = reader->next();
  return again && !*again ? "" : "behind its end there is more";
}

}  // namespace

std::string fuzz_kv(std::span<const std::uint8_t> bytes) {
  std::string problem = problem_of(bytes);
  if (!problem.empty() || bytes.size() < kKvHeaderBytes + kKvTrailerBytes) return problem;
  std::vector<std::uint8_t> sealed(bytes.begin(), bytes.end());
  const auto header = kv_header();
  std::transform(header.begin(), header.end(), sealed.begin(),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  const std::size_t digest_at = sealed.size() - 16;
  const auto digest = kv_digest(digest128(std::as_bytes(std::span(sealed).first(digest_at))));
  std::transform(digest.begin(), digest.end(),
                 sealed.begin() + static_cast<std::ptrdiff_t>(digest_at),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return problem_of(sealed);
}

}  // namespace mrun::test_support
