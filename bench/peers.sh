#!/usr/bin/env bash
# usage: bench/peers.sh [FOLDER]
# Fetches the programs that bench/run times mrun against, from their published packages: DuckDB, chDB, Polars
# and Spark from PyPI into a virtual environment in FOLDER (build/peers), about 1.5 GB; ripgrep, mawk and, where
# there is no Java, a Java for Spark from Debian.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$root/.ci/packages.sh"
folder=${1:-$root/build/peers}

packages="ripgrep mawk python3-venv"
command -v java >/dev/null || packages+=" default-jre-headless"
# Names of packages are words.
# shellcheck disable=SC2086
mrun_install $packages
mkdir -p "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$root/bench/peers/requirements.txt"
"$folder/bin/pip" list --disable-pip-version-check | grep -iE '^(duckdb|chdb|polars|pyspark) '
