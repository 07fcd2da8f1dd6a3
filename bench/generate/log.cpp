// Generates the log of a web server.
#include <charconv>
#include <string_view>

#include "generate/kinds.hpp"
#include "generate/zipf_sampler.hpp"

namespace mrun::bench {
namespace {

/// Writes one line field by field.
class LineWriter {
 public:
  explicit LineWriter(char* begin) : begin_(begin), at_(begin) {}

  LineWriter& number(std::uint64_t value) {
    at_ = std::to_chars(at_, at_ + 20, value).ptr;
    return *this;
  }
  /// With zeros in front, where it has fewer than 7 digits.
  LineWriter& padded(std::uint64_t value) {
    for (std::uint64_t limit = 1000000; limit > value && limit > 1; limit /= 10) *at_++ = '0';
    return number(value);
  }
  LineWriter& text(std::string_view value) {
    at_ += value.copy(at_, value.size());
    return *this;
  }
  LineWriter& mark(char value) {
    *at_++ = value;
    return *this;
  }
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
};

/// Between 200 bytes and 100 KiB; every doubling is equally likely.
std::uint64_t draw_bytes_sent(Random& random) {
  const std::uint32_t base = 200u << random.below(9);
  return base + random.below(base);
}

}  // namespace

void generate_log(std::uint64_t size_bytes, std::uint32_t distinct, Random random,
                  OutputFile& out) {
  constexpr std::string_view kMethods[] = {"GET", "GET", "GET", "GET", "POST", "PUT"};
  constexpr std::string_view kSections[] = {"index", "item",        "cart",          "search",
                                            "img",   "api/v1/user", "static/js/app", "blog"};
  constexpr std::uint32_t kStatuses[] = {200, 200, 200, 200, 200, 304, 301, 404, 500};
  constexpr std::uint64_t kFirstTimeMs = 1700000000000;
  const ZipfSampler addresses(200000), pages(50000), users(distinct);
  std::uint64_t time_ms = kFirstTimeMs;
  while (out.size_bytes() < size_bytes) {
    time_ms += random.below(40);
    const std::uint32_t address = (addresses.draw(random) + 1) * 2654435761u;
    const std::uint32_t page = pages.draw(random) + 1;
    LineWriter line(out.room());
    line.number(time_ms).mark('\t');
    line.number(address >> 24).mark('.').number(address >> 16 & 255).mark('.');
    line.number(address >> 8 & 255).mark('.').number(address & 255).mark('\t');
    line.text(kMethods[random.below(6)]).mark('\t');
    line.mark('/').text(kSections[page % 8]).mark('/').number(page).mark('\t');
    line.number(kStatuses[random.below(9)]).mark('\t');
    line.number(draw_bytes_sent(random)).mark('\t');
    line.mark('u').padded(users.draw(random) + 1).mark('\n');
    out.commit(line.size());
  }
}

}  // namespace mrun::bench
