// What files of pairs begin with: outputs in the formats table and kv.
#pragma once

#include <string_view>

namespace mrun {

inline constexpr std::string_view kTableMagic = "mrun-tab";
inline constexpr std::string_view kKvMagic{"mrun-kv\0", 8};

}  // namespace mrun
