// Seeds and random texts for the SDK's tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace sdk_test {

/// The seed of a random test: GoogleTest's --gtest_random_seed where one is given.
inline std::uint64_t seed() {
  const int given = testing::UnitTest::GetInstance()->random_seed();
  return given != 0 ? static_cast<std::uint64_t>(given) : 20240607;
}

/// `size` bytes, each from `alphabet`.
inline std::string random_text(std::mt19937_64& random, std::size_t size,
                               std::string_view alphabet) {
  std::string text(size, '\0');
  for (char& byte : text) byte = alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace sdk_test
