#!/usr/bin/env bash
# usage: validate_test.sh BIN_FOLDER
# The validator stands for a comparison with another program where there is none: it must see each way
# in which a sorted output can be wrong.
set -euo pipefail
export LC_ALL=C
bin=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

"$bin/bench_generate" record_lines --size 1M --seed 3 input
sort -s -k 1.1,1.10 -t "$(printf '\001')" input >sorted
held=$("$bin/bench_validate" --any-order input)
head -n 5000 sorted >part-0
tail -n +5001 sorted >part-1

fail() { echo "$1"; exit 1; }
[ "$("$bin/bench_validate" sorted)" = "$held" ] || fail "a sorted output is not accepted"
[ "$("$bin/bench_validate" part-0 part-1)" = "$held" ] || fail "an output of two parts is not accepted"
[ "${held%% *}" = "$(wc -l <input)" ] || fail "$held: records are miscounted"

# out_of_order FILE...
out_of_order() { ! "$bin/bench_validate" "$@" >/dev/null 2>&1 || fail "accepted as sorted: $*"; }
out_of_order input
out_of_order part-1 part-0

# differs FILE: it holds other records than the input.
differs() { [ "$("$bin/bench_validate" "$1")" != "$held" ] || fail "$1 was taken for the input"; }
sed 77d sorted >one_missing
sed 77p sorted >one_doubled
sed -e 77p -e 78d sorted >one_replaced
sed '77s/.$/~/' sorted >one_byte_changed
for file in one_missing one_doubled one_replaced one_byte_changed; do differs "$file"; done

head -c 150 sorted >cut
! "$bin/bench_validate" cut 2>/dev/null || fail "half a record was accepted"
