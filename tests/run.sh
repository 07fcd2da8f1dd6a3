#!/usr/bin/env bash
# Installs what the tests need, builds a release and passes all tests; the last line counts them.
set -euo pipefail
MRUN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$MRUN_ROOT/.ci/packages.sh"
. "$MRUN_ROOT/.ci/build.sh"

mrun_say "1/3 Packages that mrun and its tests need"
mrun_install $MRUN_BUILD_PACKAGES $MRUN_TEST_PACKAGES
mrun_say "2/3 Building a release and the tests in build/release"
mrun_configure release -DMRUN_TESTS=ON -DMRUN_BENCH=ON
mrun_build release
mrun_say "3/3 Running the tests (log: build/release/tests.log)"
status=0
mrun_ctest release "$@" || status=1
mrun_print_counts
exit $status
