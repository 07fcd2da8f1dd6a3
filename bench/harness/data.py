"""The data sets: made once below the scratch folder, then kept for the next call."""
import gzip
import hashlib
import os
import subprocess
from dataclasses import dataclass

SEED = 1
MIB = 1 << 20

# Where a Debian machine keeps English prose and manuals. The texts that come with mrun go first.
REAL_TEXT_FOLDERS = ["/usr/share/common-licenses", "/usr/share/doc", "/usr/share/man", "/usr/share/info",
                     "/usr/share/perl", "/usr/share/perl5"]
REAL_TEXT_ENDINGS = (".txt", ".gz", ".md", ".rst", ".pod", ".html", "README", "NEWS", "copyright", "changelog")


@dataclass(frozen=True)
class DataSet:
    """One input file. `share` is its part of the size asked for on the command line."""
    name: str
    kind: str
    share: float = 1.0

    def size_bytes(self, size_bytes):
        return int(size_bytes * self.share)

    def path(self, scratch, size_bytes):
        return os.path.join(scratch, f"{self.name}-{self.size_bytes(size_bytes)}.data")


ZIPF = DataSet("zipf", "zipf")
DISTINCT = DataSet("distinct", "distinct")
RECORDS = DataSet("records", "records")
RECORD_LINES = DataSet("record_lines", "record_lines")
LOG = DataSet("log", "log")
REAL_TEXT = DataSet("real_text", "real", share=0.25)
ONE_LINE = DataSet("one_line", "line")


def make(data, scratch, size_bytes, tools, text_folders):
    """Makes the file if it is not there yet, and returns its path. A half-made file never has that name."""
    path = data.path(scratch, size_bytes)
    if os.path.exists(path):
        return path
    half_made = path + ".making"
    if data.kind == "line":
        with open(half_made, "wb") as file:
            file.write(b"one line of input\n")
    elif data.kind == "real":
        make_real_text(half_made, data.size_bytes(size_bytes), text_folders)
    else:
        subprocess.run([tools.generate, data.kind, "--size", str(data.size_bytes(size_bytes)), "--seed", str(SEED),
                        half_made], check=True)
    os.rename(half_made, path)
    return path


def make_real_text(path, size_bytes, folders):
    """Gathers texts of the machine, each content once, and repeats them all where they are too few."""
    with open(path, "wb") as out:
        for text in real_texts(folders):
            out.write(text)
            if out.tell() >= size_bytes:
                break
        different = out.tell()
    if different == 0:
        raise SystemExit("there is no text in " + ", ".join(folders))
    with open(path, "rb+") as out:
        texts = out.read()
        while out.tell() < size_bytes:
            out.write(texts)
        out.truncate(size_bytes)
        out.seek(size_bytes - 1)
        out.write(b"\n")
    with open(os.path.splitext(path)[0] + ".origin", "w", encoding="utf-8") as origin:
        origin.write(f"{min(different, size_bytes) / MIB:.0f} MiB of different text from {', '.join(folders)}\n")


def real_texts(folders):
    seen = set()
    for folder in folders:
        for where, inner, names in os.walk(folder):
            inner.sort()
            for name in sorted(names):
                text = read_text(os.path.join(where, name))
                digest = hashlib.sha256(text).digest()
                if text and digest not in seen:
                    seen.add(digest)
                    yield text


def read_text(path):
    """The text of a file, or nothing if it is none. Its white space is made blank, tab and newline: the only
    separators on which mrun, mawk and tr agree."""
    if not path.endswith(REAL_TEXT_ENDINGS) and "/man/" not in path and "/perl" not in path:
        return b""
    try:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            text = file.read()
    except (OSError, EOFError, gzip.BadGzipFile):
        return b""
    if b"\0" in text:
        return b""
    return text.translate(bytes.maketrans(b"\v\f\r", b"   "))


def origin(data, scratch, size_bytes):
    """Where a real text came from, or None."""
    path = os.path.splitext(data.path(scratch, size_bytes))[0] + ".origin"
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().strip()
