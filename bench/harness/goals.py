"""Goals: what mrun must reach in a row, and how it is judged. `measured` maps a contender's name to its measurements
by round."""
import statistics
from dataclasses import dataclass

MIB = 1 << 20
MET, MISSED, NOT_MEASURED = "met", "**missed**", "not measured"


def verdict(met):
    return MET if met else MISSED


def seconds_text(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def spread_text(values, form=".2f"):
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


@dataclass(frozen=True)
class Ratio:
    """The times of two contenders, top / bottom. Both ran under the same conditions within a round, so ratios are
    taken there."""
    text: str
    top: str
    bottom: str
    at_most: float = 0
    at_least: float = 0

    def judge(self, measured):
        above, below = measured.get(self.top, {}), measured.get(self.bottom, {})
        ratios = [above[run].seconds / below[run].seconds for run in above if run in below]
        if not ratios:
            return "–", NOT_MEASURED
        middle = statistics.median(ratios)
        return spread_text(ratios), verdict(middle <= self.at_most if self.at_most else middle >= self.at_least)


@dataclass(frozen=True)
class Time:
    """The median time of a contender."""
    text: str
    contender: str
    seconds_at_most: float

    def judge(self, measured):
        seconds = [one.seconds for one in measured.get(self.contender, {}).values()]
        if not seconds:
            return "–", NOT_MEASURED
        middle = statistics.median(seconds)
        return seconds_text(middle), verdict(middle <= self.seconds_at_most)


@dataclass(frozen=True)
class Peak:
    """The highest anonymous memory of a contender that was told to keep to a budget: that, 15 % and 64 MiB for code,
    stacks and libraries."""
    contender: str
    budget_bytes: int

    @property
    def bytes_at_most(self):
        return int(self.budget_bytes * 1.15) + 64 * MIB

    @property
    def text(self):
        return f"{self.contender}: peak anonymous memory at most {self.bytes_at_most / MIB:.1f} MiB"

    def judge(self, measured):
        peaks = [one.peak_anonymous_bytes for one in measured.get(self.contender, {}).values()]
        if not peaks:
            return "–", NOT_MEASURED
        return f"{max(peaks) / MIB:.1f} MiB", verdict(max(peaks) <= self.bytes_at_most)


@dataclass(frozen=True)
class EvenThroughput:
    """Output bytes a second of several contenders; the slowest against the fastest, round by round."""
    text: str
    contenders: tuple
    at_least: float

    def judge(self, measured):
        runs = [measured.get(name, {}) for name in self.contenders]
        evenness = []
        for run in set.intersection(*(set(one) for one in runs)):
            speeds = [one[run].output_bytes / one[run].seconds for one in runs]
            evenness.append(min(speeds) / max(speeds))
        if not evenness:
            return "–", NOT_MEASURED
        return spread_text(evenness), verdict(statistics.median(evenness) >= self.at_least)


@dataclass(frozen=True)
class OutOfReach:
    """A goal against a program that no package registry holds: it is told, never judged."""
    text: str
    why: str

    def judge(self, _):
        return self.why, NOT_MEASURED
