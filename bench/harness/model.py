"""What a row of the benchmark is made of."""
from dataclasses import dataclass, field
from typing import Callable

from harness import data

MIB = 1 << 20


@dataclass(frozen=True)
class Place:
    """Where one program finds and leaves things."""
    input: str  # A file, or a folder of files.
    output: str


@dataclass(frozen=True)
class Contender:
    """A program that does a row's job."""
    name: str
    command: Callable  # (tools, place) -> list of arguments
    data: data.DataSet
    slow: bool = False  # Takes so long that it runs in fewer rounds.
    kind: str = "file"  # Of its output: "file", "mrun" (a folder with a manifest) or "folder" (of parts).
    normalize: str = ""  # Shell filter that brings its output to the form of the others.
    needs: str = ""  # The program to look for; without it the contender is left out.
    peer: str = ""  # The fetched peer to look for (a name of peers.PEERS); likewise.
    memory_bytes: int = 0  # What it was told to keep to; 0 is no limit.
    # All its memory, page cache too, is held to this, and its input is not in the page cache; 0 is no limit.
    cgroup_bytes: int = 0


@dataclass(frozen=True)
class Row:
    name: str
    what: str
    contenders: list
    goals: list = field(default_factory=list)
    ordered: bool = False  # Outputs must agree in order too.
    # Of sorted records with one contender a size: each output is held against its own input.
    validated: bool = False
    min_runs: int = 1
    touched: int = 8  # Memory that is touched before each run, in times its input.
    by_name_only: bool = False  # Too large to run unasked.
