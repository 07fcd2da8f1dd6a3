// Streams and signals: nothing blocks past a stop, a closed pipe is no crash.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "os/input_stream.hpp"
#include "os/standard_output.hpp"
#include "os/stop_signals.hpp"
#include "support/files.hpp"

namespace mrun {
namespace {

/// Runs `body` in a child process, which ends with what it returns. The wait status.
template <typename Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(InputStream, FillsItsBufferFromSmallWrites) {
  const test_support::TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  Result<InputStream> stream = InputStream::open(folder / "fifo");
  ASSERT_TRUE(stream);
  std::thread writer([&] {
    const int fd = ::open((folder / "fifo").c_str(), O_WRONLY);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(::write(fd, "0123456789", 10), 10);
    ::close(fd);
  });
  const StopFlag stop;
  std::array<std::byte, 600> bytes;
  EXPECT_EQ(*stream->read(bytes, stop), 600u);
  EXPECT_EQ(*stream->read(bytes, stop), 400u);
  EXPECT_EQ(*stream->read(bytes, stop), 0u);
  writer.join();
}

TEST(InputStream, WaitsForAWriterUntilStopped) {
  const test_support::TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  Result<InputStream> stream = InputStream::open(folder / "fifo");
  ASSERT_TRUE(stream);
  StopFlag stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    stop.stop(SIGTERM);
  });
  std::array<std::byte, 10> bytes;
  const auto got = stream->read(bytes, stop);
  stopper.join();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::cancelled);
}

TEST(InputStream, NamesWhatItCannotOpen) {
  const auto stream = InputStream::open("/nonexistent/stream");
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, Code::input);
}

TEST(StandardOutput, IsWrittenWholeAndAGoneReaderIsQuiet) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int status = in_child([&] {
    ignore_signals_of_writes();
    ::close(ends[0]);
    ::dup2(ends[1], STDOUT_FILENO);
    const std::string text(10, 'x');
    const auto written = write_standard_output(std::as_bytes(std::span(text)));
    // Nobody reads: the reading end is closed here, and the parent closes its own before we start.
    return written && !*written ? 0 : 1;
  });
  ::close(ends[1]);
  // The parent's reading end was open, so the child's write went through: 1. Now without it:
  EXPECT_EQ(WEXITSTATUS(status), 1);
  std::array<char, 20> got;
  EXPECT_EQ(::read(ends[0], got.data(), got.size()), 10);
  ::close(ends[0]);
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(in_child([&] {
              ignore_signals_of_writes();
              ::dup2(ends[1], STDOUT_FILENO);
              const std::string text(10, 'x');
              const auto written = write_standard_output(std::as_bytes(std::span(text)));
              return written && !*written ? 0 : 1;
            }),
            0);
  ::close(ends[1]);
}

TEST(StandardOutput, ReportsAFullDevice) {
  EXPECT_EQ(in_child([] {
              ::dup2(::open("/dev/full", O_WRONLY), STDOUT_FILENO);
              const std::string text(10, 'x');
              const auto written = write_standard_output(std::as_bytes(std::span(text)));
              return !written && written.error().code == Code::output ? 0 : 1;
            }),
            0);
}

TEST(StopSignals, SetTheFlagWithTheSignalsNumber) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    EXPECT_EQ(in_child([number] {
                StopFlag stop;
                const StopSignals signals(stop);
                ::raise(number);
                return stop.reason() == number ? 0 : 1;
              }),
              0);
}

TEST(StopSignals, LetASecondInterruptEndTheProcess) {
  const int status = in_child([] {
    StopFlag stop;
    const StopSignals signals(stop);
    ::raise(SIGINT);
    ::raise(SIGINT);
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST(StopSignals, LeaveIgnoredSignalsIgnoredAndRestoreTheRest) {
  EXPECT_EQ(in_child([] {
              ::signal(SIGHUP, SIG_IGN);
              StopFlag stop;
              {
                const StopSignals signals(stop);
                ::raise(SIGHUP);
                if (stop.stopped()) return 1;
              }
              struct sigaction action {};
              ::sigaction(SIGTERM, nullptr, &action);
              return action.sa_handler == SIG_DFL ? 0 : 2;
            }),
            0);
}

TEST(StopSignals, DieByTheSignalItself) {
  const int status = in_child([]() -> int { die_by_signal(SIGTERM); });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

}  // namespace
}  // namespace mrun
