"""docs/permissions.md, written from the key table."""

from flask import current_app
from flask_babel import force_locale

from app.access.permissions import KEYS, SECTIONS, TEMPLATES


def permissions_document() -> str:
    """Return the table of permission keys as Markdown."""
    with current_app.test_request_context(), force_locale("en"):
        lines = ["# Permission keys", "", "Written by `make docs` from `app/access/permissions.py`; do not edit.", ""]
        for section, label in SECTIONS.items():
            lines += [f"## {label}", "", "| key | name | unlocks |", "|---|---|---|"]
            lines += [
                f"| `{row.name}` | {row.label} | {row.meaning} |" for row in KEYS.values() if row.section == section
            ]
            lines.append("")
        lines += ["## Templates", ""]
        lines += [f"- **{label}**: {', '.join(f'`{name}`' for name in names)}" for label, names in TEMPLATES.values()]
    return "\n".join(lines) + "\n"
