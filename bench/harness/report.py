"""Turns measurements into a table for people and a CSV file for programs."""
import csv
import dataclasses
import os
import statistics

MIB = 1 << 20

HOW_TO_READ = """\
Outputs were equal before anything was timed. Times are medians; a ratio is the median of the ratios of each round, with
the least and the most. `mrun` and its peers do not wait for the disk; `mrun durable` does. Inputs were in the page
cache. Peak memory counts mapped input pages, anonymous memory does not."""


def median(values):
    return statistics.median(values)


def seconds_text(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def times(measured, contender):
    """Seconds by round. A contender that was left out has none."""
    return {run: one.seconds for run, one in measured.get(contender, {}).items()}


def judge(goal, measured):
    """What was measured for a goal, and the verdict on it."""
    top = measured.get(goal.top, {})
    if not top or (goal.bottom and not measured.get(goal.bottom)):
        return "–", "not measured"
    if goal.anonymous_bytes_at_most:
        peak = max(one.peak_anonymous_bytes for one in top.values())
        return f"{peak / MIB:.1f} MiB", verdict(peak <= goal.anonymous_bytes_at_most)
    if goal.seconds_at_most:
        middle = median([one.seconds for one in top.values()])
        return seconds_text(middle), verdict(middle <= goal.seconds_at_most)
    # Both ran under the same conditions within a round, so ratios are taken there.
    above, below = times(measured, goal.top), times(measured, goal.bottom)
    ratios = [above[run] / below[run] for run in above if run in below]
    middle = median(ratios)
    met = middle <= goal.at_most if goal.at_most else middle >= goal.at_least
    return f"{middle:.2f} ({min(ratios):.2f}–{max(ratios):.2f})", verdict(met)


def verdict(met):
    return "met" if met else "**missed**"


def row_text(row, measured, size_text):
    """The tables of one row."""
    lines = [f"## {row.name}", "", f"{row.what[0].upper()}{row.what[1:]}; {size_text}.", "",
             "| program | runs | median | least–most | CPU | peak memory | of it anonymous |",
             "|---|---|---|---|---|---|---|"]
    for contender in row.contenders:
        runs = list(measured.get(contender.name, {}).values())
        if not runs:
            lines.append(f"| {contender.name} | – | not on this machine | | | | |")
            continue
        seconds = [one.seconds for one in runs]
        lines.append(
            f"| {contender.name} | {len(runs)} | {seconds_text(median(seconds))} | "
            f"{seconds_text(min(seconds))}–{seconds_text(max(seconds))} | "
            f"{seconds_text(median([one.user_seconds + one.system_seconds for one in runs]))} | "
            f"{max(one.peak_rss_bytes for one in runs) / MIB:.0f} MiB | "
            f"{max(one.peak_anonymous_bytes for one in runs) / MIB:.0f} MiB |")
    if row.goals:
        lines += ["", "| goal | measured | |", "|---|---|---|"]
        for goal in row.goals:
            found, met = judge(goal, measured)
            lines.append(f"| {goal.text} | {found} | {met} |")
    return "\n".join(lines) + "\n"


def summary(rows, results, facts, command, notes):
    """The whole summary.md. `results` maps a row's name to (measured, text of its size)."""
    lines = ["# Benchmark", "", f"Command: `{command}`", ""]
    lines += [f"- {name}: {value}" for name, value in facts]
    lines += [f"- {note}" for note in notes]
    lines += ["", HOW_TO_READ, ""]
    missed = [f"{row.name}: {goal.text}: {judge(goal, results[row.name][0])[0]}" for row in rows
              for goal in row.goals if judge(goal, results[row.name][0])[1] == verdict(False)]
    lines += ["Goals missed:" if missed else "No goal that was measured is missed.", ""]
    lines += [f"- {line}" for line in missed] + ([""] if missed else [])
    lines += [row_text(row, *results[row.name]) for row in rows]
    return "\n".join(lines)


class RawFile:
    """Every run as a line of CSV, written as it ends: an interrupted benchmark keeps what it has."""
    FIELDS = ["row", "round", "contender", "command", "seconds", "user_seconds", "system_seconds", "peak_rss_bytes",
              "peak_anonymous_bytes", "output_bytes"]

    def __init__(self, path):
        self._file = open(path, "w", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, self.FIELDS, lineterminator="\n")
        self._writer.writeheader()

    def add(self, row, run, contender, command, one):
        numbers = {name: f"{value:.6f}" if isinstance(value, float) else value
                   for name, value in dataclasses.asdict(one).items()}
        self._writer.writerow({"row": row, "round": run, "contender": contender, "command": command, **numbers})
        self._file.flush()

    def close(self):
        self._file.close()


def save(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
