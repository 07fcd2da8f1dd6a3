// The functions behind mrun_host.
#include "plugin/host.hpp"

#include <algorithm>

namespace mrun {

Host::Host(PluginLog log, std::span<const std::string> file_names)
    : log_(std::move(log)), file_names_(file_names) {
  table_.size = sizeof(table_);
  table_.abi_minor = MRUN_ABI_MINOR;
  table_.name = "mrun";
  table_.version = MRUN_VERSION;
  table_.runner = this;
  table_.log = &Host::log;
  table_.file_name = &Host::file_name;
  table_.extension = &Host::extension;
}

const Host& Host::of(const mrun_host* host) { return *static_cast<const Host*>(host->runner); }

void Host::log(const mrun_host* host, int level, const char* message, std::uint64_t size) {
  const Host& self = of(host);
  if (!self.log_ || message == nullptr) return;
  // Nothing of ours may unwind through a job; a message that finds no memory is lost.
  try {
    self.log_(std::clamp(level, 0, 3), {message, size});
  } catch (...) {
  }
}

mrun_slice Host::file_name(const mrun_host* host, std::uint32_t ordinal) {
  const Host& self = of(host);
  if (ordinal >= self.file_names_.size()) return {nullptr, 0};
  const std::string& name = self.file_names_[ordinal];
  return {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()};
}

const void* Host::extension(const mrun_host*, const char*) { return nullptr; }

}  // namespace mrun
