"""Add, change, switch and remove webhooks; send a test, send a message again."""

from typing import Any

from flask_babel import gettext as _

from app.access.actor import demand
from app.access.scope import get_or_404
from app.activity.recorder import record
from app.api.models import DeliveryState, Happening, Webhook, WebhookDelivery
from app.api.telling import SEAL, add_message, send_webhooks
from app.api.wire import NotPublic, parts_of
from app.core.clock import now
from app.core.database import after_commit, db
from app.core.errors import Refused
from app.core.jobs import enqueue
from app.core.sealing import seal
from app.core.tokens import new_token

CHOSEN = tuple(one for one in Happening if one != Happening.TEST)
BEGINS = "whsec_"


def add_webhook(url: str, events: list[str]) -> tuple[Webhook, str]:
    """Add an address that is told of events in the scope of who acts; return it with the secret that signs, which is shown once.

    Raises Refused for an address that is not https or lies in our own network.
    """
    actor = demand("parents")
    url, events = _checked(url, events)
    hook = Webhook(url=url, events=events, created_by_id=actor.id)
    db.session.add(hook)
    db.session.flush()
    secret = f"{BEGINS}{new_token()}"
    hook.sealed_secret = seal(SEAL, hook.id, secret)
    _record(hook, "webhook.added", events=", ".join(events))
    return hook, secret


def edit_webhook(hook: Webhook, url: str, events: list[str], *, is_on: bool) -> Webhook:
    """Change where a webhook leads and what it is told of; switched on again it gets what has waited. Raises Refused."""
    demand("parents")
    hook = _locked(hook)
    url, events = _checked(url, events)
    before = {"url": hook.url, "events": ", ".join(hook.events), "webhook_on": hook.is_on}
    after = {"url": url, "events": ", ".join(events), "webhook_on": is_on}
    if is_on and not hook.is_on:
        hook.disabled_at, hook.given_up = None, 0
        after_commit(lambda: enqueue(send_webhooks.__name__))
    hook.url, hook.events, hook.is_on = url, events, is_on
    changes: dict[str, tuple[Any, Any]] = {
        name: (before[name], after[name]) for name in before if before[name] != after[name]
    }
    if changes:
        _record(hook, "webhook.edited", changes=changes)
    return hook


def remove_webhook(hook: Webhook) -> Webhook:
    """Tell an address nothing any more; its messages stay on record for a while."""
    demand("parents")
    hook = _locked(hook)
    hook.removed_at, hook.is_on = now(), False
    _record(hook, "webhook.removed")
    return hook


def send_test(hook: Webhook) -> WebhookDelivery:
    """Send a message that says nothing but that it came. Raises Refused for a webhook that is off."""
    demand("parents")
    hook = _locked(hook)
    _refuse_off(hook)
    row = add_message(hook, Happening.TEST, {"webhook_id": hook.id})
    after_commit(lambda: enqueue(send_webhooks.__name__))
    _record(hook, "webhook.tested")
    return row


def send_again(row: WebhookDelivery) -> WebhookDelivery:
    """Send a message again as it was, with its whole number of tries before it. Raises Refused for a webhook that is off."""
    demand("parents")
    row = get_or_404(WebhookDelivery, row.id, lock=True)
    hook = _locked(get_or_404(Webhook, row.webhook_id))
    _refuse_off(hook)
    row.state, row.tries, row.next_try_at, row.problem = DeliveryState.WAITING, 0, now(), ""
    after_commit(lambda: enqueue(send_webhooks.__name__))
    _record(hook, "webhook.sent_again", message=row.message_id)
    return row


def _locked(hook: Webhook) -> Webhook:
    hook = get_or_404(Webhook, hook.id, lock=True)
    if hook.removed_at is not None:
        raise Refused(_("This webhook was removed."))
    return hook


def _refuse_off(hook: Webhook) -> None:
    if not hook.is_on:
        raise Refused(_("This webhook is off. Switch it on first."))


def _checked(url: str, events: list[str]) -> tuple[str, list[str]]:
    url = url.strip()
    try:
        parts_of(url)
    except NotPublic as refused:
        raise Refused(
            {
                "scheme": _("Only encrypted addresses (https) are told."),
                "private": _("This address lies inside of a private network. Enter one that the internet reaches."),
            }.get(refused.why, _("This is not an address of a program.")),
            "url",
        ) from None
    if not events or not set(events) <= {str(one) for one in CHOSEN}:
        raise Refused(_("Choose at least one event."), "events")
    return url, sorted(set(events))


def _record(hook: Webhook, event: str, **words: Any) -> None:
    record(
        "access",
        event,
        tenant_id=hook.tenant_id,
        owner_id=hook.owner_id,
        subject=hook,
        changes=words.pop("changes", None),
        url=hook.url,
        **words,
    )
