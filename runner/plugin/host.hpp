// Host: the runner as a job's library sees it (mrun_host).
#pragma once

#include <mrun/plugin.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace mrun {

/// Takes what a job logs: level 0 error, 1 warning, 2 note, 3 detail. Called by any thread.
using PluginLog = std::function<void(int level, std::string_view text)>;

/// Stays in place from the first call that a library sees it in to the last one.
class Host {
 public:
  /// `file_names` outlives the host; `log` may be empty.
  Host(PluginLog log, std::span<const std::string> file_names);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const mrun_host* table() const { return &table_; }

 private:
  static const Host& of(const mrun_host* host);
  static void log(const mrun_host* host, int level, const char* message, std::uint64_t size);
  static mrun_slice file_name(const mrun_host* host, std::uint32_t ordinal);
  static const void* extension(const mrun_host* host, const char* id);

  mrun_host table_{};
  PluginLog log_;
  std::span<const std::string> file_names_;
};

}  // namespace mrun
