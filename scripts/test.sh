#!/usr/bin/env bash
# Runs the tests on both databases, installing what they need; further words go to pytest.
# MARK=long runs those that take minutes instead, MARK="long or not long" all.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/debian.sh chromium chromedriver postgres pdftotext freeradius radclient rlm_sql_postgresql
# what only the long tests of faults need
[ -z "${MARK:-}" ] || scripts/debian.sh faketime redis-server
scripts/venv.sh requirements-dev.txt

workers=$(nproc)
# More than four only heat the room: the longest file decides.
[ "$workers" -le 4 ] || workers=4

closing_lines=()
failed=0
run_on() {
    local name=$1 database=$2 log result=0
    shift 2
    log=$(mktemp)
    echo "Tests on $name"
    .venv/bin/python -m pytest --database="$database" -m "${MARK:-not long}" -n "$workers" --color=no "$@" 2>&1 \
        | tee "$log" || result=$?
    [ "$result" -eq 0 ] || failed=1
    closing_lines+=("$(printf '%-11s' "$name:") $(grep -E '(passed|failed|error|no tests ran).* in [0-9.]+s' "$log" | tail -n 1)")
    rm -f "$log"
}

run_on SQLite sqlite "$@"
run_on PostgreSQL postgresql "$@"
printf '\n'
printf '%s\n' "${closing_lines[@]}"
exit "$failed"
