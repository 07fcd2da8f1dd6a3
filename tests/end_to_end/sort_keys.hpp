// Random keys of sort(1) and random tables to sort by them.
#pragma once

#include <string>
#include <vector>

#include "support/random.hpp"

namespace mrun::test_support {

inline std::string random_field(Random& random) {
  const auto number = [&] {
    return (random.one_in(3) ? "-" : "") + std::to_string(random.below(60));
  };
  switch (random.below(6)) {
    case 0:
      return number();
    case 1:
      return number() + "." + std::to_string(random.below(200));
    case 2:
      return random.pick<std::string>({"", "-", "-0", "007", "1e3", ".5", "-.5", "0.50", "+4",
                                       "00.5", "123456789012345678901234567890", "  7", " -3",
                                       "12abc"});
    case 3:
      return random.pick<std::string>(
          {"a", "B", "b", "A b", "a.b", "!z", "Zz", "\xe9", "x\x01y", std::string("n\0l", 3)});
    default: {
      std::string text;
      for (std::uint64_t size = random.below(6); size > 0; --size)
        text += "abAB12 .-"[random.below(9)];
      return text;
    }
  }
}

inline std::string random_letters(Random& random, bool& has_class, bool& is_number) {
  std::string letters;
  for (const char letter : std::string("bdfinr")) {
    if (!random.one_in(5)) continue;
    // sort(1) refuses numbers of chosen characters.
    if (letter == 'n' ? has_class : (letter == 'd' || letter == 'i') && is_number) continue;
    has_class = has_class || letter == 'd' || letter == 'i';
    is_number = is_number || letter == 'n';
    letters += letter;
  }
  return letters;
}

inline std::string random_key(Random& random) {
  bool has_class = false, is_number = false;
  std::string key = std::to_string(random.between(1, 4));
  if (random.one_in(3)) key += "." + std::to_string(random.between(1, 4));
  key += random_letters(random, has_class, is_number);
  if (random.one_in(3)) return key;
  key += "," + std::to_string(random.between(1, 4));
  if (random.one_in(3)) key += "." + std::to_string(random.below(5));
  return key + random_letters(random, has_class, is_number);
}

inline std::string random_table(Random& random, const std::string& separator) {
  std::string text;
  for (std::uint64_t lines = random.between(1, 400); lines > 0; --lines) {
    for (std::uint64_t fields = random.below(5); fields > 0; --fields) {
      text += random_field(random);
      if (fields > 1)
        text += separator.empty() ? random.pick<std::string>({" ", "  ", "\t", " \t"}) : separator;
    }
    text += '\n';
  }
  return text;
}

/// One way to sort, as sort(1) and the shipped job are told.
struct SortSpecification {
  std::vector<std::string> theirs, ours;
};

inline SortSpecification random_sort(Random& random, const std::string& separator) {
  SortSpecification sort;
  const auto add = [&](const std::vector<std::string>& to_theirs, const std::string& parameter) {
    sort.theirs.insert(sort.theirs.end(), to_theirs.begin(), to_theirs.end());
    sort.ours.insert(sort.ours.end(), {"-D", parameter});
  };
  for (std::uint64_t keys = random.below(4); keys > 0; --keys) {
    const std::string key = random_key(random);
    add({"-k", key}, "key=" + key);
  }
  if (!separator.empty())
    add({"-t", separator}, "separator=" + (separator == " "    ? "space"
                                           : separator == "\t" ? "tab"
                                                               : separator));
  if (random.one_in(3)) add({"-u"}, "unique");
  if (random.one_in(4)) add({"-f"}, "ignore-case");
  return sort;
}

}  // namespace mrun::test_support
