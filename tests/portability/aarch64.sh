#!/usr/bin/env bash
# aarch64.sh MRUN: cross builds mrun, its jobs and its tests for aarch64 with Debian's compiler, passes the unit tests under
# qemu-user, and compares what the shipped jobs write there with what MRUN, a native build, writes.
#
# The arm64 libraries come from the Debian mirrors of this system, through an apt that keeps its state in
# build/aarch64-apt, and are unpacked into build/aarch64-sysroot. Unlike dpkg --add-architecture that leaves the system as
# it is; unlike debootstrap and mmdebstrap it needs no root, no chroot and no package of its own.
set -euo pipefail
MRUN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
. "$MRUN_ROOT/.ci/packages.sh"
. "$MRUN_ROOT/.ci/build.sh"
native=$(realpath "${1:-$MRUN_ROOT/build/release/bin/mrun}")
[ -x "$native" ] || mrun_die "no native mrun to compare with: build one with samples/quickstart.sh"
build=$MRUN_ROOT/build/aarch64
sysroot=$build-sysroot

# fetch_sysroot PACKAGE...: unpacks the arm64 packages and all that they depend on.
fetch_sysroot() {
  local apt=$build-apt package link target
  rm -rf "$apt" "$sysroot"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$sysroot"
  : >"$apt/status"
  cat >"$apt/apt.conf" <<EOF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
EOF
  APT_CONFIG=$apt/apt.conf apt-get update -q || mrun_die "apt-get cannot fetch the lists of Debian's arm64 packages"
  APT_CONFIG=$apt/apt.conf apt-get install -q -y --no-install-recommends --download-only "$@" ||
    mrun_die "apt-get cannot fetch the arm64 packages: $*"
  for package in "$apt"/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  # Absolute links would leave the sysroot.
  find "$sysroot" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
    ln -sfnr "$sysroot$target" "$link"
  done
  rm -rf "$apt"
  echo "$*" >"$sysroot/packages"
}

mrun_say "1/4 Packages: the cross compiler and qemu here, the libraries for arm64 in ${sysroot#"$MRUN_ROOT/"}"
mrun_install $MRUN_BUILD_PACKAGES $MRUN_TEST_PACKAGES $MRUN_AARCH64_PACKAGES
libraries="libc6-dev $(printf '%s\n' $MRUN_BUILD_PACKAGES $MRUN_TEST_PACKAGES | grep -e '-dev$' | paste -sd ' ')"
[ "$(cat "$sysroot/packages" 2>/dev/null)" = "$libraries" ] || fetch_sysroot $libraries

mrun_say "2/4 Building in ${build#"$MRUN_ROOT/"}"
mrun_configure aarch64
mrun_build aarch64

mrun_say "3/4 The unit tests under qemu; those that start mrun are left out, for only qemu could start it"
# qemu's own processor has SVE2, for which the sort has code of its own; most processors have NEON alone.
neon=cortex-a72
status=0
mrun_ctest aarch64 || status=1
QEMU_CPU=$neon mrun_ctest aarch64 -R '^(EntrySort|Spill|MemoryPieces)\.' || status=1

mrun_say "4/4 The shipped jobs under qemu against $native"
emulated=$build/mrun-under-qemu
printf '#!/bin/sh\nexec qemu-aarch64 -L "%s" "%s" "$@"\n' "$sysroot" "$build/bin/mrun" >"$emulated"
chmod +x "$emulated"
cd "$MRUN_ROOT"
MRUN=$native samples/runs.sh >"$build/runs-native"
"$native" wordcount samples/texts "$build/words-native" --overwrite -q
for QEMU_CPU in max $neon; do
  export QEMU_CPU
  MRUN=$emulated samples/runs.sh >"$build/runs"
  diff "$build/runs-native" "$build/runs" || mrun_die "samples/runs.sh prints something else under qemu"
  "$emulated" wordcount samples/texts "$build/words" --overwrite -q
  # run.json is the diary of a run, with its times.
  diff -r -x run.json "$build/words-native" "$build/words" || mrun_die "the words are counted otherwise under qemu"
done
"$emulated" verify "$build/words-native"
mrun_say "The same bytes: $(wc -l <"$build/words/part-00000") words and $(grep -c '^==' "$build/runs") runs of shipped jobs"
mrun_print_counts
exit $status
