"""What other domains put on a customer's profile: tabs and actions, each behind its keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.access.actor import Actor
from app.customers.models import Customer


@dataclass(frozen=True)
class ProfileTab:
    """A tab of the profile: all its keys must be held; ``context`` returns what the tab shows."""

    name: str
    label: Any
    keys: tuple[str, ...]
    context: Callable[[Customer, Actor], dict[str, Any]]
    order: int


@dataclass(frozen=True)
class ProfileAction:
    """A button of the profile, in order of use; shown when its key is held and it makes sense for the customer."""

    label: Any
    icon: str
    key: str
    url: Callable[[Customer], str]
    order: int
    style: str = "plain"
    fits: Callable[[Customer], bool] = lambda _customer: True
    method: str = "get"


@dataclass(frozen=True)
class Notice:
    """A sentence above a customer's tabs: how something stands. ``tone`` is "info", "ok", "warn" or "due"."""

    text: str
    tone: str = "info"


Look = Callable[[Customer, Actor], Notice | None]

_notices: list[Look] = []
_cash_notices: list[Look] = []
_tabs: list[ProfileTab] = []
_actions: list[ProfileAction] = []


def add_tab(tab: ProfileTab) -> None:
    """Put a tab on the profile."""
    _tabs.append(tab)
    _tabs.sort(key=lambda one: one.order)


def add_action(action: ProfileAction) -> None:
    """Put a button on the profile."""
    _actions.append(action)
    _actions.sort(key=lambda one: one.order)


def add_notice(look: Look, *, while_taking_cash: bool = False) -> None:
    """Let a domain say something above the tabs, and where cash is taken; None when there is nothing to say to this viewer."""
    _notices.append(look)
    if while_taking_cash:
        _cash_notices.append(look)


def notices_for(actor: Actor, customer: Customer, *, while_taking_cash: bool = False) -> list[Notice]:
    """Return what is to be said to this viewer about a customer."""
    looks = _cash_notices if while_taking_cash else _notices
    return [notice for look in looks if (notice := look(customer, actor)) is not None]


def tabs_for(actor: Actor) -> list[ProfileTab]:
    """Return the tabs that open to the viewer, in order."""
    return [tab for tab in _tabs if all(actor.may(key) for key in tab.keys)]


def actions_for(actor: Actor, customer: Customer) -> list[ProfileAction]:
    """Return the actions the viewer may take on this customer, in order."""
    return [action for action in _actions if actor.may(action.key) and action.fits(customer)]
