"""raw.csv: every single run, from which the summary is made. It is written as runs end: an interrupted benchmark
keeps what it has, and rows can be measured one call at a time."""
import csv
import dataclasses
import os

from harness.measure import Measurement

FIELDS = ["row", "data", "round", "contender", "seconds", "user_seconds", "system_seconds", "peak_rss_bytes",
          "peak_anonymous_bytes", "output_bytes", "commit", "command"]


def read(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def results(lines):
    """Measurements by row, contender and round."""
    measured = {}
    for line in lines:
        one = Measurement(*(float(line[field.name]) if field.type is float else int(line[field.name])
                            for field in dataclasses.fields(Measurement)))
        measured.setdefault(line["row"], {}).setdefault(line["contender"], {})[int(line["round"])] = one
    return measured


def distinct(lines, row, field):
    """The different values of a field in a row, as they came."""
    return list(dict.fromkeys(line[field] for line in lines if line["row"] == row))


class RawFile:
    """Goes on with an existing file: rows that are measured again are replaced there, or with `add` get more
    rounds."""

    def __init__(self, path, rows, add):
        self.folder = os.path.dirname(path)
        self.lines = [line for line in read(path) if add or line["row"] not in rows]
        self._file = open(path, "w", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, FIELDS, lineterminator="\n")
        self._writer.writeheader()
        self._writer.writerows(self.lines)
        self._file.flush()

    def rounds(self, row):
        """How many rounds of a row there are."""
        return max((int(line["round"]) for line in self.lines if line["row"] == row), default=0)

    def add(self, one, **facts):
        numbers = {name: f"{value:.6f}" if isinstance(value, float) else value
                   for name, value in dataclasses.asdict(one).items()}
        self.lines.append({**facts, **numbers})
        self._writer.writerow(self.lines[-1])
        self._file.flush()

    def close(self):
        self._file.close()
