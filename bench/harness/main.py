"""The recipe: make data, see that all programs agree on it, time them in alternation, report."""
import argparse
import datetime
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from harness import data, machine, measure, report
from harness.rows import ROWS, Place

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
KIB = 1 << 10
UNITS = {"": 1, "K": KIB, "M": KIB**2, "G": KIB**3}


class Tools:
    """The programs that were built."""

    def __init__(self, build):
        self.folder = os.path.join(os.path.abspath(build), "bin")
        self.mrun = self._find("mrun")
        self.generate = self._find("bench_generate")

    def reference(self, program):
        return self._find(f"reference_{program}")

    def _find(self, name):
        path = os.path.join(self.folder, name)
        if not os.access(path, os.X_OK):
            raise SystemExit(f"there is no {path}; build it: cmake --preset release && cmake --build build/release")
        return path


def parse_size(text):
    found = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"not a size: {text} (as in 64M or 1G)")
    return int(found[1]) * UNITS[found[2]]


def size_text(size_bytes):
    for unit, factor in (("GiB", KIB**3), ("MiB", KIB**2), ("KiB", KIB)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:g} {unit}"
    return f"{size_bytes} bytes"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench/run", description="Times mrun against other programs on the same data, "
                                     "in alternation. bench/README.md says how to read what it writes.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to run; otherwise all (--list names them)")
    parser.add_argument("--list", action="store_true", help="name the rows and stop")
    parser.add_argument("--quick", action="store_true",
                        help="see that all programs agree, on 64 MiB; times one run and judges nothing")
    parser.add_argument("--size", type=parse_size, help="bytes of data; otherwise 1G")
    parser.add_argument("--runs", type=int, default=5, help="rounds (5)")
    parser.add_argument("--slow-runs", type=int, default=3, help="rounds in which slow programs take part (3)")
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"),
                        help="build folder (build/release)")
    parser.add_argument("--scratch",
                        help="folder for data and outputs, kept; otherwise a temporary one in the build folder")
    parser.add_argument("--results", help="folder for the results; otherwise bench/results/<date>-<machine>")
    parser.add_argument("--text", action="append", help="folder of real text; may be repeated")
    options = parser.parse_args(arguments)
    names = [row.name for row in ROWS]
    for name in options.rows:
        if name not in names:
            parser.error(f"there is no row {name}; the rows are {', '.join(names)}")
    if options.quick:
        options.runs = options.slow_runs = 1
    options.size = options.size or (64 * KIB**2 if options.quick else KIB**3)
    return options


def digest(contender, output, ordered):
    """Of the output, parts in order; of its lines whatever their order, unless that counts."""
    if contender.folder:
        steps = [f"find {shlex.quote(output)} -name 'part-*' -print0 | sort -z | xargs -0 -r cat"]
    else:
        steps = [f"cat {shlex.quote(output)}"]
    if contender.normalize:
        steps.append(contender.normalize)
    if not ordered:
        steps.append("sort -S 25%")
    steps.append("sha256sum")
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + " | ".join(steps)], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}, check=True)
    return done.stdout.split()[0]


class RowRun:
    """One row on one machine: its programs that are here, their inputs and outputs."""

    def __init__(self, row, tools, options, scratch):
        self.row = row
        self._tools = tools
        self._scratch = scratch
        self._output = os.path.join(scratch, "output")
        self._messages = os.path.join(scratch, "messages.txt")
        self.contenders = [one for one in row.contenders if not one.needs or shutil.which(one.needs)]
        text_folders = options.text or [os.path.join(SOURCE, "samples", "texts"), *data.REAL_TEXT_FOLDERS]
        self.inputs = {one.data: data.make(one.data, scratch, options.size, tools, text_folders)
                       for one in self.contenders}

    def command(self, contender):
        return contender.command(self._tools, Place(self.inputs[contender.data], self._output))

    def shown_command(self, contender):
        """Without the folders of this machine."""
        shown = shlex.join(self.command(contender))
        for folder in (self._scratch, self._tools.folder):
            shown = shown.replace(folder + os.sep, "")
        return shown

    def prepare(self, contender):
        """Memory, page cache and disk as every program is to find them."""
        input_bytes = os.path.getsize(self.inputs[contender.data])
        measure.remove(self._output)
        if input_bytes >= KIB**2:
            measure.touch_memory(4 * input_bytes)
        measure.warm(self.inputs[contender.data])
        os.sync()

    def measure(self, contender):
        self.prepare(contender)
        return measure.run_once(self.command(contender), self._output, self._messages)

    def check(self):
        """All programs make the same of the same data, or there is nothing to compare."""
        seen = {}
        for contender in self.contenders:
            measure.run_once(self.command(contender), self._output, self._messages)
            if contender.folder:
                subprocess.run([self._tools.mrun, "verify", "-q", self._output], check=True)
            seen[contender.name] = digest(contender, self._output, self.row.ordered)
            measure.remove(self._output)
        if len(set(seen.values())) != 1:
            raise SystemExit(f"{self.row.name}: the programs do not agree:\n" +
                             "\n".join(f"  {value[:16]}  {name}" for name, value in seen.items()))


def run_row(row_run, options, raw):
    """Measurements by program and round. The programs take turns, so that a slow minute of the machine is
    shared by all."""
    measured = {}
    runs = options.runs if options.quick else max(options.runs, row_run.row.min_runs)
    for run in range(1, runs + 1):
        for contender in row_run.contenders:
            if contender.slow and run > options.slow_runs:
                continue
            one = row_run.measure(contender)
            measured.setdefault(contender.name, {})[run] = one
            if raw:
                raw.add(row_run.row.name, run, contender.name, row_run.shown_command(contender), one)
            peak_mib = one.peak_anonymous_bytes / KIB**2
            print(f"  {run}  {one.seconds:9.3f} s  {peak_mib:7.0f} MiB  {contender.name}", flush=True)
    return measured


def run_rows(rows, tools, options, scratch, raw):
    results, notes = {}, []
    for row in rows:
        print(f"{row.name}: {row.what}", flush=True)
        row_run = RowRun(row, tools, options, scratch)
        row_run.check()
        print("  all programs agree", flush=True)
        sizes = " and ".join(sorted({size_text(os.path.getsize(path)) for path in row_run.inputs.values()}))
        results[row.name] = (run_row(row_run, options, raw), sizes)
        for one in row_run.inputs:
            origin = data.origin(one, scratch, options.size)
            if origin and f"real text: {origin}" not in notes:
                notes.append(f"real text: {origin}")
    return results, notes


def main(arguments):
    options = parse(arguments)
    rows = [row for row in ROWS if not options.rows or row.name in options.rows]
    if options.list:
        print("\n".join(f"{row.name:26} {row.what}" for row in rows))
        return 0
    tools = Tools(options.build)
    scratch = os.path.abspath(options.scratch or tempfile.mkdtemp(prefix="bench-", dir=options.build))
    os.makedirs(scratch, exist_ok=True)
    try:
        if options.quick:
            run_rows(rows, tools, options, scratch, raw=None)
            print("all programs agree on all rows; --quick judges no times")
            return 0
        folder = options.results or os.path.join(SOURCE, "bench", "results",
                                                 f"{datetime.date.today()}-{machine.kind()}")
        os.makedirs(folder, exist_ok=True)
        raw = report.RawFile(os.path.join(folder, "raw.csv"))
        results, notes = run_rows(rows, tools, options, scratch, raw)
        raw.close()
        text = report.summary(rows, results, machine.facts(scratch, tools.mrun, SOURCE),
                              shlex.join(["bench/run", *arguments]), notes)
        report.save(folder, "summary.md", text)
        print("\n" + text + f"\nWritten to {folder}")
        return 0
    finally:
        if not options.scratch:
            shutil.rmtree(scratch, ignore_errors=True)


