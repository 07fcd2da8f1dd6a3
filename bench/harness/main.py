"""The recipe: make data, see that all programs agree on it, time them in alternation, report."""
import argparse
import datetime
import os
import re
import shutil
import tempfile

from harness import agreement, data, machine, raw, report
from harness.row_run import RowRun
from harness.rows import ROWS
from harness.tools import Tools

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
KIB = 1 << 10
UNITS = {"": 1, "K": KIB, "M": KIB**2, "G": KIB**3}


def parse_size(text):
    found = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"not a size: {text} (as in 64M or 1G)")
    return int(found[1]) * UNITS[found[2]]


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench/run", description="Times mrun against other programs on the same data, "
                                     "in alternation. bench/README.md says how to read what it writes.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to run; otherwise all that do not need tens of "
                        "GiB (--list names them)")
    parser.add_argument("--list", action="store_true", help="name the rows and stop")
    parser.add_argument("--quick", action="store_true",
                        help="see that all programs agree, on 64 MiB; times one run and judges nothing")
    parser.add_argument("--check", action="store_true", help="see that all programs agree, and time nothing. With "
                        "--scratch the next call remembers it")
    parser.add_argument("--against", action="append", metavar="NAME",
                        help="of the programs of a row, only mrun and this one; may be repeated")
    parser.add_argument("--size", type=parse_size, help="bytes of data; otherwise 1G")
    parser.add_argument("--runs", type=int, default=5, help="rounds (5)")
    parser.add_argument("--slow-runs", type=int, default=3, help="rounds in which slow programs take part (3)")
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"),
                        help="build folder (build/release)")
    parser.add_argument("--peers", default=os.path.join(SOURCE, "build", "peers"),
                        help="where bench/peers.sh has put the peers (build/peers)")
    parser.add_argument("--no-peers", action="store_true", help="leave them out")
    parser.add_argument("--scratch",
                        help="folder for data and outputs, kept; otherwise a temporary one in the build folder")
    parser.add_argument("--data", help="folder for the data alone, kept; otherwise the scratch folder")
    parser.add_argument("--results", help="folder for the results; otherwise bench/results/<date>-<machine>. Rows that "
                        "stand there already are replaced")
    parser.add_argument("--add", action="store_true", help="keep their rounds and add to them")
    parser.add_argument("--no-results", action="store_true", help="write none")
    parser.add_argument("--text", action="append", help="folder of real text; may be repeated")
    options = parser.parse_args(arguments)
    names = [row.name for row in ROWS]
    for name in options.rows:
        if name not in names:
            parser.error(f"there is no row {name}; the rows are {', '.join(names)}")
    rows = [row for row in ROWS if row.name in options.rows] or \
        [row for row in ROWS if options.quick or not row.by_name_only]
    programs = {contender.name for row in rows for contender in row.contenders}
    for name in options.against or []:
        if name not in programs:
            parser.error(f"there is no program {name} in these rows; there are {', '.join(sorted(programs))}")
    if options.no_peers:
        options.peers = os.devnull
    options.size = options.size or (64 * KIB**2 if options.quick else KIB**3)
    return options, rows


def results_file(options, rows):
    """raw.csv in its folder, or nothing where no results are wanted."""
    if options.quick or options.check or options.no_results:
        return None
    folder = options.results or os.path.join(SOURCE, "bench", "results", f"{datetime.date.today()}-{machine.kind()}")
    os.makedirs(folder, exist_ok=True)
    return raw.RawFile(os.path.join(folder, "raw.csv"), [row.name for row in rows], options.add)


def run_row(row, tools, options, scratch, out):
    """Returns notes on the data."""
    print(f"{row.name}: {row.what}", flush=True)
    data_folder = os.path.abspath(options.data or scratch)
    os.makedirs(data_folder, exist_ok=True)
    text_folders = options.text or [os.path.join(SOURCE, "samples", "texts"), *data.REAL_TEXT_FOLDERS]
    row_run = RowRun(row, tools, options, scratch, data_folder, text_folders)
    if not row_run.contenders:
        print("  cannot be run here: it needs a memory cgroup that this user may make")
        return []
    row_run.check(agreement.Known(os.path.join(scratch, "agreed.json")))
    print("  all programs agree", flush=True)
    if options.quick:
        row_run.run(1, 1, None, "")
    elif not options.check:
        row_run.run(max(options.runs, row.min_runs), options.slow_runs, out, machine.commit(options.build))
    return row_run.origins()


def main(arguments):
    options, rows = parse(arguments)
    if options.list:
        for row in ROWS:
            print(f"{row.name:24} {row.what}{' (only by name)' if row.by_name_only else ''}")
        return 0
    tools = Tools(options.build, options.peers)
    scratch = os.path.abspath(options.scratch or tempfile.mkdtemp(prefix="bench-", dir=options.build))
    os.makedirs(scratch, exist_ok=True)
    try:
        out = results_file(options, rows)
        notes = []
        for row in rows:
            notes += [one for one in run_row(row, tools, options, scratch, out) if one not in notes]
        if out is None:
            print("all programs agree on all rows" + ("; --quick judges no times" if options.quick else ""))
            return 0
        out.close()
        text = report.summary(ROWS, out.lines, machine.facts(scratch, tools), notes)
        report.save(os.path.join(out.folder, "summary.md"), text)
        print("\n" + text + f"\nWritten to {out.folder}")
        return 0
    finally:
        if not options.scratch:
            shutil.rmtree(scratch, ignore_errors=True)
