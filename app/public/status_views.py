"""The status page of a provider: no sign-in, kept for half a minute, and still served when the database is down (spec §8)."""

import json
import re
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from flask import Response, current_app, jsonify, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from app.access.permissions import PUBLIC
from app.access.scope import within
from app.core.clock import now
from app.core.database import db
from app.core.errors import NotFound
from app.status.queries import provider, snapshot, worst
from app.status.services import SILENT_AFTER
from app.status.shown import PROGRESS, STATES, either, shown_name
from app.web.formats import show_day, show_digits, show_full_moment
from app.web.frame import ACCOUNTLESS
from app.web.page import Panel

KEPT_SECONDS = 30
SLUG = re.compile(r"[a-z0-9-]{1,40}")


class StatusPage(Panel):
    """How a provider's services stand, for everybody: page, JSON, RSS."""

    route_base = "/status"
    default_view = "page"
    keys = {"page": PUBLIC, "data": PUBLIC, "feed": PUBLIC}

    @expose("/<slug>")
    def page(self, slug: str) -> str:
        """Show the page."""
        status = status_of(slug)
        tenant = status["tenant"]
        return self.render(
            "public/status.html",
            status=status,
            company=either(tenant["name"], tenant["name_bn"]),
            overall=STATES[status["overall"]],
            states=STATES,
            progress=PROGRESS,
            shown_name=shown_name,
            either=either,
            day_of=lambda text: show_day(date.fromisoformat(text)),
            moment_of=lambda text: show_full_moment(datetime.fromisoformat(text)),
            per_cent=per_cent,
            feed_url=url_for("StatusPage.feed", slug=slug),
            data_url=url_for("StatusPage.data", slug=slug),
        )

    @expose("/<slug>/status.json")
    def data(self, slug: str) -> Response:
        """Answer the same as data."""
        return jsonify(status_of(slug))

    @expose("/<slug>/feed.rss")
    def feed(self, slug: str) -> Response:
        """Answer what was said about incidents as RSS 2.0."""
        status = status_of(slug)
        here = url_for("StatusPage.page", slug=slug, _external=True)
        rss = ElementTree.Element("rss", version="2.0")
        channel = ElementTree.SubElement(rss, "channel")
        company = either(status["tenant"]["name"], status["tenant"]["name_bn"])
        for name, words in (
            ("title", _("Status of %(company)s", company=company)),
            ("link", here),
            ("description", _("Incidents and planned work")),
        ):
            ElementTree.SubElement(channel, name).text = words
        for incident in (*status["open"], *status["past"]):
            for said in incident["updates"]:
                item = ElementTree.SubElement(channel, "item")
                title = f"{either(incident['title'], incident['title_bn'])}: {PROGRESS[said['progress']].label}"
                ElementTree.SubElement(item, "title").text = title
                ElementTree.SubElement(item, "description").text = either(said["said"], said["said_bn"])
                ElementTree.SubElement(item, "link").text = here
                moment = datetime.fromisoformat(said["said_at"])
                ElementTree.SubElement(item, "pubDate").text = moment.strftime("%a, %d %b %Y %H:%M:%S +0000")
                mark = ElementTree.SubElement(item, "guid", isPermaLink="false")
                mark.text = f"{slug}-{incident['id']}-{said['id']}"
        text = ElementTree.tostring(rss, encoding="utf-8", xml_declaration=True)
        return Response(text, content_type="application/rss+xml; charset=utf-8")


# nobody is signed in on these pages, so that they need no database
ACCOUNTLESS.update(f"StatusPage.{route}" for route in StatusPage.keys)


def per_cent(parts: int | None) -> str:
    """Write parts of ten thousand as per cent: 9,987 is 99.87 %."""
    return show_digits(f"{parts // 100}.{parts % 100:02d} %") if parts is not None else "–"


def status_of(slug: str) -> dict[str, Any]:
    """Return the page of a provider as it stands now; the last good copy when the database does not answer. Raises NotFound."""
    if not SLUG.fullmatch(slug):
        raise NotFound("Tenant")
    kept: dict[str, tuple[float, dict[str, Any]]] = current_app.extensions.setdefault("status_pages", {})
    place = Path(current_app.config["FILES_FOLDER"]) / "status" / f"{slug}.json"
    if slug in kept and time.monotonic() - kept[slug][0] < KEPT_SECONDS:
        return _as_of_now(kept[slug][1], is_reachable=True)
    try:
        found = _read(slug)
    except (SQLAlchemyError, OSError):
        db.session.rollback()
        if not place.exists():
            raise NotFound("Tenant") from None
        return _as_of_now(json.loads(place.read_text(encoding="utf-8")), is_reachable=False)
    kept[slug] = (time.monotonic(), found)
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(f".{time.monotonic_ns()}")
    unfinished.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(place)
    return _as_of_now(found, is_reachable=True)


def _read(slug: str) -> dict[str, Any]:
    tenant, head_id = provider(slug)
    with within(tenant.id, head_id):
        found = snapshot()
    return {"tenant": {"slug": slug, "name": tenant.name, "name_bn": tenant.name_bn}, **found}


def _as_of_now(found: dict[str, Any], *, is_reachable: bool) -> dict[str, Any]:
    """Say what is known at this moment: without database or jobs nobody looks, and what was seen earlier is not known any more."""
    looked = [datetime.fromisoformat(one["checked_at"]) for one in found["components"] if one["checked_at"]]
    is_silent = bool(looked) and now() - max(looked) > SILENT_AFTER
    components = []
    for component in found["components"]:
        state = component["state"]
        if component["key"] == "portal" and not is_reachable:
            state = "down"
        elif component["key"] == "billing" and (is_silent or not is_reachable):
            state = "down"
        elif component["checked_at"] and component["key"] != "portal" and (is_silent or not is_reachable):
            state = "unknown"
        components.append({**component, "state": state})
    known = [one["state"] for one in components if one["state"] != "unknown"]
    overall = worst(*known) if known else "unknown"
    return {**found, "components": components, "overall": overall, "is_old_copy": not is_reachable}
