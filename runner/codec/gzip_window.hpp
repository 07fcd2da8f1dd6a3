// What zlib is asked for, to write gzip and to read it.
#pragma once

namespace mrun {

/// The largest window; 16 more stands for gzip's header and checksum in place of zlib's own.
constexpr int kGzipWindowBits = 15 + 16;

}  // namespace mrun
