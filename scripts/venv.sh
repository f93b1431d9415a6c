#!/usr/bin/env bash
# Makes .venv with the packages of a requirements file (requirements.txt, or the one named); quick when they are there.
set -euo pipefail
cd "$(dirname "$0")/.."
list=${1:-requirements.txt}
export PYTHON=${PYTHON:-python3}

command -v "$PYTHON" >/dev/null || { echo "Missing: Python 3.11 or newer (Debian package python3)" >&2; exit 1; }
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Missing: Python 3.11 or newer; $PYTHON is $("$PYTHON" -V). Name another with PYTHON=…" >&2
    exit 1
}

# Two may start at once from one folder: the second waits for the first.
exec 9<requirements.txt
flock 9

# An environment knows its own path and Python: one that was moved or outlived its Python is made anew.
interpreter=$("$PYTHON" -c 'import sys; print(sys.version)')
state_of() {
    { echo "$PWD" "$interpreter"; cat requirements.txt; [ "$1" = requirements.txt ] || cat "$1"; } | sha256sum | cut -d' ' -f1
}
is_installed() {
    [ -f ".venv/$1.installed" ] && [ "$(cat ".venv/$1.installed")" = "$(state_of "$1")" ]
}

# What the tests need contains what the program needs.
if is_installed "$list" || { [ "$list" = requirements.txt ] && is_installed requirements-dev.txt; }; then
    exit 0
fi

place=$(echo "$PWD" "$interpreter" | sha256sum | cut -d' ' -f1)
if [ ! -x .venv/bin/python ] || [ "$(cat .venv/place 2>/dev/null)" != "$place" ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    scripts/debian.sh ensurepip
    rm -rf .venv
    "$PYTHON" -m venv .venv
    echo "$place" >.venv/place
fi

echo "Installing the packages of $list"
rm -f .venv/*.installed
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$list" >.venv/install.log 2>&1; then
    tail -n 20 .venv/install.log >&2
    echo "Missing: the packages of $list; pip could not install them (above: its last lines)" >&2
    exit 1
fi
state_of "$list" >".venv/$list.installed"
