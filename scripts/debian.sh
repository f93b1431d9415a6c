#!/usr/bin/env bash
# Installs the Debian packages behind the named programs, only those that are missing; says in one line what it cannot.
set -euo pipefail

package_of() {
    case $1 in
        ensurepip) echo python3-venv ;;
        chromedriver) echo chromium-driver ;;
        postgres) echo postgresql ;;
        pdftotext) echo poppler-utils ;;
        radclient) echo freeradius-utils ;;
        rlm_sql_postgresql) echo freeradius-postgresql ;;
        *) echo "$1" ;;
    esac
}

is_there() {
    case $1 in
        ensurepip) "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null ;;
        postgres) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null ;;
        freeradius) [ -x /usr/sbin/freeradius ] || command -v freeradius >/dev/null ;;
        rlm_sql_postgresql) [ -e /usr/lib/freeradius/rlm_sql_postgresql.so ] ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing=()
for program in "$@"; do
    is_there "$program" || missing+=("$(package_of "$program")")
done
[ ${#missing[@]} -gt 0 ] || exit 0

cannot() {
    echo "Missing: ${missing[*]}. $1: apt-get install ${missing[*]}" >&2
    exit 1
}

command -v apt-get >/dev/null || cannot "This is no Debian; install the like of"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || cannot "As root"
    as_root=(sudo)
    if [ -n "${CI:-}" ] || [ ! -t 0 ]; then
        as_root=(sudo -n)
    fi
    "${as_root[@]}" true 2>/dev/null || cannot "As root"
fi

echo "Installing Debian packages: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" >"$log" 2>&1 </dev/null
}
# A fresh machine has no list of packages, an old one a list of versions that are gone.
install update -q || true
if ! install install -qy --no-install-recommends "${missing[@]}"; then
    tail -n 20 "$log" >&2
    cannot "apt-get could not install them"
fi
