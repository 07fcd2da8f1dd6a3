// fatal: how the small programs of bench/ give up, since none of them can go on after an error.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace mrun::bench {

/// Prints `message` and ends the process with status 1.
[[noreturn]] inline void fatal(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

/// The same, for a system call that has just set errno: "cannot open x: No such file or directory".
[[noreturn]] inline void fatal_errno(const std::string& action, const std::string& path) {
  const int error = errno;
  fatal("cannot " + action + " " + path + ": " + std::strerror(error));
}

}  // namespace mrun::bench
