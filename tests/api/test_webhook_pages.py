"""The pages of webhooks: added with a secret shown once, tested, its messages seen and sent again."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.api.models import Webhook, WebhookDelivery
from app.core.database import db
from tests.api.test_webhooks import Receiver, receiver  # noqa: F401  (fixture)
from tests.cast import NORTH, SOUTH, Cast
from tests.conftest import form_fields
from tests.make import as_account


def test_a_parent_adds_a_webhook_tests_it_and_sends_a_message_again(
    cast: Cast,
    app: Flask,
    as_person: Callable[[str], FlaskClient],
    receiver: Receiver,  # noqa: F811
) -> None:
    browser = as_person(NORTH)
    form = form_fields(browser.get("/webhooks/add").text, "url")
    refused = browser.post("/webhooks/add", data={**form, "url": "https://10.0.0.1/", "events": ["bill.made"]})
    assert refused.status_code == 422
    made = browser.post("/webhooks/add", data={**form, "url": receiver.url, "events": ["bill.made"]})
    assert "whsec_" in made.text
    with app.app_context(), as_account(NORTH):
        hook_id = db.session.execute(select(Webhook.id)).scalar_one()
    page = browser.get(f"/webhooks/show/{hook_id}").text
    assert "whsec_" not in page
    token = {"csrf_token": form_fields(page)["csrf_token"]}
    assert browser.post(f"/webhooks/test/{hook_id}", data=token).status_code == 303
    assert receiver.events == ["test"]
    with app.app_context(), as_account(NORTH):
        message_id = db.session.execute(select(WebhookDelivery.id)).scalar_one()
    assert receiver.bodies[0]["id"] in browser.get(f"/webhooks/messages/show/{message_id}").text
    assert browser.post(f"/webhooks/messages/resend/{message_id}", data=token).status_code == 303
    assert [body["id"] for body in receiver.bodies] == [receiver.bodies[0]["id"]] * 2
    stranger = as_person(SOUTH)
    for path in (f"/webhooks/show/{hook_id}", f"/webhooks/messages/show/{message_id}", f"/webhooks/edit/{hook_id}"):
        assert stranger.get(path).status_code == 404
