#!/usr/bin/env bash
# check_only.sh COMPILER ARGUMENT...: a launcher under which a compiler only looks for errors and warnings, in half the
# time, and links nothing. What it leaves is empty: it tells the build that this step is done.
set -euo pipefail
case " $* " in *" -c "*) "$@" -fsyntax-only ;; esac
while [ $# -gt 1 ]; do
  if [ "$1" = -o ]; then : >"$2"; fi
  shift
done
