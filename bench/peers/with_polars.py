"""The jobs of the benchmark in Polars.

usage: with_polars.py JOB IN OUT

Settings: two threads, the streaming engine, CSV without quotes or guessing.
"""
import os
import sys

os.environ["POLARS_MAX_THREADS"] = "2"
import polars  # noqa: E402  (it reads the number of threads when it is loaded)


def group_sum(input_path):
    names = ["time", "address", "method", "url", "status", "bytes", "user"]
    schema = {name: polars.Int64 if name == "bytes" else polars.String for name in names}
    log = polars.scan_csv(input_path, separator="\t", has_header=False, quote_char=None, schema=schema)
    return log.group_by("user").agg(polars.len().alias("count"), polars.col("bytes").sum())


JOBS = {"group_sum": group_sum}


def main(job, input_path, output):
    JOBS[job](input_path).sink_csv(output, separator="\t", include_header=False, quote_style="never",
                                   engine="streaming")


if __name__ == "__main__":
    main(*sys.argv[1:])
