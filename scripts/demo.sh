#!/usr/bin/env bash
# Brings the demo up: installs, makes and fills the database where that is still to be done, then serves.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/venv.sh
.venv/bin/flask isp demo --size "${SIZE:-small}" --if-empty
# bKash, Nagad and SSLCommerz without money, on the next port
WITH_SANDBOX=1 exec .venv/bin/python run.py
