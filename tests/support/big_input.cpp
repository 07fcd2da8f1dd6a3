// Buffered writers of large inputs.
#include "support/big_input.hpp"

#include <charconv>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace mrun::test_support {
namespace {

class TextWriter {
 public:
  explicit TextWriter(const std::string& path) : file_(path, std::ios::binary), path_(path) {
    buffer_.reserve(kBuffer + 256);
  }

  void add(std::string_view text) {
    buffer_ += text;
    bytes_ += text.size();
    if (buffer_.size() >= kBuffer) drain();
  }
  void add(std::uint64_t number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  std::uint64_t bytes() const { return bytes_; }
  void close() {
    drain();
    file_.close();
    if (!file_) throw std::runtime_error("write " + path_);
  }

 private:
  static constexpr std::size_t kBuffer = 1 << 20;

  void drain() {
    file_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    buffer_.clear();
  }

  std::ofstream file_;
  std::string path_;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
};

/// SplitMix64 (Steele, Lea, Flood 2014): fast, and the same everywhere.
class SplitMix {
 public:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_ = 42;
};

constexpr std::uint64_t kWordsPerLine = 10;

}  // namespace

BigInput write_zipf_text(const std::string& path, std::uint64_t size_bytes,
                         std::uint64_t vocabulary) {
  BigInput input;
  input.counts.resize(vocabulary);
  TextWriter writer(path);
  SplitMix random;
  const double span = std::log(static_cast<double>(vocabulary));
  for (; writer.bytes() < size_bytes; ++input.words) {
    // The inverse of the law's distribution function: exp of a uniform number has density 1/x.
    const auto word =
        std::min(static_cast<std::uint64_t>(std::exp(random.unit() * span)), vocabulary - 1);
    ++input.counts[word];
    writer.add("w");
    writer.add(word);
    writer.add(input.words % kWordsPerLine == kWordsPerLine - 1 ? "\n" : " ");
  }
  writer.close();
  input.bytes = writer.bytes();
  return input;
}

BigInput write_distinct_words(const std::string& path, std::uint64_t size_bytes) {
  constexpr std::uint64_t kBytesPerWord = 10;
  // Steps of a prime that does not divide the count visit every number once.
  constexpr std::uint64_t kStep = 2'654'435'761;
  const std::uint64_t count = size_bytes / kBytesPerWord;
  BigInput input;
  input.counts.assign(count, 1);
  input.words = count;
  TextWriter writer(path);
  for (std::uint64_t i = 0; i < count; ++i) {
    writer.add("w");
    writer.add(i * kStep % count);
    writer.add(i % kWordsPerLine == kWordsPerLine - 1 ? "\n" : " ");
  }
  writer.close();
  input.bytes = writer.bytes();
  return input;
}

BigInput write_hot_key(const std::string& path, std::uint64_t size_bytes) {
  constexpr std::uint64_t kOtherEvery = 1000;
  BigInput input;
  input.counts.assign(2, 0);
  TextWriter writer(path);
  for (std::uint64_t line = 0; writer.bytes() < size_bytes; ++line) {
    const bool other = line % kOtherEvery == kOtherEvery - 1;
    ++input.counts[other ? 1 : 0];
    writer.add(other ? "other " : "hot ");
    writer.add(line);
    writer.add("\n");
    input.words += 2;
  }
  writer.close();
  input.bytes = writer.bytes();
  return input;
}

}  // namespace mrun::test_support
