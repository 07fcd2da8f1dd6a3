"""The data sets: made once below the scratch folder, then kept for the next call."""
import gzip
import hashlib
import os
import shutil
import subprocess
import zlib
from dataclasses import dataclass

SEED = 1
MIB = 1 << 20

# Where a Debian machine keeps English prose and manuals. The texts that come with mrun go first.
REAL_TEXT_FOLDERS = ["/usr/share/common-licenses", "/usr/share/doc", "/usr/share/man", "/usr/share/info",
                     "/usr/share/perl", "/usr/share/perl5"]
REAL_TEXT_ENDINGS = (".txt", ".gz", ".md", ".rst", ".pod", ".html", "README", "NEWS", "copyright", "changelog")


@dataclass(frozen=True)
class DataSet:
    """One input: a file, or a folder of files. `share` is its part of the size asked for on the command line, for a
    folder that of all its files."""
    name: str
    kind: str
    share: float = 1.0
    source: "DataSet" = None  # Of files that are another data set cut into pieces.
    piece_bytes: int = 0

    def size_bytes(self, size_bytes):
        return int(size_bytes * self.share)

    def path(self, scratch, size_bytes):
        return os.path.join(scratch, f"{self.name}-{self.size_bytes(size_bytes)}.data")


ZIPF = DataSet("zipf", "zipf")
DISTINCT = DataSet("distinct", "distinct")
RECORDS = DataSet("records", "records")
RECORD_LINES = DataSet("record_lines", "record_lines")
RECORD_LINES_4 = DataSet("record_lines", "record_lines", share=4)
RECORD_FILES = DataSet("record_files", "record_files", share=16)
LOG = DataSet("log", "log")
ENGLISH = DataSet("english", "real", share=0.25)
TEXT_FILES = DataSet("text_files", "pieces", share=0.25, source=ENGLISH, piece_bytes=256 << 10)
SMALL_FILES = DataSet("small_files", "pieces", source=ZIPF, piece_bytes=(1 << 30) // 100_000)
ONE_LINE = DataSet("one_line", "line")


def make(data, scratch, size_bytes, tools, text_folders):
    """Makes the data set if it is not there yet, and returns its path. A half-made one never has that name."""
    path = data.path(scratch, size_bytes)
    if os.path.exists(path):
        return path
    half_made = path + ".making"
    if os.path.isdir(half_made):
        shutil.rmtree(half_made)
    if data.kind == "line":
        with open(half_made, "wb") as file:
            file.write(b"one line of input\n")
    elif data.kind == "real":
        make_real_text(half_made, path + ".origin", data.size_bytes(size_bytes), text_folders)
    elif data.kind == "pieces":
        make_pieces(half_made, make(data.source, scratch, size_bytes, tools, text_folders), data.piece_bytes)
    elif data.kind == "record_files":
        os.mkdir(half_made)
        for number in range(int(data.share)):
            generate(tools, "records", size_bytes, SEED + number, os.path.join(half_made, f"{number:02}"))
    else:
        generate(tools, data.kind, data.size_bytes(size_bytes), SEED, half_made)
    os.rename(half_made, path)
    return path


def generate(tools, kind, size_bytes, seed, path):
    subprocess.run([tools.generate, kind, "--size", str(size_bytes), "--seed", str(seed), path], check=True)


def make_pieces(folder, source, piece_bytes):
    """A folder of files: the source cut at the ends of lines into about equal pieces, named in its order."""
    os.mkdir(folder)
    number = 0
    with open(source, "rb", buffering=MIB) as file:
        while piece := file.read(piece_bytes):
            with open(os.path.join(folder, f"{number:06}"), "wb") as out:
                out.write(piece + file.readline())
            number += 1


def files_of(path):
    """The files of an input, in order."""
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(path, name) for name in sorted(os.listdir(path))]


def bytes_of(path):
    return sum(os.path.getsize(file) for file in files_of(path))


def make_real_text(path, origin_path, size_bytes, folders):
    """Gathers texts of the machine, each content once, and repeats them all where they are too few. What stands
    in the last bytes, where a letter may be cut, becomes blank."""
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
        out.seek(size_bytes - 4)
        out.write(b"   \n")
    with open(origin_path, "w", encoding="utf-8") as origin:
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
    """The text of a file, or nothing if it is none, or not UTF-8, which DuckDB refuses. Its white space is made
    blank, tab and newline: the only separators on which all programs agree."""
    if not path.endswith(REAL_TEXT_ENDINGS) and "/man/" not in path and "/perl" not in path:
        return b""
    try:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            text = file.read()
        text.decode("utf-8")
    except (OSError, EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError):
        return b""
    if b"\0" in text:
        return b""
    return text.translate(bytes.maketrans(b"\v\f\r", b"   "))


def origin(data, scratch, size_bytes):
    """Where a real text came from, or None."""
    path = (data.source or data).path(scratch, size_bytes) + ".origin"
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().strip()
