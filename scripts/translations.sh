#!/usr/bin/env bash
# Collects the English sentences of the program, brings the Bengali catalogue up to date, compiles it, and says what is missing.
# VENV names another environment than .venv.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${VENV:-.venv}/bin/python
collected=$(mktemp)
trap 'rm -f "$collected"' EXIT

"$python" -m babel.messages.frontend --quiet extract --mapping-file=translations/babel.cfg --keyword=_l --keyword=lazy_gettext \
    --sort-by-file --no-wrap --add-comments=Translators: --project=Sanjog --output-file="$collected" .

"$python" - "$collected" translations/borrowed.pot translations/bn/LC_MESSAGES/messages.po <<'PYTHON'
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po


def read(path):
    with path.open("rb") as file:
        return read_po(file, locale="bn")


collected, borrowed, place = (Path(name) for name in sys.argv[1:])
template = read(collected)
for message in read(borrowed):
    if message.id:
        template.add(message.id, locations=message.locations, flags=message.flags)
# The moment of collecting would be the only difference between two runs.
template.creation_date = datetime(2026, 1, 1, tzinfo=UTC)

catalogue = read(place) if place.exists() else Catalog(locale="bn", project="Sanjog", charset="utf-8", fuzzy=False)
catalogue.update(template, no_fuzzy_matching=True)
catalogue.revision_date, catalogue.last_translator, catalogue.language_team = template.creation_date, "Sanjog", "Bengali"
catalogue.msgid_bugs_address, catalogue.version = "", "1"
catalogue.header_comment = "# The Bengali of the program. Written by people, kept in order by scripts/translations.sh."
place.parent.mkdir(parents=True, exist_ok=True)
with place.open("wb") as file:
    # Lines of the source would change with every edit of it.
    write_po(file, catalogue, width=0, include_lineno=False, ignore_obsolete=True)
with place.with_suffix(".mo").open("wb") as file:
    write_mo(file, read(place))

messages = [message for message in read(place) if message.id]
missing = [message for message in messages if not all(message.string if message.pluralizable else [message.string])]
for message in missing:
    print("not in Bengali:", message.id)
print(f"{len(messages) - len(missing)} of {len(messages)} sentences in Bengali")
PYTHON
