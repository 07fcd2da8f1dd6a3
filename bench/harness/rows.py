"""The rows of the benchmark: which programs do which job on which data, and what mrun must reach."""
from dataclasses import dataclass, field
from typing import Callable

from harness import data

MIB = 1 << 20


@dataclass(frozen=True)
class Place:
    """Where one program finds and leaves things."""
    input: str
    output: str


@dataclass(frozen=True)
class Contender:
    """A program that does a row's job."""
    name: str
    command: Callable  # (tools, place) -> list of arguments
    data: data.DataSet
    slow: bool = False  # Takes so long that it runs in fewer rounds.
    folder: bool = False  # Its output is a folder of parts, as mrun makes it.
    normalize: str = ""  # Shell filter that brings its output to the form of the others.
    needs: str = ""  # The program to look for; without it the contender is left out.


@dataclass(frozen=True)
class Goal:
    """`top` / `bottom`, both contenders' median times, against a bound; or a peak against bytes."""
    text: str
    top: str
    bottom: str
    at_most: float = 0
    at_least: float = 0
    anonymous_bytes_at_most: int = 0
    seconds_at_most: float = 0


@dataclass(frozen=True)
class Row:
    name: str
    what: str
    contenders: list
    goals: list = field(default_factory=list)
    ordered: bool = False  # Outputs must agree in order too.
    compared: bool = True  # False: the contenders' outputs are not of one kind.
    min_runs: int = 1


def mrun(name, job, *options, dataset, durable=False, normalize=""):
    """mrun on `job`; beside peers, which never sync, it does not sync either unless `durable`."""
    sync = [] if durable else ["--no-sync"]
    return Contender(name, lambda tools, place: [tools.mrun, "-q", *sync, *options, job, place.input, place.output],
                     dataset, folder=True, normalize=normalize)


def shell(name, script, dataset, needs, slow=True, normalize=""):
    """A pipeline of bash that reads $1 and writes $2."""
    return Contender(name, lambda tools, place: ["bash", "-c", script, "bash", place.input, place.output], dataset,
                     slow=slow, normalize=normalize, needs=needs)


def reference(program, dataset, *options, before=(), normalize=""):
    return Contender("reference", lambda tools, place: [tools.reference(program), *before, place.input, place.output,
                                                        *options], dataset, normalize=normalize)


def word_count(dataset, table_log2):
    """mrun twice and the reference. The table is as large as suits the vocabulary."""
    return [mrun("mrun", "wordcount", dataset=dataset),
            reference("word_count", dataset, "2", table_log2),
            mrun("mrun durable", "wordcount", dataset=dataset, durable=True)]


def mrun_join(dataset):
    """Each row with those of the users that every thousandth row names; the list comes through a pipe."""
    script = """exec "$3" join -q --no-sync -D field=7 left=<(mawk 'NR % 1000 == 1' "$1") right="$1" "$2" """
    return Contender("mrun", lambda tools, place: ["bash", "-c", script, "bash", place.input, place.output, tools.mrun],
                     dataset, folder=True)


def coreutils_join(dataset):
    fields = ",".join([f"1.{i}" for i in range(1, 8)] + [f"2.{i}" for i in range(1, 8)])
    return shell("sort, join", f"""tab=$(printf '\\t')
        join -t "$tab" -1 7 -2 7 -o {fields} <(mawk 'NR % 1000 == 1' "$1" | sort -t "$tab" -k7,7) \\
          <(sort -t "$tab" -k7,7 "$1") >"$2" """, dataset, needs="join")


def mawk_words(dataset, normalize=""):
    return shell("mawk", """mawk '{ for (i = 1; i <= NF; ++i) ++count[$i] }
        END { for (word in count) printf "%s\\t%d\\n", word, count[word] }' "$1" >"$2" """, dataset, needs="mawk",
                 normalize=normalize)


def coreutils_words(dataset):
    return shell("tr, sort, uniq", """tr -s ' \\t' '\\n' <"$1" | sort | uniq -c >"$2" """, dataset, needs="sort",
                 normalize=r"sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' | sed '/^\t/d'")


def gnu_sort(dataset):
    return shell("GNU sort", 'sort -o "$2" "$1"', dataset, needs="sort")


def reference_goal(first, final):
    """The bound against the reference; where a nearer one is asked for first, both."""
    goals = [Goal(f"at most {final} × reference", "mrun", "reference", at_most=final)]
    if first:
        goals.insert(0, Goal(f"first step: at most {first} × reference", "mrun", "reference", at_most=first))
    return goals


def faster_goal(times, peer, first=False):
    return Goal(f"{'first step: ' if first else ''}at least {times} × faster than {peer}", peer, "mrun",
                at_least=times)


def small_memory(name, dataset, what):
    """Peak anonymous memory at 64 MiB: the budget, 15 % and 64 MiB for code, stacks and libraries."""
    limited = "mrun --memory 64M"
    bound = int(64 * MIB * 1.15) + 64 * MIB
    return Row(name, what,
               [mrun("mrun", "wordcount", dataset=dataset),
                mrun(limited, "wordcount", "--memory", "64M", dataset=dataset)],
               [Goal("peak anonymous memory at most 137.6 MiB", limited, "", anonymous_bytes_at_most=bound)])


def grep(name, what, pattern, is_regex):
    """The pattern comes from the vocabulary of the seed's text."""
    contenders = [mrun("mrun", "grep", "-D", f"pattern={pattern}", dataset=data.ZIPF)]
    if not is_regex:
        contenders.append(reference("grep_lines", data.ZIPF, before=(pattern,)))
    gnu = f"""grep -a {'-E' if is_regex else '-F'} -e '{pattern}' "$1" >"$2" """
    contenders.append(shell("GNU grep", gnu, data.ZIPF, needs="grep", slow=False))
    ripgrep = f"""rg -a -N --no-config {'' if is_regex else '-F'} -e '{pattern}' "$1" >"$2" """
    contenders.append(shell("ripgrep", ripgrep, data.ZIPF, needs="rg", slow=False))
    contenders.append(mrun("mrun durable", "grep", "-D", f"pattern={pattern}", dataset=data.ZIPF, durable=True))
    return Row(name, what, contenders,
               [Goal("at most 1.5 × ripgrep", "mrun", "ripgrep", at_most=1.5), faster_goal(3, "GNU grep")],
               ordered=True)


ROWS = [
    Row("word-count", "word count, Zipf text, 0.5 M different words",
        [*word_count(data.ZIPF, "20"), mawk_words(data.ZIPF)],
        [*reference_goal(2, 1.25), faster_goal(10, "mawk", first=True)]),
    Row("word-count-distinct", "word count, text of many different words",
        [*word_count(data.DISTINCT, "17"),
         mrun("mrun --memory 512M", "wordcount", "--memory", "512M", dataset=data.DISTINCT)],
        [*reference_goal(0, 1.5),
         Goal("with 512 MiB at most 2 × its own unlimited time", "mrun --memory 512M", "mrun", at_most=2)]),
    Row("word-count-real", "word count, real English and manuals, a quarter of the size",
        [*word_count(data.REAL_TEXT, "19"), mawk_words(data.REAL_TEXT), coreutils_words(data.REAL_TEXT)],
        reference_goal(0, 1.3)),
    small_memory("word-count-64M", data.ZIPF, "word count, Zipf text, with 64 MiB of memory"),
    small_memory("word-count-distinct-64M", data.DISTINCT, "word count, many different words, with 64 MiB of memory"),
    Row("word-count-threads", "word count, Zipf text, one thread against all",
        [mrun("mrun", "wordcount", dataset=data.ZIPF), mrun("mrun -j 1", "wordcount", "-j", "1", dataset=data.ZIPF)],
        [Goal("two threads at least 1.8 × as fast as one", "mrun -j 1", "mrun", at_least=1.8)]),
    Row("sort-records", "sort, binary records of 100 bytes with 10-byte keys, in memory",
        [mrun("mrun", "sort", "--records", "fixed:100", dataset=data.RECORDS),
         reference("record_sort", data.RECORDS),
         mrun("mrun durable", "sort", "--records", "fixed:100", dataset=data.RECORDS, durable=True)],
        reference_goal(0, 1.5), ordered=True),
    Row("sort-record-lines", "sort, the records as lines of 99 printable characters, in memory",
        [mrun("mrun", "sort", dataset=data.RECORD_LINES),
         reference("record_sort", data.RECORD_LINES),
         mrun("mrun durable", "sort", dataset=data.RECORD_LINES, durable=True),
         gnu_sort(data.RECORD_LINES)],
        [faster_goal(5, "GNU sort", first=True), faster_goal(8, "GNU sort")], ordered=True),
    Row("sort-lines", "sort, lines of Zipf text, in memory",
        [mrun("mrun", "sort", dataset=data.ZIPF), gnu_sort(data.ZIPF)], ordered=True),
    grep("grep-literal", "grep, a literal in Zipf text", "abosotatavecobasi", is_regex=False),
    grep("grep-regex", "grep, a regular expression in Zipf text", "(acacoj|adapo)[a-z]* [aeiou]", is_regex=True),
    Row("group-sum", "sums and counts by user over a log of TSV",
        [mrun("mrun", "sum", "-D", "by=7", "-D", "count", "-D", "sum=6", dataset=data.LOG),
         reference("group_sum", data.LOG, normalize=r"""mawk -F '\t' '{ print $1 "\t" $3 "\t" $2 }'"""),
         shell("mawk", """mawk -F '\\t' '{ sum[$7] += $6; ++count[$7] }
             END { for (user in sum) printf "%s\\t%d\\t%.0f\\n", user, count[user], sum[user] }' "$1" >"$2" """,
               data.LOG, needs="mawk")],
        reference_goal(0, 1.5)),
    Row("distinct", "the different users of a log",
        [mrun("mrun", "distinct", "-D", "field=7", dataset=data.LOG),
         shell("mawk", """mawk -F '\\t' '!seen[$7]++ { print $7 }' "$1" >"$2" """, data.LOG, needs="mawk"),
         shell("cut, sort -u", 'cut -f 7 "$1" | sort -u >"$2"', data.LOG, needs="sort")]),
    Row("top", "the hundred largest answers of a log",
        [mrun("mrun", "top", "-D", "field=6", "-D", "k=100", dataset=data.LOG),
         shell("sort, head", """sort -t "$(printf '\\t')" -k6,6nr "$1" | head -n 100 >"$2" """, data.LOG,
               needs="sort")], ordered=True),
    Row("join", "a log with every thousandth of its rows, by user", [mrun_join(data.LOG), coreutils_join(data.LOG)]),
    Row("index", "which words a text holds, and how often",
        [mrun("mrun", "index", dataset=data.REAL_TEXT, normalize="cut -f 1,3"), mawk_words(data.REAL_TEXT)]),
    Row("start-up", "word count of one line",
        [mrun("mrun", "wordcount", dataset=data.ONE_LINE),
         mrun("mrun durable", "wordcount", dataset=data.ONE_LINE, durable=True),
         mawk_words(data.ONE_LINE)],
        [Goal("at most 10 ms", "mrun", "", seconds_at_most=0.010),
         Goal("durable at most 10 ms", "mrun durable", "", seconds_at_most=0.010)],
        min_runs=21),
]
