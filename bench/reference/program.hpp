// What every reference program does in the same way: threads, whole writes, times of its phases.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "common/fatal.hpp"

namespace mrun::bench {

/// Calls work(0) … work(threads - 1) at once and returns when all have.
template <typename Work>
void in_parallel(unsigned threads, Work work) {
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
  work(0u);
  for (std::thread& other : others) other.join();
}

/// A new file that several threads fill at once, each at its own place.
class PlacedOutput {
 public:
  explicit PlacedOutput(std::string path) : path_(std::move(path)) {
    ::unlink(path_.c_str());
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) fatal_errno("create", path_);
  }

  void write(const void* bytes, std::size_t size, std::uint64_t offset) const {
    const char* from = static_cast<const char*>(bytes);
    while (size != 0) {
      const ssize_t written = ::pwrite(fd_, from, size, static_cast<off_t>(offset));
      if (written <= 0) fatal_errno("write", path_);
      from += written;
      offset += static_cast<std::uint64_t>(written);
      size -= static_cast<std::size_t>(written);
    }
  }

 private:
  std::string path_;
  int fd_ = -1;
};

/// Prints how long each phase took, and ends the program.
class PhaseClock {
 public:
  /// The phase that ends now.
  void lap(const char* phase) {
    const Clock::time_point now = Clock::now();
    report_ += phase + seconds(last_, now) + ", ";
    last_ = now;
  }

  /// Leaves at once, because freeing gigabytes page by page is no part of the job.
  [[noreturn]] void finish(const std::string& facts) {
    std::fprintf(stderr, "%s: %stotal%s s\n", facts.c_str(), report_.c_str(),
                 seconds(start_, Clock::now()).c_str());
    ::_exit(0);
  }

 private:
  using Clock = std::chrono::steady_clock;

  static std::string seconds(Clock::time_point from, Clock::time_point to) {
    char text[32];
    std::snprintf(text, sizeof text, " %.3f", std::chrono::duration<double>(to - from).count());
    return text;
  }

  Clock::time_point start_ = Clock::now(), last_ = start_;
  std::string report_;
};

}  // namespace mrun::bench
