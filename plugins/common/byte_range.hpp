// ByteRange: bytes of a record, counted from 1, as `cut -b` counts them.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <mrun/mrun.hpp>
#include <string>
#include <string_view>

struct ByteRange {
  std::uint64_t first = 1;
  std::uint64_t last = UINT64_MAX;

  /// Of `N`, `N-` or `N-M`. Anything else is a wrong parameter.
  static ByteRange parse(const std::string& parameter, std::string_view text) {
    if (text.empty()) return {};
    ByteRange range;
    const char* const end = text.data() + text.size();
    auto read = std::from_chars(text.data(), end, range.first);
    bool good = read.ec == std::errc{} && range.first >= 1;
    if (good && read.ptr == end) {
      range.last = range.first;
    } else if (good && *read.ptr == '-' && read.ptr + 1 != end) {
      read = std::from_chars(read.ptr + 1, end, range.last);
      good = read.ec == std::errc{} && read.ptr == end && range.last >= range.first;
    } else {
      good = good && *read.ptr == '-';
    }
    if (!good)
      mrun::fail("parameter " + parameter + ": '" + std::string(text) +
                 "' is no range of bytes, such as 3, 3-12 or 3-");
    return range;
  }

  /// Those of `record`; of a short one, what there is.
  std::string_view of(std::string_view record) const {
    const std::uint64_t begin = std::min<std::uint64_t>(first - 1, record.size());
    return record.substr(begin, std::min<std::uint64_t>(last, record.size()) - begin);
  }
};
