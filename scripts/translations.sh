#!/usr/bin/env bash
# Collects the English sentences of the program, brings the Bengali catalogue up to date, compiles it, and says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
pot=translations/messages.pot
catalogue=translations/bn/LC_MESSAGES/messages.po

.venv/bin/pybabel --quiet extract --mapping-file=translations/babel.cfg --keyword=_l --keyword=lazy_gettext \
    --sort-by-file --no-wrap --add-comments=Translators: --project=Sanjog --output-file="$pot" .
# The moment of collecting would be the only difference between two runs, in the compiled catalogue too.
sed -i 's/^"POT-Creation-Date: [^\\]*/"POT-Creation-Date: 2026-01-01 00:00+0000/' "$pot"
.venv/bin/pybabel --quiet update --input-file="$pot" --output-file="$catalogue" --locale=bn --no-wrap --no-fuzzy-matching \
    --ignore-obsolete
.venv/bin/pybabel --quiet compile --input-file="$catalogue" --output-file="${catalogue%.po}.mo"

.venv/bin/python - "$catalogue" <<'PYTHON'
import sys

from babel.messages.pofile import read_po

with open(sys.argv[1], "rb") as file:
    messages = [message for message in read_po(file, locale="bn") if message.id]
missing = [message for message in messages if not all(message.string if message.pluralizable else [message.string])]
for message in missing:
    print("not in Bengali:", message.id)
print(f"{len(messages) - len(missing)} of {len(messages)} sentences in Bengali")
PYTHON
