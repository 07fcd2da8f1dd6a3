"""Runs one program once, with memory and page cache prepared, and measures it."""
import mmap
import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass

from harness.data import files_of

MIB = 1 << 20
POLL_SECONDS = 0.004


@dataclass
class Measurement:
    seconds: float
    user_seconds: float
    system_seconds: float
    # Both of all processes together, as seen every few milliseconds. (What wait4 reports begins with the peak
    # of the process that started them, so it is too large for small programs.)
    peak_rss_bytes: int  # With the pages of mapped files.
    peak_anonymous_bytes: int
    output_bytes: int


def free_bytes():
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemFree:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/meminfo has no MemFree")


def touch_memory(size_bytes):
    """Makes the machine's host give memory before the clock runs: the first touch of memory that the host has
    taken back is up to thirty times as slow as any later one. A child does it, so that all is free again."""
    size_bytes = min(size_bytes, free_bytes() - 1024 * MIB)  # More would push inputs out of the cache.
    if size_bytes <= 0:
        return
    child = os.fork()
    if child == 0:
        memory = mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page = 4096
        step = 64 * MIB
        for start in range(0, size_bytes, step):
            end = min(start + step, size_bytes)
            memory[start:end:page] = b"\1" * len(range(start, end, page))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise RuntimeError("memory could not be touched")


def warm(path):
    """Brings an input into the page cache."""
    buffer = bytearray(4 * MIB)
    for name in files_of(path):
        with open(name, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def drop(path):
    """Takes an input out of the page cache. What was written of it must be on the disk."""
    for name in files_of(path):
        with open(name, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def size_of(path):
    if not os.path.isdir(path):
        return os.path.getsize(path) if os.path.exists(path) else 0
    return sum(os.path.getsize(os.path.join(path, name)) for name in os.listdir(path) if name.startswith("part-"))


def memory_bytes(pid):
    """Highest resident and current anonymous memory of a process and its children; 0 for what has ended."""
    rss = anonymous = 0
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    rss = int(line.split()[1]) * 1024
                elif line.startswith("RssAnon:"):
                    anonymous = int(line.split()[1]) * 1024
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = [memory_bytes(child) for child in file.read().split()]
    except OSError:
        children = []
    return rss + sum(one[0] for one in children), anonymous + sum(one[1] for one in children)


def run_once(command, output, messages):
    """Runs `command`, which makes `output`; what it says goes to the file `messages`."""
    remove(output)
    environment = {**os.environ, "LC_ALL": "C"}
    peak_rss = peak_anonymous = 0
    ended = threading.Event()
    with open(messages, "wb") as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

        def poll():
            nonlocal peak_rss, peak_anonymous
            while True:
                rss, anonymous = memory_bytes(process.pid)
                peak_rss, peak_anonymous = max(peak_rss, rss), max(peak_anonymous, anonymous)
                if ended.wait(POLL_SECONDS):
                    return

        poller = threading.Thread(target=poll)
        poller.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    ended.set()
    poller.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        with open(messages, encoding="utf-8", errors="replace") as log:
            raise SystemExit(f"{' '.join(command)}\nended with status {process.returncode}:\n{log.read()[-2000:]}")
    return Measurement(seconds, usage.ru_utime, usage.ru_stime, peak_rss, peak_anonymous, size_of(output))
