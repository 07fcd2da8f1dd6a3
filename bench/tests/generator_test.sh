#!/usr/bin/env bash
# usage: generator_test.sh BIN_FOLDER
# Data of a kind, size and seed must have the same bytes everywhere, or results cannot be compared. The
# digests below were taken once; whoever changes them makes all earlier results a different benchmark.
set -euo pipefail
bin=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# expect DIGEST KIND [option...]
expect() {
  local digest=$1 found
  shift
  "$bin/bench_generate" "$@" "$scratch/data"
  found=$(sha256sum <"$scratch/data" | cut -c 1-16)
  [ "$found" = "$digest" ] && return
  echo "bench_generate $*: the digest is $found, expected $digest"
  failures=$((failures + 1))
}

expect a9d3b085d7b42893 zipf --size 1M --seed 1
expect 1c65c1a3b47b62a8 zipf --size 300K --seed 2 --distinct 1000
expect 3eb541c4603add59 distinct --size 1M --seed 1
expect a7407b6b7087385b distinct --size 300K --seed 2 --distinct 1000
expect b106505fd4413be6 records --size 1M --seed 1
expect 22dc6b1cccf6e4ff record_lines --size 1M --seed 1
expect 1a2a0c59d86204a5 log --size 1M --seed 1
expect 6a949089c2323b62 log --size 300K --seed 2 --distinct 1000

# Another seed gives other bytes, and a wrong call is refused.
"$bin/bench_generate" records --size 1000 --seed 1 "$scratch/one"
"$bin/bench_generate" records --size 1000 --seed 2 "$scratch/two"
if cmp -s "$scratch/one" "$scratch/two"; then
  echo "seeds 1 and 2 give the same records"
  failures=$((failures + 1))
fi
for call in "nonsense --size 1K x" "zipf x" "zipf --size 1Q x" "zipf --size 1K" "zipf --size"; do
  # Words of the call are arguments of their own.
  # shellcheck disable=SC2086
  if (cd "$scratch" && "$bin/bench_generate" $call 2>/dev/null); then
    echo "bench_generate $call should have failed"
    failures=$((failures + 1))
  fi
done
exit $((failures != 0))
