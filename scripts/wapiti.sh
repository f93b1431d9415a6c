#!/usr/bin/env bash
# Crawls a fresh demo with wapiti, signed in as a Manager, and fails when it finds something of medium severity or above.
# The scanner has an environment of its own under build/wapiti. Words after it go to wapiti. The report: build/wapiti/report.json.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/wapiti
scripts/venv.sh requirements-dev.txt
mkdir -p "$folder"
if [ ! -x "$folder/venv/bin/wapiti" ] || ! cmp -s scripts/wapiti.txt "$folder/installed"; then
    rm -rf "$folder/venv"
    "${PYTHON:-python3}" -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/wapiti.txt
    cp scripts/wapiti.txt "$folder/installed"
fi
exec .venv/bin/python scripts/wapiti.py "$folder" "$@"
