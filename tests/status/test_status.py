"""The status page tells how each component really stands, while it is stopped and after (spec §8)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.database import transaction
from app.paylinks.models import GatewaySettings
from app.public import status_views
from app.status.services import check_components
from tests.cast import GA, NORTH, OFFICE, PADMA_GA, Cast
from tests.conftest import Clock, World
from tests.make import as_account
from tests.radius.conftest import give_role
from tests.radius.server import SECRET, FreeRadius
from tests.servers import PostgresStore, SqliteStore, Store


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask anew at every look."""
    monkeypatch.setattr(status_views, "KEPT_SECONDS", -1)


def states(client: FlaskClient, slug: str = "meghna") -> dict[str, str]:
    answer = client.get(f"/status/{slug}/status.json")
    assert answer.status_code == 200
    return {one["key"]: one["state"] for one in answer.json["components"]}


def look(app: Flask) -> None:
    with app.app_context():
        check_components()


def test_what_works_is_shown_as_working(cast: Cast, app: Flask, client: FlaskClient) -> None:
    look(app)
    assert states(client) == {"portal": "working", "billing": "working", "gateways": "working", "radius": "working"}
    client.get("/lang/en")
    page = client.get("/status/meghna").text
    assert "Everything works." in page
    assert page.count('class="bar bar-') == 4 * 90
    client.get("/lang/bn")
    assert "মেঘনা নেট" in client.get("/status/meghna").text


@pytest.mark.parametrize("slug", ["nobody", "Meghna", "..", "x" * 41])
def test_an_unknown_provider_is_not_found(slug: str, cast: Cast, client: FlaskClient) -> None:
    for address in (f"/status/{slug}", f"/status/{slug}/status.json", f"/status/{slug}/feed.rss"):
        assert client.get(address).status_code == 404


@contextmanager
def out_of_reach(store: Store, app: Flask) -> Iterator[None]:
    """Stop the database really: nobody can open it inside the block."""
    if isinstance(store, SqliteStore):
        aside = Path(f"{store._file}.aside")
        store._file.rename(aside)
        store._file.mkdir()
        # a connection that is open would go on reading the file under its new name
        app.extensions["database"].dispose()
        try:
            yield
        finally:
            store._file.rmdir()
            aside.rename(store._file)
        return
    assert isinstance(store, PostgresStore)
    name = store._database
    with psycopg.connect(store._address, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_without_a_database_the_last_good_copy_is_served_and_says_so(
    cast: Cast, app: Flask, client: FlaskClient, store: Store, as_person: Callable[[str], FlaskClient]
) -> None:
    look(app)
    signed_in = as_person(GA)
    client.get("/lang/en")
    assert states(client)["portal"] == "working"
    with out_of_reach(store, app):
        stopped = states(client)
        page = client.get("/status/meghna")
        assert client.get("/status/padma").status_code == 404, "of this one there is no copy"
        assert signed_in.get("/status/meghna").status_code == 200, "who is signed in sees it too"
        assert client.get("/status/meghna/feed.rss").status_code == 200
    assert (stopped["portal"], stopped["billing"]) == ("down", "down")
    assert "The database does not answer at the moment." in page.text
    assert states(client)["portal"] == "working"


def test_when_the_jobs_stand_still_nobody_has_looked(cast: Cast, app: Flask, client: FlaskClient, clock: Clock) -> None:
    look(app)
    clock.forward(minutes=5)
    assert states(client)["billing"] == "working"
    clock.forward(minutes=2)
    stopped = states(client)
    assert (stopped["portal"], stopped["billing"]) == ("working", "down")
    look(app)
    assert states(client)["billing"] == "working"


@pytest.mark.real_clock
def test_radius_is_asked_as_a_line_would(
    world: World, store: Store, tmp_path_factory: pytest.TempPathFactory, cast: Cast, app: Flask, client: FlaskClient
) -> None:
    user = give_role(store) if isinstance(store, PostgresStore) else ""
    server = FreeRadius(tmp_path_factory.mktemp("status-radius"), store.url, user)
    app.config.update(RADIUS_SERVER=f"127.0.0.1:{server.auth_port}", RADIUS_SECRET=SECRET)
    try:
        look(app)
        assert states(client)["radius"] == "working"
        server.stop()
        look(app)
        assert states(client)["radius"] == "down"
    finally:
        server.stop()
        app.config.update(RADIUS_SERVER="", RADIUS_SECRET="demo-radius-secret")


class _Yes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


def test_a_gateway_is_stopped(cast: Cast, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = HTTPServer(("127.0.0.1", 0), _Yes)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    monkeypatch.setitem(app.config, "SANDBOX_URL", f"http://127.0.0.1:{gateway.server_port}")
    with app.app_context(), as_account(GA), transaction() as session:
        session.add(GatewaySettings(gateway="bkash", environment="local", is_on=True))
    look(app)
    assert states(client)["gateways"] == "working"
    gateway.shutdown()
    gateway.server_close()
    look(app)
    assert states(client)["gateways"] == "down"


def test_a_gateway_that_is_switched_off_is_not_looked_at(
    cast: Cast, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SANDBOX_URL", "http://127.0.0.1:9")
    with app.app_context(), as_account(GA), transaction() as session:
        session.add(GatewaySettings(gateway="bkash", environment="local", is_on=False))
    look(app)
    assert states(client)["gateways"] == "working"


class TestIncidents:
    def publish(self, fill: Callable[..., Any], head: FlaskClient) -> str:
        head.get("/lang/en")
        answer = fill(
            head,
            "/incidents/add",
            title="Fibre cut",
            title_bn="ফাইবার কাটা",
            impact="down",
            said="We are on the way.",
            said_bn="আমরা পথে আছি।",
        )
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    def test_what_the_group_admin_says_is_on_page_json_and_rss_in_both_languages(
        self,
        cast: Cast,
        app: Flask,
        client: FlaskClient,
        as_person: Callable[..., FlaskClient],
        fill: Callable[..., Any],
    ) -> None:
        look(app)
        head = as_person(GA)
        shown = self.publish(fill, head)
        client.get("/lang/en")
        assert "We are on the way." in client.get("/status/meghna").text
        client.get("/lang/bn")
        assert "আমরা পথে আছি।" in client.get("/status/meghna").text
        assert "Fibre cut" not in client.get("/status/padma").text
        feed = ElementTree.fromstring(client.get("/status/meghna/feed.rss").data)
        assert [item.findtext("description") for item in feed.iter("item")] == ["আমরা পথে আছি।"]
        fill(head, shown.replace("show", "update"), progress="resolved", said="Over.", said_bn="")
        data = client.get("/status/meghna/status.json").json
        assert data["open"] == []
        assert [one["said"] for one in data["past"][0]["updates"]] == ["Over.", "We are on the way."]

    def test_an_open_incident_makes_its_components_worse_and_counts_to_the_day(
        self, cast: Cast, app: Flask, client: FlaskClient, as_person: Callable[..., FlaskClient]
    ) -> None:
        look(app)
        head = as_person(GA)
        page = head.get("/incidents/add").text
        from tests.conftest import form_fields

        fields = form_fields(page, "title") | {"title": "Slow", "impact": "impaired", "said": "We look.", "said_bn": ""}
        component = json.loads(client.get("/status/meghna/status.json").data)["components"][3]
        assert component["key"] == "radius"
        with app.app_context():
            from app.status.queries import components
            from tests.make import as_account

            with as_account(GA):
                radius = next(one.id for one in components() if one.key == "radius")
        assert head.post("/incidents/add", data={**fields, "component_ids": str(radius)}).status_code == 303
        assert states(client)["radius"] == "impaired"
        look(app)
        today = client.get("/status/meghna/status.json").json["components"][3]["days"][-1]
        assert (today["state"], today["up"]) == ("impaired", 10_000)

    @pytest.mark.parametrize("email", [NORTH, OFFICE])
    def test_nobody_but_the_group_admin_speaks_there(
        self, email: str, cast: Cast, as_person: Callable[..., FlaskClient]
    ) -> None:
        for address in ("/incidents/list/", "/incidents/add", "/status-components/list/"):
            assert as_person(email).get(address).status_code == 403

    def test_an_incident_of_another_provider_is_not_there(
        self, cast: Cast, app: Flask, as_person: Callable[..., FlaskClient], fill: Callable[..., Any]
    ) -> None:
        look(app)
        shown = self.publish(fill, as_person(GA))
        padma = as_person(PADMA_GA)
        assert padma.get(shown).status_code == 404
        assert padma.get(shown.replace("show", "update")).status_code == 404

    def test_an_own_component_is_named_set_by_hand_and_taken_off(
        self,
        cast: Cast,
        app: Flask,
        client: FlaskClient,
        as_person: Callable[..., FlaskClient],
        fill: Callable[..., Any],
    ) -> None:
        look(app)
        head = as_person(GA)
        assert fill(head, "/status-components/add", name="Backbone", name_bn="ব্যাকবোন").status_code == 303
        with app.app_context():
            from app.status.queries import components
            from tests.make import as_account

            with as_account(GA):
                own = next(one.id for one in components() if one.key == "own")
                portal = next(one.id for one in components() if one.key == "portal")
        fill(head, f"/status-components/edit/{own}", state="maintenance")
        assert states(client)["own"] == "maintenance"
        assert fill(head, f"/status-components/edit/{portal}", state="down").status_code == 422
        fill(head, f"/status-components/archive/{own}", reason="")
        assert "own" not in states(client)
