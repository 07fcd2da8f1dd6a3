#include "output/key_fields.hpp"

namespace mrun {
namespace {

/// Past the end (00 01, all complemented by `flip`) of an escaped field that begins at `at`.
std::optional<std::size_t> end_of_escaped(Slice key, std::size_t at, std::uint8_t flip) {
  for (; key.size - at >= 2; ++at) {
    if ((key.data[at] ^ flip) != 0) continue;
    if ((key.data[++at] ^ flip) == 1) return at + 1;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> field_offset(Slice key, std::span<const Field> fields,
                                        std::size_t number) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < number; ++i) {
    const Field field = fields[i];
    if (field.type != FieldType::bytes) {
      at += fixed_bytes(field.type);
      if (at > key.size) return std::nullopt;
    } else if (i + 1 == fields.size() && !field.descending) {
      at = key.size;
    } else if (const auto end = end_of_escaped(key, at, field.descending ? 0xFF : 0)) {
      at = *end;
    } else {
      return std::nullopt;
    }
  }
  return at;
}

}  // namespace mrun
