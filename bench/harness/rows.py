"""The rows of the benchmark: which programs do which job on which data, and what mrun must reach."""
from harness import data
from harness.goals import EvenThroughput, OutOfReach, Peak, Ratio, Time
from harness.model import Row
from harness.programs import (CGROUP_BYTES, base_names, coreutils_join, coreutils_words, gnu_sort, grep_tools,
                              mawk_group_sum, mawk_index, mawk_words, mrun, mrun_join, mrun_of_files, peer, reference,
                              shell)

FIXED = ("--records", "fixed:100", "-D", "bytes=1-10")
SUM = ("-D", "by=7", "-D", "count", "-D", "sum=6")
NO_PACKAGE = "in no package registry; README.md has an earlier figure"
GROWTH = (1, 2, 4, 8, 16)


def row(name, what, contenders, goals=(), **settings):
    """A row, and for each contender with a memory budget of its own the goal that it keeps to it."""
    peaks = [Peak(one.name, one.memory_bytes) for one in contenders if one.memory_bytes and one.kind == "mrun"]
    return Row(name, what, contenders, [*goals, *peaks], **settings)


def at_most_reference(times):
    return Ratio(f"at most {times} × reference", "mrun", "reference", at_most=times)


def faster(times, name, ours="mrun"):
    return Ratio(f"at least {times} × faster than {name}", name, ours, at_least=times)


def out_of_reach(times, name):
    return OutOfReach(f"at least {times} × faster than {name}", NO_PACKAGE)


def at_most_unlimited(times, limited):
    return Ratio(f"{limited}: at most {times} × its own unlimited time", limited, "mrun", at_most=times)


TWO_THREADS = Ratio("two threads at least 1.8 × as fast as one", "mrun -j 1", "mrun", at_least=1.8)


def word_count(dataset, table_log2):
    """mrun, the reference, mrun durable and on one thread. The table is as large as suits the vocabulary."""
    return [mrun("mrun", "wordcount", dataset=dataset),
            reference("word_count", dataset, "2", table_log2),
            mrun("mrun durable", "wordcount", dataset=dataset, durable=True),
            mrun("mrun -j 1", "wordcount", "-j", "1", dataset=dataset)]


def small_memory(name, dataset, what):
    return row(name, what,
               [mrun("mrun", "wordcount", dataset=dataset),
                mrun("mrun --memory 64M", "wordcount", dataset=dataset, memory_mib=64)])


def sort_external(name, what, cgroup_bytes):
    """Binary records do not go into GNU sort or DuckDB, so all sort the records as lines."""
    lines = data.RECORD_LINES_4
    return row(name, what,
               [mrun("mrun", "sort", *FIXED, dataset=lines, memory_mib=512, cgroup_bytes=cgroup_bytes),
                reference("external_sort", lines, "512", "2", memory_mib=512, cgroup_bytes=cgroup_bytes),
                mrun("mrun, lines", "sort", dataset=lines, memory_mib=512, cgroup_bytes=cgroup_bytes),
                mrun("mrun durable", "sort", *FIXED, dataset=lines, memory_mib=512, durable=True,
                     cgroup_bytes=cgroup_bytes),
                peer("DuckDB", "sort", lines, "512MB", slow=True, cgroup_bytes=cgroup_bytes),
                gnu_sort(lines, "512M", cgroup_bytes=cgroup_bytes)],
               [at_most_reference(1.25), faster(3, "GNU sort", "mrun, lines")], ordered=True)


def grep(name, what, pattern, is_regex):
    """The pattern comes from the vocabulary of the seed's text."""
    options = ("-D", f"pattern={pattern}")
    contenders = [mrun("mrun", "grep", *options, dataset=data.ZIPF)]
    if not is_regex:
        contenders.append(reference("grep_lines", data.ZIPF, before=(pattern,)))
    contenders += grep_tools(pattern, is_regex)
    contenders.append(mrun("mrun durable", "grep", *options, dataset=data.ZIPF, durable=True))
    return row(name, what, contenders,
               [Ratio("at most 1.5 × ripgrep", "mrun", "ripgrep", at_most=1.5), faster(3, "GNU grep")], ordered=True,
               touched=1)


ROWS = [
    row("word-count", "word count, Zipf text, 0.5 M different words",
        [*word_count(data.ZIPF, "20"), peer("chDB", "word_count", data.ZIPF), peer("DuckDB", "word_count", data.ZIPF),
         peer("Spark", "word_count", data.ZIPF, slow=True), mawk_words(data.ZIPF)],
        [at_most_reference(1.25), faster(4, "chDB"), faster(20, "Spark"), out_of_reach(10, "Phoenix++"), TWO_THREADS]),
    row("word-count-distinct", "word count, text of many different words",
        [*word_count(data.DISTINCT, "17"),
         mrun("mrun --memory 512M", "wordcount", dataset=data.DISTINCT, memory_mib=512),
         peer("chDB", "word_count", data.DISTINCT), peer("DuckDB", "word_count", data.DISTINCT)],
        [at_most_reference(1.5), faster(2.5, "chDB"), at_most_unlimited(2, "mrun --memory 512M"), TWO_THREADS]),
    row("word-count-real", "word count, real English and manuals, a quarter of the size",
        [*word_count(data.ENGLISH, "19"), peer("chDB", "word_count", data.ENGLISH), mawk_words(data.ENGLISH),
         coreutils_words(data.ENGLISH)],
        [at_most_reference(1.3)], touched=32),
    small_memory("word-count-64M", data.ZIPF, "word count, Zipf text, with 64 MiB of memory"),
    small_memory("word-count-distinct-64M", data.DISTINCT, "word count, many different words, with 64 MiB of memory"),
    row("sort-records", "sort, binary records of 100 bytes with 10-byte keys, in memory",
        [mrun("mrun", "sort", *FIXED, dataset=data.RECORDS),
         reference("record_sort", data.RECORDS),
         mrun("mrun durable", "sort", *FIXED, dataset=data.RECORDS, durable=True),
         mrun("mrun -j 1", "sort", *FIXED, "-j", "1", dataset=data.RECORDS),
         peer("chDB", "sort_records", data.RECORDS)],
        [at_most_reference(1.5), out_of_reach(2, "Thrill"), TWO_THREADS], ordered=True),
    row("sort-record-lines", "sort, the records as lines of 99 printable characters, in memory",
        [mrun("mrun", "sort", dataset=data.RECORD_LINES),
         reference("record_sort", data.RECORD_LINES),
         mrun("mrun durable", "sort", dataset=data.RECORD_LINES, durable=True),
         peer("DuckDB", "sort", data.RECORD_LINES), peer("chDB", "sort", data.RECORD_LINES),
         peer("Spark", "sort", data.RECORD_LINES, slow=True),
         gnu_sort(data.RECORD_LINES)],
        [faster(8, "GNU sort")], ordered=True),
    row("sort-lines", "sort, lines of Zipf text, in memory",
        [mrun("mrun", "sort", dataset=data.ZIPF), peer("chDB", "sort", data.ZIPF), peer("DuckDB", "sort", data.ZIPF),
         gnu_sort(data.ZIPF)],
        [faster(3.5, "chDB")], ordered=True),
    sort_external("sort-external", "sort, four times the size, 512 MiB of memory, spills in the page cache", 0),
    sort_external("sort-external-disk", "the same, held to 1 GiB with its page cache, and its input on the disk",
                  CGROUP_BYTES),
    row("growth", "sort, binary records, 512 MiB of memory, 1 to 16 times the size",
        [mrun_of_files(f"mrun, {count} ×", "sort", *FIXED, dataset=data.RECORD_FILES, count=count, memory_mib=512)
         for count in GROWTH],
        [EvenThroughput("throughput from 2 × on, where it spills: the slowest at least 0.85 × the fastest",
                        tuple(f"mrun, {count} ×" for count in GROWTH if count > 1), 0.85)],
        validated=True, by_name_only=True),
    row("group-sum", "sums and counts by user over a log of TSV",
        [mrun("mrun", "sum", *SUM, dataset=data.LOG),
         reference("group_sum", data.LOG, normalize=r"""mawk -F '\t' '{ print $1 "\t" $3 "\t" $2 }'"""),
         mrun("mrun durable", "sum", *SUM, dataset=data.LOG, durable=True),
         mrun("mrun -j 1", "sum", *SUM, "-j", "1", dataset=data.LOG),
         peer("DuckDB", "group_sum", data.LOG), peer("chDB", "group_sum", data.LOG),
         peer("Polars", "group_sum", data.LOG), mawk_group_sum(data.LOG)],
        [at_most_reference(1.5), faster(2.5, "DuckDB"), TWO_THREADS]),
    row("index", "which files hold each word of a text, and how often; a quarter of the size",
        [mrun("mrun", "index", dataset=data.TEXT_FILES, normalize=base_names()),
         mrun("mrun durable", "index", dataset=data.TEXT_FILES, durable=True, normalize=base_names()),
         mrun("mrun -j 1", "index", "-j", "1", dataset=data.TEXT_FILES, normalize=base_names()),
         peer("DuckDB", "index", data.TEXT_FILES), peer("chDB", "index", data.TEXT_FILES),
         mawk_index(data.TEXT_FILES)],
        [faster(5, "DuckDB"), TWO_THREADS], touched=32),
    grep("grep-literal", "grep, a literal in Zipf text", "abosotatavecobasi", is_regex=False),
    grep("grep-regex", "grep, a regular expression in Zipf text", "(acacoj|adapo)[a-z]* [aeiou]", is_regex=True),
    row("distinct", "the different users of a log",
        [mrun("mrun", "distinct", "-D", "field=7", dataset=data.LOG),
         shell("mawk", """mawk -F '\\t' '!seen[$7]++ { print $7 }' "$1" >"$2" """, data.LOG, needs="mawk"),
         shell("cut, sort -u", 'cut -f 7 "$1" | sort -u >"$2"', data.LOG, needs="sort")]),
    row("top", "the hundred largest answers of a log",
        [mrun("mrun", "top", "-D", "field=6", "-D", "k=100", dataset=data.LOG),
         shell("sort, head", """sort -t "$(printf '\\t')" -k6,6nr "$1" | head -n 100 >"$2" """, data.LOG,
               needs="sort")], ordered=True),
    row("join", "a log with every thousandth of its rows, by user", [mrun_join(data.LOG), coreutils_join(data.LOG)]),
    row("small-files", "word count, Zipf text in 100,000 files a GiB, against the same bytes in one",
        [mrun("mrun", "wordcount", dataset=data.SMALL_FILES), mrun("mrun, one file", "wordcount", dataset=data.ZIPF)],
        [Ratio("at most 2 × one file", "mrun", "mrun, one file", at_most=2)]),
    row("start-up", "word count of one line",
        [mrun("mrun", "wordcount", dataset=data.ONE_LINE),
         mrun("mrun durable", "wordcount", dataset=data.ONE_LINE, durable=True),
         mawk_words(data.ONE_LINE)],
        [Time("at most 10 ms", "mrun", 0.010), Time("durable at most 10 ms", "mrun durable", 0.010)],
        min_runs=41),
]
