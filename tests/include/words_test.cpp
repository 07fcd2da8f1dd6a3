// mrun::words and letter_words against a byte loop, on random texts of all lengths and alignments,
// up to the end of the readable memory.
#include "mrun/words.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "include/guarded_pages.hpp"
#include "include/random_bytes.hpp"

namespace {

using sdk_test::GuardedPages;

bool belongs(mrun::detail::NoSpace, char c) { return c != ' ' && (c < '\t' || c > '\r'); }
bool belongs(mrun::detail::LetterOrDigit, char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 128;
}

template <typename Class>
std::vector<std::string> naive_words(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < text.size();) {
    while (i < text.size() && !belongs(Class{}, text[i])) ++i;
    const std::size_t begin = i;
    while (i < text.size() && belongs(Class{}, text[i])) ++i;
    if (i > begin) found.emplace_back(text.substr(begin, i - begin));
  }
  return found;
}

template <typename Class = mrun::detail::NoSpace>
std::vector<std::string> fast_words(std::string_view text) {
  std::vector<std::string> found;
  for (const std::string_view word : mrun::detail::Words<Class>{text}) found.emplace_back(word);
  return found;
}

template <typename Class>
class WordsOf : public testing::Test {};
using Classes = testing::Types<mrun::detail::NoSpace, mrun::detail::LetterOrDigit>;
TYPED_TEST_SUITE(WordsOf, Classes);

TYPED_TEST(WordsOf, AreThoseOfAByteLoopAtEveryLengthAndAlignment) {
  std::mt19937_64 random(sdk_test::seed());
  GuardedPages pages;
  for (std::size_t size = 0; size <= 300; ++size) {
    for (const std::string_view alphabet :
         {std::string_view("ab \n\t\v\f\r"), std::string_view("abcdefgh "),
          std::string_view("\x08\x0E\x1F\x21\x85\xA0\x89\x8D\xFF \r\t\0", 13),
          std::string_view("azAZ09/:@[`{\xC3 "), std::string_view("x"),
          std::string_view("                 x")}) {
      const std::string text = sdk_test::random_text(random, size, alphabet);
      for (const std::size_t gap : {0u, 1u, 7u, 63u, 64u, 65u, 500u}) {
        ASSERT_EQ(naive_words<TypeParam>(text), fast_words<TypeParam>(pages.place(text, gap)))
            << "seed " << sdk_test::seed() << ", size " << size << ", gap " << gap;
      }
    }
  }
}

TEST(Words, AreNoneInAnEmptyText) {
  EXPECT_TRUE(fast_words({}).empty());
  EXPECT_TRUE(fast_words(" \r\n").empty());
}

TEST(Words, MayBeLongerThanManyBlocks) {
  const std::string word(1000, 'w');
  EXPECT_EQ((std::vector<std::string>{word}), fast_words(word));
  EXPECT_EQ((std::vector<std::string>{word, word}), fast_words(word + " " + word));
  EXPECT_EQ((std::vector<std::string>{word.substr(0, 128), "x"}),
            fast_words(word.substr(0, 128) + " x"));
}

TYPED_TEST(WordsOf, HaveTheSameBitsInPlainCodeForEveryByteValue) {
  const auto fast = [](const char* block) { return mrun::detail::word_bits<TypeParam>(block); };
  const auto portable = [](const char* block) {
    return mrun::detail::word_bits_portable<TypeParam>(block);
  };
  for (int value = 0; value < 256; ++value) {
    for (int position = 0; position < 64; ++position) {
      char block[64];
      std::memset(block, 'x', sizeof block);
      block[position] = static_cast<char>(value);
      const std::uint64_t expected = belongs(TypeParam{}, static_cast<char>(value))
                                         ? ~std::uint64_t{0}
                                         : ~(std::uint64_t{1} << position);
      ASSERT_EQ(expected, fast(block)) << value << " at " << position;
      ASSERT_EQ(expected, portable(block)) << value << " at " << position;
    }
  }
  std::mt19937_64 random(sdk_test::seed());
  for (int i = 0; i < 20000; ++i) {
    char block[64];
    for (char& byte : block) byte = static_cast<char>(random() % (i % 2 != 0 ? 256 : 40));
    ASSERT_EQ(fast(block), portable(block));
  }
}

}  // namespace
