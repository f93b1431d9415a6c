#!/usr/bin/env bash
# Brings the demo up: installs, makes and fills the database where that is still to be done, then serves.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/venv.sh
.venv/bin/flask isp demo --size "${SIZE:-small}" --if-empty
exec .venv/bin/python run.py
