#!/usr/bin/env bash
# Crawls a fresh demo with wapiti, signed in as a Manager, and fails when it finds something of medium severity or above.
# Words after it go to wapiti. WAPITI_USER names somebody else of the cast. The report lies in build/wapiti/report.json.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/wapiti venv=$PWD/build/wapiti/venv
port=${PORT:-8080} who=${WAPITI_USER:-office@meghna.example.com}
scripts/venv.sh requirements-dev.txt
mkdir -p "$folder"
if [ ! -x "$venv/bin/wapiti" ] || ! cmp -s scripts/wapiti.txt "$folder/installed"; then
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/wapiti.txt
    cp scripts/wapiti.txt "$folder/installed"
fi

place=$(mktemp -d)
export DATABASE_URL="sqlite:///$place/demo.db" PORT=$port
scripts/demo.sh >"$folder/server.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$place"' EXIT
for _ in $(seq 1 90); do
    curl -fs "http://localhost:$port/readyz" >/dev/null && break
    kill -0 $server || { tail -n 5 "$folder/server.log"; exit 1; }
    sleep 1
done

# Signing out ends the crawl, and the language page sends the crawler round in circles.
"$venv/bin/wapiti" -u "http://localhost:$port/" --scope folder --flush-session --no-bugreport --store-session "$folder/sessions" \
    --form-url "http://localhost:$port/login/" --form-cred "$who%sanjog-demo-1" \
    -x "http://localhost:$port/logout/" -x "http://localhost:$port/lang/*" -x "http://localhost:$port/static/*" --skip csrf_token \
    --max-links-per-page 60 --max-files-per-dir 25 --depth 6 --max-scan-time "${WAPITI_SECONDS:-900}" --max-attack-time "${WAPITI_ATTACK_SECONDS:-240}" \
    --timeout 20 --tasks 4 -m "${WAPITI_MODULES:-common,crlf,csrf,methods,htaccess}" -f json -o "$folder/report.json" "$@" \
    >"$folder/wapiti.log" 2>&1 || { tail -n 20 "$folder/wapiti.log"; exit 1; }
exec_status=0
.venv/bin/python scripts/wapiti_report.py "$folder/report.json" || exec_status=$?
exit $exec_status
