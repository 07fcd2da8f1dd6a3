"""The programs that were built and fetched."""
import os
import shutil

from harness import agreement
from harness.peers import PEERS, FetchedPeers, script


class Tools:
    def __init__(self, build, peers_folder):
        self.build = os.path.abspath(build)
        self.folder = os.path.join(self.build, "bin")
        self.mrun = self._find("mrun")
        self.generate = self._find("bench_generate")
        self.validate = self._find("bench_validate")
        self.peers = FetchedPeers(peers_folder)

    def reference(self, program):
        return self._find(f"reference_{program}")

    def has(self, contender):
        """Whether all is here that a contender needs."""
        if contender.needs and not shutil.which(contender.needs):
            return False
        return not contender.peer or self.peers.version(contender.peer) is not None

    def fingerprint(self, contender):
        """What changes when the program of a contender does, as far as we make or fetch it."""
        if contender.peer:
            one = PEERS[contender.peer]
            return f"{self.peers.version(contender.peer)} {agreement.fingerprint([script(one)])}"
        if contender.kind == "mrun":
            return agreement.fingerprint([self.mrun, os.path.join(self.build, "lib", "mrun")])
        if contender.name == "reference":
            names = sorted(name for name in os.listdir(self.folder) if name.startswith("reference_"))
            return agreement.fingerprint([os.path.join(self.folder, name) for name in names])
        return ""

    def _find(self, name):
        path = os.path.join(self.folder, name)
        if not os.access(path, os.X_OK):
            raise SystemExit(f"there is no {path}; build it: cmake --preset release && cmake --build build/release")
        return path
