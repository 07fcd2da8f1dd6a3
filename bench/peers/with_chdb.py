"""The jobs of the benchmark in chDB, which is ClickHouse in a library.

usage: with_chdb.py JOB IN OUT

Settings: two threads; lines are read as they are, and written without escapes.
"""
import os
import sys

import chdb

LINES = "file('{input}', LineAsString, 'line String')"
LOG = """file('{input}', TSVRaw, 'time String, address String, method String, url String, status String,
                                 bytes UInt64, user String')"""
WORDS = "splitByChar(' ', replaceAll(line, '\\t', ' '))"

# Each with the columns of its output.
JOBS = {
    "word_count": (f"SELECT word, count() FROM {LINES} ARRAY JOIN {WORDS} AS word WHERE word != '' GROUP BY word",
                   "word String, count UInt64"),
    "sort": (f"SELECT line FROM {LINES} ORDER BY line", "line String"),
    "sort_records": ("SELECT key, rest FROM file('{input}', RowBinary, 'key FixedString(10), rest FixedString(90)') "
                     "ORDER BY key", "key FixedString(10), rest FixedString(90)"),
    "group_sum": (f"SELECT user, count(), sum(bytes) FROM {LOG} GROUP BY user",
                  "user String, count UInt64, sum UInt64"),
    "index": (f"""SELECT word, _file, count() FROM {LINES} ARRAY JOIN {WORDS} AS word WHERE word != ''
                  GROUP BY word, _file""", "word String, file String, count UInt64"),
}


def main(job, input_path, output):
    if os.path.isdir(input_path):
        input_path = os.path.join(input_path, "*")
    query, columns = JOBS[job]
    form = "RowBinary" if job == "sort_records" else "TSVRaw"
    chdb.query(f"""INSERT INTO FUNCTION file('{output}', {form}, '{columns}')
                   {query.format(input=input_path)} SETTINGS max_threads = 2""")


if __name__ == "__main__":
    main(*sys.argv[1:])
