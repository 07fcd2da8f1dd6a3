#include "input/file_header.hpp"

#include <cstring>

#include "input/record_cutter.hpp"

namespace mrun {

Result<std::size_t> FileHeader::keep(Slice bytes, const RecordRules& rules, MemoryBudget& budget) {
  const RecordCutter cutter(rules.format);
  const Window window{bytes.data, bytes.size, 0, true};
  const std::size_t end = cutter.first_end(window, 0, bytes.size).value_or(bytes.size);
  const Slice text = cutter.text_of({bytes.data, end}, rules.strip_cr);
  if (bytes_.size() < text.size) {
    bytes_ = {};
    MRUN_TRY_ASSIGN(bytes_, PageBuffer::allocate(budget, text.size));
  }
  if (text.size > 0) std::memcpy(bytes_.bytes(), text.data, text.size);
  text_ = {bytes_.bytes(), text.size};
  return end;
}

}  // namespace mrun
