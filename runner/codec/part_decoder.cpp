#include "codec/part_decoder.hpp"

namespace mrun {

std::size_t part_decoder_bytes(Compression compression, const FilePart& part,
                               std::size_t decoder_bytes) {
  if (compression != Compression::bzip2) return decoder_bytes;
  // The part's bytes as they are, and once more where its blocks do not begin with a byte.
  return decoder_bytes + 2 * static_cast<std::size_t>(part.end_byte() - part.begin_byte());
}

Result<std::unique_ptr<Decoder>> make_part_decoder(Compression compression, const FilePart& part,
                                                   std::size_t memory_bytes) {
  if (compression == Compression::bzip2) return make_bzip2_part(part);
  if (compression == Compression::xz) return make_xz_part(part, memory_bytes);
  return make_decoder(compression, memory_bytes, part.in_legacy_frame);
}

}  // namespace mrun
