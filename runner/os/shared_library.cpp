// Opens, reads and loads library files.
#include "os/shared_library.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.hpp"
#include "base/size_text.hpp"
#include "os/errno_text.hpp"

namespace mrun {
namespace {

std::string loader_error() {
  const char* text = ::dlerror();
  return text != nullptr ? text : "the loader does not say why";
}

}  // namespace

Result<SharedLibrary> SharedLibrary::open(const std::string& path) {
  MRUN_TRY_ASSIGN(const std::string real, mrun::real_path(path, Code::plugin));
  OwnedFd fd(::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_failure(Code::plugin, "open", path, errno);
  MRUN_TRY_ASSIGN(const PathInfo info, descriptor_info(fd.get(), path, Code::plugin));
  if (info.kind != PathKind::file)
    return fail(Code::plugin, "'" + path + "' is not a regular file",
                "give the path of a job's library, such as ./wordcount.so");
  return SharedLibrary(std::move(fd), real, info);
}

Result<std::vector<std::byte>> SharedLibrary::read_bytes(std::size_t max_bytes) const {
  if (info_.size_bytes > max_bytes)
    return fail(Code::plugin, "'" + real_path_ + "' is larger than " + size_text(max_bytes) +
                                  ", so no job's library");
  std::vector<std::byte> bytes(info_.size_bytes);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure(Code::plugin, "read", real_path_, errno);
    if (got == 0)
      return fail(Code::plugin, "'" + real_path_ + "' became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<void> SharedLibrary::load() {
  MRUN_TRY(check_same());
  handle_ = ::dlopen(real_path_.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle_ == nullptr) {
    std::string why = loader_error();
    if (why.starts_with(real_path_ + ": ")) why.erase(0, real_path_.size() + 2);
    return fail(Code::plugin, "cannot load '" + real_path_ + "': " + why,
                "link it with all the libraries that it needs");
  }
  return check_same();
}

Result<void> SharedLibrary::check_same() const {
  MRUN_TRY_ASSIGN(const PathInfo named, path_info(real_path_, Code::plugin));
  MRUN_TRY_ASSIGN(const PathInfo opened, descriptor_info(fd_.get(), real_path_, Code::plugin));
  const auto same = [this](const PathInfo& now) {
    return info_.same_inode(now) && info_.size_bytes == now.size_bytes &&
           info_.ctime_ns == now.ctime_ns;
  };
  if (same(named) && same(opened)) return {};
  return fail(Code::plugin, "'" + real_path_ + "' was changed or replaced while it was loaded",
              "run again once nothing writes to it");
}

Result<void*> SharedLibrary::symbol(const std::string& name) const {
  MRUN_CHECK(handle_ != nullptr);
  ::dlerror();
  void* address = ::dlsym(handle_, name.c_str());
  if (address == nullptr)
    return fail(Code::plugin, "'" + real_path_ + "' has no symbol " + name + ": " + loader_error());
  return address;
}

}  // namespace mrun
