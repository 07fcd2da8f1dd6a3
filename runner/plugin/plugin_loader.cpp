// Loads libraries: bytes first, code afterwards.
#include "plugin/plugin_loader.hpp"

#include <fmt/format.h>

#include <utility>

#include "os/shared_library.hpp"
#include "plugin/elf_check.hpp"
#include "plugin/fence.hpp"

namespace mrun {
namespace {

/// Jobs with all their debug information stay far below; it bounds what is read before a file is
/// known to be a library at all.
constexpr std::size_t kLibraryBytesMax = std::size_t{1} << 30;

Result<const mrun_plugin*> call_entry(void* symbol, const std::string& path, const Host& host) {
  const auto entry = reinterpret_cast<const mrun_plugin* (*)(const mrun_host*)>(symbol);
  const mrun_plugin* plugin = nullptr;
  const auto thrown = behind_fence([&] { plugin = entry(host.table()); });
  if (thrown)
    return fail(Code::plugin,
                fmt::format("'{}' threw an exception in mrun_plugin_v1: {}", path, *thrown));
  return plugin;
}

}  // namespace

Result<Plugin> Plugin::load(const std::string& path, PluginLog log) {
  MRUN_TRY_ASSIGN(SharedLibrary library, SharedLibrary::open(path));
  {
    MRUN_TRY_ASSIGN(const std::vector<std::byte> bytes, library.read_bytes(kLibraryBytesMax));
    MRUN_TRY(check_job_elf(bytes, path));
  }
  MRUN_TRY(library.load());
  MRUN_TRY_ASSIGN(void* const symbol, library.symbol("mrun_plugin_v1"));
  auto host = std::make_unique<Host>(log, std::span<const std::string>());
  MRUN_TRY_ASSIGN(const mrun_plugin* const described, call_entry(symbol, path, *host));
  MRUN_TRY_ASSIGN(PluginTable table, read_plugin_table(described, path));
  return Plugin(path, library.real_path(), std::move(table), std::move(host), std::move(log));
}

std::unique_ptr<JobFactory> Plugin::job(std::size_t index, ParamValues values) const {
  return std::make_unique<PluginJob>(table_.jobs[index], path_, std::move(values), log_);
}

}  // namespace mrun
