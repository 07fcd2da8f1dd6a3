#!/usr/bin/env bash
# usage: reference_test.sh BIN_FOLDER PROGRAM
# A reference program must do the whole job: its output is compared with that of the system's tools, on
# generated data, on small texts with every kind of edge, and with tables and threads of several sizes.
set -euo pipefail
export LC_ALL=C
bin=$1
program=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

generate() { "$bin/bench_generate" "$@"; }

# same NAME: what reference program and tools have written must not differ.
same() {
  cmp expected found || { echo "$program differs from the system's tools: $1"; exit 1; }
}

# Texts that end in all ways, with long words, bytes above 127, and words at the edges of 64-byte blocks.
make_small_texts() {
  mkdir texts
  : >texts/empty
  printf 'one' >texts/no_newline
  printf ' \t\n\v\f\r \n\n' >texts/only_spaces
  printf 'a\vb\fc\rd\te a\nb' >texts/all_spaces
  printf 'x\001y caf\303\251 \377\376 \200 x\001y\n' >texts/odd_bytes
  local width
  for width in 15 16 17 62 63 64 65 127 128 129 4095 4096 4097; do
    { printf "%${width}s" '' | tr ' ' q; printf ' z\n'; printf "%${width}s" '' | tr ' ' q; } >"texts/width_$width"
    { printf "%${width}s" ''; printf 'edge edge\n'; } >"texts/indent_$width"
  done
  seq 1 20000 | tr '\n' ' ' >texts/numbers
}

word_count() {
  make_small_texts
  generate zipf --size 5M --seed 3 texts/zipf
  generate distinct --size 5M --seed 3 texts/distinct
  local text setting
  for text in texts/*; do
    tr -s ' \t\n\v\f\r' '\n' <"$text" | sed '/^$/d' | sort | uniq -c |
      sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' | sort >expected
    for setting in "2 17 7" "1 14 1" "3 20 4"; do
      # shellcheck disable=SC2086
      "$bin/reference_word_count" "$text" words $setting
      # Whole lines are in another order than words, where a word has bytes below the tab's.
      sort words >found
      same "$text, settings $setting"
      cut -f 1 words | sort -c || { echo "$text: words are not in order"; exit 1; }
    done
  done
}

record_sort() {
  generate record_lines --size 5M --seed 3 lines
  generate records --size 5M --seed 3 records
  : >empty
  # Lines of 100 bytes are records too. The reference keeps the order of equal keys.
  sort -s -k 1.1,1.10 -t "$(printf '\001')" lines >expected
  local threads
  for threads in 1 2 3; do
    "$bin/reference_record_sort" lines found "$threads"
    same "lines, $threads threads"
  done
  # Binary records are compared in hexadecimal, one a line.
  "$bin/reference_record_sort" records sorted
  hex_lines records | sort -s -k 1.1,1.20 >expected
  hex_lines sorted >found
  same "binary records"
  # The same key again and again, in input order.
  head -c 300000 lines | sed -E 's/^.{10}/0123456789/' >equal
  cp equal expected
  "$bin/reference_record_sort" equal found
  same "equal keys"
  : >expected
  "$bin/reference_record_sort" empty found
  same "no records"
  if "$bin/reference_record_sort" /etc/hostname found 2>/dev/null; then
    echo "a short record was accepted"
    exit 1
  fi
}

external_sort() {
  generate record_lines --size 5M --seed 3 lines
  : >empty
  sort -s -k 1.1,1.10 -t "$(printf '\001')" lines >expected
  # With 1 MiB of memory there are a dozen runs; three threads cut them at two keys.
  local setting
  for setting in "1 1" "1 2" "2 3" "64 2"; do
    # shellcheck disable=SC2086
    "$bin/reference_external_sort" lines found $setting
    same "lines, memory and threads $setting"
  done
  # The same key again and again, in input order: no cut divides it.
  head -c 3000000 lines | sed -E 's/^.{10}/0123456789/' >equal
  cp equal expected
  "$bin/reference_external_sort" equal found 1 2
  same "equal keys"
  # The smallest and the largest key, which is not to be taken for the end of a run.
  { head -c 2000000 /dev/zero; head -c 2000000 /dev/zero | tr '\0' '\377'; } >expected
  { tail -c 2000000 expected; head -c 2000000 expected; } >extremes
  "$bin/reference_external_sort" extremes found 1 2
  same "extreme keys"
  : >expected
  "$bin/reference_external_sort" empty found
  same "no records"
}

# Each record of 100 bytes as a line of 200 digits.
hex_lines() { od -An -v -tx1 -w100 "$1" | tr -d ' '; }

group_sum() {
  generate log --size 5M --seed 3 log
  : >empty
  local input threads
  for input in log empty; do
    mawk -F '\t' '{ sum[$7] += $6; ++rows[$7] }
      END { for (key in sum) printf "%s\t%d\t%d\n", key, sum[key], rows[key] }' "$input" | sort >expected
    for threads in 1 2 3; do
      "$bin/reference_group_sum" "$input" found "$threads"
      same "$input, $threads threads"
    done
  done
}

grep_lines() {
  make_small_texts
  generate zipf --size 5M --seed 3 texts/zipf
  local input text
  for input in texts/*; do
    for text in the qq e z 'edge edge' ' 1' absent; do
      # The answer is empty where nothing matches, which grep calls a failure.
      grep -a -F -e "$text" "$input" >expected || true
      "$bin/reference_grep_lines" "$text" "$input" found 3
      same "$input, text '$text'"
    done
  done
}

"$program" 2>messages || { cat messages; exit 1; }
