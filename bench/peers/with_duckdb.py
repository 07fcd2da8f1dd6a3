"""The jobs of the benchmark in DuckDB.

usage: with_duckdb.py JOB IN OUT [MEMORY]

Settings: two threads, no insertion order to keep, CSV without quotes, escapes or guessing, and separators that do not
occur, so that a line is one column. MEMORY (512MB, say) is DuckDB's memory_limit; it spills beside OUT.
"""
import os
import sys

import duckdb

LINES = """read_csv('{input}', columns = {{'line': 'VARCHAR'}}, header = false, auto_detect = false, delim = '\\x01',
           quote = '', escape = '', comment = '', null_padding = false, nullstr = '\\x02', max_line_size = 67108864,
           new_line = '\\n'{more})"""
LOG = """read_csv('{input}', header = false, auto_detect = false, delim = '\\t', quote = '', escape = '', new_line = '\\n',
         columns = {{'time': 'VARCHAR', 'address': 'VARCHAR', 'method': 'VARCHAR', 'url': 'VARCHAR',
                     'status': 'VARCHAR', 'bytes': 'BIGINT', 'user': 'VARCHAR'}})"""
WORDS = "unnest(string_split(replace(line, '\\t', ' '), ' '))"

JOBS = {
    "word_count": f"SELECT word, count(*) FROM (SELECT {WORDS} AS word FROM {LINES}) WHERE word <> '' GROUP BY word",
    "sort": f"SELECT line FROM {LINES} ORDER BY line",
    "group_sum": f"SELECT user, count(*), sum(bytes) FROM {LOG} GROUP BY user",
    "index": f"""SELECT word, parse_filename(filename), count(*)
                 FROM (SELECT {WORDS} AS word, filename FROM {LINES})
                 WHERE word <> '' GROUP BY word, filename""",
}


def with_bytes(sql):
    """DuckDB reads '\\t' in a string as two characters: put the bytes themselves."""
    for name, byte in (("\\t", "\t"), ("\\x01", "\x01"), ("\\x02", "\x02")):
        sql = sql.replace(name, byte)
    return sql


def main(job, input_path, output, memory=None):
    database = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    database.execute(f"SET temp_directory = '{output}.spill'")
    if memory:
        database.execute(f"SET memory_limit = '{memory}'")
    query = JOBS[job]
    if os.path.isdir(input_path):
        input_path = os.path.join(input_path, "*")
    query = query.format(input=input_path, more=", filename = true" if job == "index" else "")
    database.execute(with_bytes(f"""COPY ({query}) TO '{output}'
                                   (FORMAT csv, HEADER false, DELIMITER '\\t', QUOTE '', ESCAPE '')"""))


if __name__ == "__main__":
    main(*sys.argv[1:])
