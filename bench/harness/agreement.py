"""Whether all programs of a row make the same of the same data: without that there is nothing to compare."""
import hashlib
import json
import os
import shlex
import subprocess

ENVIRONMENT = {**os.environ, "LC_ALL": "C"}


def digest(contender, output, ordered):
    """Of the output, parts in order; of its lines whatever their order, unless that counts."""
    if contender.kind == "file":
        steps = [f"cat {shlex.quote(output)}"]
    else:
        steps = [f"find {shlex.quote(output)} -name 'part-*' -print0 | sort -z | xargs -0 -r cat"]
    if contender.normalize:
        steps.append(contender.normalize)
    if not ordered:
        steps.append("sort -S 25%")
    steps.append("sha256sum")
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + " | ".join(steps)], capture_output=True, text=True,
                          env=ENVIRONMENT, check=True)
    return done.stdout.split()[0]


def validate(validator, inputs, outputs):
    """Sorted records: the outputs, one after the other, are in order and hold what the inputs hold."""
    def run(*arguments):
        return subprocess.run([validator, *arguments], capture_output=True, text=True, check=False)
    before, after = run("--any-order", *inputs), run(*outputs)
    if before.returncode or after.returncode or before.stdout != after.stdout:
        raise SystemExit("the output is not the sorted input:\n" +
                         before.stdout + before.stderr + after.stdout + after.stderr)


class Known:
    """Digests that were taken before, in a file of the scratch folder: of a program that has not changed since,
    on data that has not. So a row that is checked once can be timed again and again."""

    def __init__(self, path):
        self._path = path
        self._digests = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self._digests = json.load(file)

    def get(self, key):
        return self._digests.get(key)

    def put(self, key, value):
        self._digests[key] = value
        with open(self._path, "w", encoding="utf-8") as file:
            json.dump(self._digests, file, indent=1)


def fingerprint(paths):
    """Of files by name, size and time of change, and of all below folders."""
    facts = []
    for path in paths:
        files = [os.path.join(where, name) for where, _, names in os.walk(path) for name in names] or [path]
        for file in sorted(files):
            status = os.stat(file)
            facts.append(f"{file} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
