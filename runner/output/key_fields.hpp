// What of an encoded key belongs to which of its fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/entry.hpp"
#include "model/job_spec.hpp"

namespace mrun {

/// Where field `number` of a key begins; the key's size where `number` is that of all its fields.
/// None where the bytes are no key of such fields as far as that.
std::optional<std::size_t> field_offset(Slice key, std::span<const Field> fields,
                                        std::size_t number);

}  // namespace mrun
