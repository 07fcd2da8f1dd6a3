// Random texts: each kind aims at a way in which cutting, hashing or comparing bytes may go wrong.
#include "support/random.hpp"

#include <algorithm>
#include <cstdlib>

namespace mrun::test_support {

std::uint64_t test_seed() {
  const char* text = std::getenv("MRUN_TEST_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

std::uint64_t scaled(std::uint64_t full) {
  const char* text = std::getenv("MRUN_TEST_SCALE");
  const double usual = std::getenv("MRUN_TEST_LONG") == nullptr ? 1.0 : 50.0;
  const double factor = text == nullptr ? usual : std::strtod(text, nullptr);
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(full) * factor));
}

std::int64_t only_case() {
  const char* text = std::getenv("MRUN_TEST_CASE");
  return text == nullptr ? -1 : std::strtoll(text, nullptr, 10);
}

namespace {

std::string random_bytes(Random& random, std::uint64_t size_bytes, const std::string& alphabet) {
  std::string text;
  for (std::uint64_t i = 0; i < size_bytes; ++i) text += alphabet[random.below(alphabet.size())];
  return text;
}

std::string any_bytes(Random& random, std::uint64_t size_bytes) {
  std::string text;
  for (std::uint64_t i = 0; i < size_bytes; ++i) text += static_cast<char>(random.below(256));
  return text;
}

// Keys equal in their first 13 to 40 bytes: every compare must go past the 16-byte prefix.
std::string long_prefixes(Random& random, std::uint64_t size_bytes) {
  std::string text;
  while (text.size() < size_bytes) {
    text.append(random.between(13, 18) + 22 * random.below(2), 'p');
    text += random_bytes(random, random.below(4), std::string("ab\0", 3));
    text += ' ' + std::to_string(random.below(1000)) + '\n';
  }
  return text;
}

// Keys that are each other's prefixes and differ in trailing NUL bytes only, around the length
// of 16.
std::string trailing_nuls(Random& random, std::uint64_t size_bytes) {
  std::string text;
  while (text.size() < size_bytes) {
    text.append(random.between(0, 17), 'k');
    text.append(random.below(5), '\0');
    text += ' ' + std::to_string(random.below(50)) + '\n';
  }
  return text;
}

std::string distinct_lines(Random& random, std::uint64_t size_bytes) {
  std::string text;
  while (text.size() < size_bytes)
    text += std::to_string(random.below(~0ull)) + ' ' + std::to_string(text.size()) + '\n';
  return text;
}

std::string long_lines(Random& random, std::uint64_t size_bytes) {
  std::string text;
  while (text.size() < size_bytes) {
    text += random_words(random, random.between(1, size_bytes / 2 + 1), 30);
    std::replace(text.begin(), text.end(), '\n', ' ');
    text += '\n';
  }
  return text;
}

}  // namespace

std::string random_words(Random& random, std::uint64_t size_bytes, std::uint64_t vocabulary) {
  std::string text;
  while (text.size() < size_bytes) {
    const std::uint64_t words = random.between(2, 8);
    for (std::uint64_t i = 0; i < words; ++i) {
      const std::uint64_t word = std::min(random.below(vocabulary), random.below(vocabulary));
      text += (i == 0 ? "" : " ") + std::string(1 + word % 5, static_cast<char>('a' + word % 26)) +
              std::to_string(word);
    }
    text += '\n';
  }
  return text;
}

std::string random_text(Random& random, std::uint64_t size_bytes) {
  std::string text;
  switch (random.below(12)) {
    case 0:
      text = any_bytes(random, size_bytes);
      break;
    case 1:
      text = random_bytes(random, size_bytes, "ab \n");
      break;
    case 2:
      text = random_bytes(random, size_bytes, std::string("a \r\n\0\t", 6));
      break;
    case 3:
      text = random_bytes(random, size_bytes, "\n");
      break;
    case 4:
      text = random_bytes(random, size_bytes, "x \r\n");
      break;
    case 5:
      text = long_prefixes(random, size_bytes);
      break;
    case 6:
      text = trailing_nuls(random, size_bytes);
      break;
    case 7:
      text = distinct_lines(random, size_bytes);
      break;
    case 8:
      text = long_lines(random, size_bytes);
      break;
    case 9:
      text = random_words(random, size_bytes, 3);
      break;
    default:
      text = random_words(random, size_bytes, 1 + random.below(5000));
      break;
  }
  if (random.one_in(3) && !text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace mrun::test_support
