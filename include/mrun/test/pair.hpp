// What the parts of the test kit hand to one another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "../plugin.h"

namespace mrun::test {

/// One emitted pair, as encoded bytes.
struct Pair {
  std::string key;
  std::string value;
};

/// How a run stops early. Thrown inside the kit only.
struct Ended {
  mrun_status status;
  std::string why;
};

/// A view of the text's bytes.
inline mrun_slice slice_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace mrun::test
