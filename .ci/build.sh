# Configuring, building and testing one preset below build/. Sourced after packages.sh, with MRUN_ROOT set.

# mrun_configure PRESET [cmake option...]: prepares build/PRESET; a folder that another checkout made is made anew.
mrun_configure() {
  local preset=$1 folder=$MRUN_ROOT/build/$1 options=()
  shift
  if [ -f "$folder/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$MRUN_ROOT" "$folder/CMakeCache.txt"; then
    rm -rf "$folder"
  fi
  if command -v ccache >/dev/null; then
    # What another checkout has compiled serves this one too.
    export CCACHE_BASEDIR=$MRUN_ROOT CCACHE_NOHASHDIR=1
    options=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  mkdir -p "$folder"
  (cd "$MRUN_ROOT" && cmake --preset "$preset" "${options[@]}" "$@") >"$folder/configure.log" 2>&1 || {
    cat "$folder/configure.log"
    mrun_die "cmake could not configure the preset $preset; the messages above say why"
  }
}

# mrun_build PRESET [target...]: builds all targets, or the named ones.
mrun_build() {
  local preset=$1 targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  cmake --build "$MRUN_ROOT/build/$preset" "${targets[@]}" || mrun_die "the preset $preset does not build"
}

# mrun_ctest PRESET [ctest option...]: runs tests, shows those that do not pass, and adds to MRUN_PASSED, MRUN_FAILED
# and MRUN_SKIPPED. Returns 1 where a test failed.
mrun_ctest() {
  local folder=$MRUN_ROOT/build/$1 status total failed skipped
  shift
  rm -f "$folder/tests.xml"
  if ctest --test-dir "$folder" -LE '^long$' -j "$(nproc)" --no-tests=error --output-on-failure \
    --output-junit "$folder/tests.xml" "$@" </dev/null 2>&1 | tee "$folder/tests.log" | mrun_hide_passed; then
    status=0
  else
    status=1
  fi
  [ -f "$folder/tests.xml" ] || mrun_die "ctest did not run; see $folder/tests.log"
  total=$(mrun_junit tests "$folder/tests.xml")
  failed=$(mrun_junit failures "$folder/tests.xml")
  skipped=$(($(mrun_junit skipped "$folder/tests.xml") + $(mrun_junit disabled "$folder/tests.xml")))
  # A failure that the report does not count, such as a test program that cannot start, counts as one.
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  MRUN_PASSED=$((${MRUN_PASSED:-0} + total - failed - skipped))
  MRUN_FAILED=$((${MRUN_FAILED:-0} + failed))
  MRUN_SKIPPED=$((${MRUN_SKIPPED:-0} + skipped))
  [ "$failed" -eq 0 ]
}

# The number that the report's root element carries under a name.
mrun_junit() { sed -n "s/^\t$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }

# Thousands of passing tests are a count now and then; everything else passes through.
mrun_hide_passed() {
  awk '/^ *Start +[0-9]+: / { next }
    / Passed +[0-9.]+ sec$/ { if (++passed % 250 == 0) { print "  " passed " passed so far"; fflush() } next }
    { print; fflush() }'
}

mrun_print_counts() {
  printf '%d passed, %d failed, %d skipped\n' "${MRUN_PASSED:-0}" "${MRUN_FAILED:-0}" "${MRUN_SKIPPED:-0}"
}
