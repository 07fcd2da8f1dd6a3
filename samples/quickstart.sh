#!/usr/bin/env bash
# From a fresh Debian 12 to a first result: installs what is missing, builds a release, counts the words of the shipped texts.
set -euo pipefail
MRUN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$MRUN_ROOT/.ci/packages.sh"
. "$MRUN_ROOT/.ci/build.sh"

mrun_say "1/3 Packages that mrun needs"
mrun_install $MRUN_BUILD_PACKAGES
mrun_say "2/3 Building mrun and its jobs in build/release"
# Where the tests have been built before, their settings stay.
if [ -f "$MRUN_ROOT/build/release/CMakeCache.txt" ]; then
  mrun_configure release
else
  mrun_configure release -DMRUN_TESTS=OFF -DMRUN_BENCH=OFF
fi
mrun_build release mrun jobs

cd "$MRUN_ROOT"
output=build/quickstart/wordcount
mkdir -p "${output%/*}"
run=(build/release/bin/mrun wordcount samples/texts/*.txt "$output" --overwrite)
mrun_say "3/3 Counting the words of the texts in samples/texts:" "  ${run[*]}"
"${run[@]}"

mrun_say "" "The ten most frequent words:"
"${run[0]}" cat "$output" | LC_ALL=C sort -t "$(printf '\t')" -k2,2nr -k1,1 | sed -n '1,10p'
mrun_say "" "The output lies in $MRUN_ROOT/$output"
