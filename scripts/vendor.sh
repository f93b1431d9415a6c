#!/bin/sh
# Fetches the pinned packages of scripts/vendor/package-lock.json and puts what the pages use, with licences, into app/static/vendor.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp "$root/scripts/vendor/package.json" "$root/scripts/vendor/package-lock.json" "$root/scripts/vendor/.npmrc" \
   "$root/scripts/vendor/build.mjs" "$root/scripts/vendor/charts.mjs" "$root/scripts/vendor/icons.txt" "$build/"
cd "$build"
npm ci --silent
node build.mjs "$root"
