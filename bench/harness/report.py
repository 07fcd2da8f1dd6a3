"""Turns measurements into tables for people."""
import statistics

from harness import raw
from harness.goals import MISSED, seconds_text

MIB = 1 << 20

HOW_TO_READ = """\
Outputs were equal before anything was timed. Times are medians; a ratio is the median of the ratios of each round, with
the least and the most. `mrun` and its peers do not wait for the disk; `mrun durable` does. Inputs were in the page
cache, unless the row says otherwise. Peak memory counts mapped input pages, anonymous memory does not."""


def row_text(row, measured, size_text, commits):
    """The tables of one row."""
    lines = [f"## {row.name}", "", f"{row.what[0].upper()}{row.what[1:]}; {size_text}; mrun of commit {commits}.", "",
             "| program | runs | median | least–most | CPU | peak memory | of it anonymous |",
             "|---|---|---|---|---|---|---|"]
    for contender in row.contenders:
        runs = list(measured.get(contender.name, {}).values())
        if not runs:
            lines.append(f"| {contender.name} | – | not measured | | | | |")
            continue
        seconds = [one.seconds for one in runs]
        lines.append(
            f"| {contender.name} | {len(runs)} | {seconds_text(statistics.median(seconds))} | "
            f"{seconds_text(min(seconds))}–{seconds_text(max(seconds))} | "
            f"{seconds_text(statistics.median(one.user_seconds + one.system_seconds for one in runs))} | "
            f"{max(one.peak_rss_bytes for one in runs) / MIB:.0f} MiB | "
            f"{max(one.peak_anonymous_bytes for one in runs) / MIB:.0f} MiB |")
    if row.goals:
        lines += ["", "| goal | measured | |", "|---|---|---|"]
        for goal in row.goals:
            found, met = goal.judge(measured)
            lines.append(f"| {goal.text} | {found} | {met} |")
    return "\n".join(lines) + "\n"


def summary(rows, raw_lines, facts, notes):
    """The whole summary.md: of all rows that were measured, in the order of `rows`."""
    results = raw.results(raw_lines)
    rows = [row for row in rows if row.name in results]
    lines = ["# Benchmark", "", f"Made with `bench/run {' '.join(row.name for row in rows)}`.", ""]
    lines += [f"- {name}: {value}" for name, value in facts]
    lines += [f"- {note}" for note in notes]
    lines += ["", HOW_TO_READ, ""]
    judged = [(row, goal, *goal.judge(results[row.name])) for row in rows for goal in row.goals]
    missed = [f"- {row.name}: {goal.text}: {found}" for row, goal, found, met in judged if met == MISSED]
    lines += ["Goals missed:" if missed else "No goal that was measured is missed.", ""]
    lines += missed + ([""] if missed else [])
    for row in rows:
        lines.append(row_text(row, results[row.name], ", ".join(raw.distinct(raw_lines, row.name, "data")),
                              ", ".join(raw.distinct(raw_lines, row.name, "commit"))))
    return "\n".join(lines)


def save(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
