"""Words and tones of states, for the pages of the Group Admin and for everybody's."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.status.models import StatusComponent
from app.web.formats import language
from app.web.shown import badges

STATES = badges(
    ("working", _l("Working"), "ok"),
    ("maintenance", _l("Planned work"), "accent"),
    ("impaired", _l("Impaired"), "warn"),
    ("down", _l("Down"), "due"),
    ("unknown", _l("Not known"), None),
)
PROGRESS = badges(
    ("investigating", _l("Looking into it"), "due"),
    ("identified", _l("Cause found"), "warn"),
    ("monitoring", _l("Mended, being watched"), "accent"),
    ("resolved", _l("Over"), "ok"),
)
NAMES = {
    "portal": _l("Customer portal and panel"),
    "billing": _l("Billing"),
    "gateways": _l("Online payment"),
    "radius": _l("Sign-in of lines (RADIUS)"),
}


def name_of(component: StatusComponent) -> str:
    """Return the name of a component in the reader's language."""
    return shown_name({"key": component.key, "name": component.name, "name_bn": component.name_bn})


def shown_name(component: dict[str, Any]) -> str:
    """Return the name of a component of a snapshot in the reader's language."""
    if component["key"] in NAMES:
        return str(NAMES[component["key"]])
    return either(component["name"], component["name_bn"])


def either(english: str, bengali: str) -> str:
    """Return what was said in the reader's language, or in the other where it was said in that alone."""
    return (bengali or english) if language() == "bn" else (english or bengali)
