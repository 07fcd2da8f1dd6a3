# The Debian packages that mrun needs, and their installation. Sourced by samples/quickstart.sh, tests/run.sh and .ci/run.

MRUN_BUILD_PACKAGES="cmake ninja-build g++ pkg-config libtbb-dev libxxhash-dev libcli11-dev libfmt-dev libhwy-dev
  liblz4-dev libzstd-dev zlib1g-dev libbz2-dev liblzma-dev libre2-dev nlohmann-json3-dev"
MRUN_TEST_PACKAGES="libgtest-dev libgmock-dev libbenchmark-dev clang mawk strace
  bzip2 xz-utils zstd lz4"
MRUN_CI_PACKAGES="clang-format"
MRUN_AARCH64_PACKAGES="g++-aarch64-linux-gnu qemu-user"

# One line for each argument.
mrun_say() { printf '%s\n' "$@"; }

mrun_die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# mrun_install PACKAGE...: installs what is missing, through apt; stops with the list where that cannot be done.
mrun_install() {
  local system=unknown missing=() package as_root=()
  if [ -r /etc/os-release ]; then
    system=$(. /etc/os-release && printf '%s %s' "${ID:-unknown}" "${ID_LIKE:-}")
  fi
  case " $system " in
    *" debian "* | *" ubuntu "*) ;;
    *) system="" ;;
  esac
  if [ -z "$system" ] || ! command -v apt-get >/dev/null; then
    mrun_say "This system is not Debian. Install these packages of Debian 12, or what they are called here:"
    printf '  %s\n' "$@"
    mrun_die "packages are not installed on this system by themselves; then configure with: cmake --preset release"
  fi
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    mrun_say "Packages: all $# are installed."
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      mrun_die "missing packages and no sudo; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  mrun_say "Packages: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q </dev/null ||
    mrun_say "warning: apt-get update failed; going on with the package lists that are here"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null ||
    mrun_die "apt-get could not install: ${missing[*]}"
}
