"""The jobs of the benchmark in Spark, on its DataFrames.

usage: with_spark.py JOB IN OUT

Settings: one process with two threads and 8 GB; as many shuffle partitions as Spark's own adaptive plan keeps.
"""
import os
import sys

from pyspark.sql import SparkSession, functions


def lines(spark, input_path):
    return spark.read.option("lineSep", "\n").text(input_path)


def word_count(spark, input_path):
    words = functions.split(functions.translate("value", "\t", " "), " ")
    counts = lines(spark, input_path).select(functions.explode(words).alias("word")).where("word <> ''")
    return counts.groupBy("word").count().select(functions.concat_ws("\t", "word", "count"))


def sort(spark, input_path):
    return lines(spark, input_path).orderBy("value")


JOBS = {"word_count": word_count, "sort": sort}


def main(job, input_path, output):
    scratch = os.path.dirname(os.path.abspath(output))
    session = (SparkSession.builder.master("local[2]").config("spark.driver.memory", "8g")
               .config("spark.ui.enabled", "false").config("spark.local.dir", scratch)
               .config("spark.log.level", "ERROR"))
    spark = session.getOrCreate()
    JOBS[job](spark, input_path).write.text(output)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
