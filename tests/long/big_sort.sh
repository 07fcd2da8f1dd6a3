#!/usr/bin/env bash
# Goal: records far beyond the memory are sorted: in order, none lost, none doubled, within the budget.
# Method: random records of 100 bytes; afterwards the parts, one behind the other, must be in order, as many as
# the input's, and have its checksum, which does not depend on the order. Prints what the sort cost.
# usage: big_sort.sh MRUN BENCH_GENERATE BENCH_VALIDATE SIZE MEMORY [FOLDER]
# FOLDER (a temporary one) needs room for three times SIZE; a FOLDER/records that is there already is sorted and kept.
set -euo pipefail
mrun=$1 generate=$2 validate=$3 size=$4 memory=$5
scratch=$(mktemp -d -p "${6:-${TMPDIR:-/tmp}}" big-sort.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
input=${6:+$6/records}
if [ ! -f "$input" ]; then
  input=$scratch/records
  "$generate" records --size "$size" "$input"
fi
expected=$("$validate" --any-order "$input")
/usr/bin/time -f '%e s, %U s user, %S s system, %M KiB resident' \
  "$mrun" sort "$input" "$scratch/out" --records fixed:100 -D bytes=1-10 --memory "$memory" --stats -q 2>&1
sorted=$("$validate" "$scratch"/out/part-*)
echo "input:  $expected"
echo "output: $sorted"
[ "$expected" = "$sorted" ] || { echo "the output is not the input sorted"; exit 1; }
"$mrun" verify -q "$scratch/out"
