"""The peers that bench/peers.sh fetches from their published packages."""
import glob
import os
import re
import shutil
from dataclasses import dataclass

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "peers")


@dataclass(frozen=True)
class Peer:
    package: str  # On PyPI.
    script: str
    output_kind: str = "file"
    needs: str = ""  # A program beside the package.


PEERS = {
    "DuckDB": Peer("duckdb", "with_duckdb.py"),
    "chDB": Peer("chdb", "with_chdb.py"),
    "Polars": Peer("polars", "with_polars.py"),
    "Spark": Peer("pyspark", "with_spark.py", output_kind="folder", needs="java"),
}


def script(one):
    return os.path.join(FOLDER, one.script)


class FetchedPeers:
    """What stands in the virtual environment `folder`; nothing, where it was not made."""

    def __init__(self, folder):
        self.python = os.path.join(os.path.abspath(folder), "bin", "python")
        self._folder = folder

    def version(self, name):
        """Of a peer, or None where it is not here."""
        one = PEERS[name]
        if one.needs and not shutil.which(one.needs):
            return None
        for found in glob.glob(os.path.join(self._folder, "lib", "python*", "site-packages",
                                            f"{one.package}-*.dist-info")):
            return re.search(r"-([^-]*)\.dist-info$", found)[1]
        return None

    def versions(self):
        """Pairs of name and version of all that are here."""
        return [(name, version) for name in PEERS if (version := self.version(name))]
