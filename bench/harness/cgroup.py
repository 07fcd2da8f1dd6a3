"""Holds a command to an amount of memory, page cache too, where this process may make a memory cgroup."""
import os

ROOT = "/sys/fs/cgroup"


class MemoryCgroup:
    """A group of its own. `available()` tells whether there can be one."""

    def __init__(self, limit_bytes):
        self._folder = os.path.join(_parent(), f"mrun-bench-{os.getpid()}")
        os.mkdir(self._folder)
        name = "memory.limit_in_bytes" if _is_v1() else "memory.max"
        try:
            with open(os.path.join(self._folder, name), "w", encoding="ascii") as file:
                file.write(str(limit_bytes))
        except OSError:
            self.remove()
            raise

    def command(self, command):
        """The same command, run inside. What it starts is inside, too."""
        return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', os.path.join(self._folder, "cgroup.procs"), *command]

    def remove(self):
        os.rmdir(self._folder)


def _is_v1():
    return os.path.isdir(os.path.join(ROOT, "memory"))


def _parent():
    return os.path.join(ROOT, "memory") if _is_v1() else ROOT


def available():
    try:
        MemoryCgroup(1 << 30).remove()
    except OSError:
        return False
    return True
