"""The collection list as a collector walks it: take all in two taps, not at home, promised for a day."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.access.actor import Actor, reader_digits
from app.billing.views import customer_url
from app.core.clock import to_dhaka, today
from app.core.database import transaction
from app.core.language import format_period, normalise, to_ascii_digits
from app.core.money import plain
from app.customers.models import Customer, CustomerStatus
from app.customers.queries import present_customer
from app.customers.views import is_overdue
from app.payments.collecting import (
    LATEST_PROMISE_DAYS,
    NO_ZONE,
    Asked,
    Stop,
    Sums,
    next_stop,
    not_home,
    promised,
    stops,
    sums,
    taken_today,
)
from app.payments.models import Outcome, Payment
from app.payments.services import Received
from app.web.formats import language, show_day, show_digits, show_month, show_number, show_taka
from app.web.forms import DayField, HouseForm
from app.web.frame import own_path
from app.web.page import Panel
from app.web.shown import CUSTOMER_STATUS, Badge

KEY = "receive-payment"
LAST_PAGE = 10_000
LONGEST_SEARCH = 100


class PromiseForm(HouseForm):
    """The day on which the customer will pay."""

    promised_for = DayField(_l("Another day"))


class CollectPage(Panel):
    """Customers with dues by zone and address, and what came of each visit."""

    route_base = "/collect"
    default_view = "index"
    keys = {"index": KEY, "not_home": KEY, "promise": KEY}

    @expose("/")
    def index(self) -> str:
        """Show the list, what is left of it by zone, and what this person has taken today."""
        actor = self.actor()
        asked, day = read_asked(request.args), taken_today(actor)
        whole = sums()
        found = sums(asked.query) if asked.query else whole
        page = stops(asked, day, whole)
        zones = {zone.zone: zone.name for zone in whole.zones}
        found_stops = [self._stop(stop, asked, actor, zones) for stop in page.stops]
        # whoever paid a colleague while the list was put together owes nothing and has given nothing to this person
        shown = [stop for stop in found_stops if stop["due"] or stop["taken"]]
        return self.render(
            "collect/list.html",
            day={
                "amount": day.amount,
                "count": len(day.taken),
                "left": whole.count,
                "left_due": whole.due,
                "all": len(day.taken) + whole.count,
                "date": today(),
            },
            asked=asked,
            zones=_zones(found, asked),
            tabs=_tabs(found, asked),
            clear_url=_address(asked, query=""),
            groups=[
                {"heading": heading, "stops": list(group)}
                for heading, group in groupby(shown, key=lambda stop: stop["heading"])
            ],
            previous_url=_address(asked, page=asked.page - 1) if asked.page > 1 else None,
            next_url=_address(asked, page=asked.page + 1) if page.has_next else None,
        )

    @staticmethod
    def _stop(stop: Stop, asked: Asked, actor: Actor, zones: dict[str, str]) -> dict[str, Any]:
        customer = stop.customer
        back = f"{_address(asked, page=asked.page)}#c-{customer.id}"
        heading, place = _where(stop, asked, zones)
        return {
            "id": customer.id,
            "name": _name(customer),
            "heading": heading,
            "place": place,
            "profile_url": customer_url(actor, customer),
            "phone": customer.mobile if actor.may("view-customer-details") else "",
            "due": customer.due,
            "plain_due": plain(customer.due),
            "is_overdue": is_overdue(customer),
            "summary": _summary(stop),
            "bills": [
                {
                    "period": format_period(bill.period_from, bill.period_to, language(), reader_digits()),
                    "number": bill.number,
                    "open": bill.open,
                }
                for bill in stop.bills
            ],
            "marks": _marks(stop),
            "taken": {
                "amount": stop.taken.amount,
                "number": stop.taken.number,
                "url": url_for("PaymentPage.show", pk=stop.taken.payment_id, next=back),
            }
            if stop.taken
            else None,
            "request_id": str(uuid4()),
            "back": back,
            "take_url": url_for("PaymentPage.receive", pk=customer.id),
            "part_url": url_for("PaymentPage.receive", pk=customer.id, next=back),
            "not_home_url": url_for("CollectPage.not_home", pk=customer.id),
            "promise_url": url_for("CollectPage.promise", pk=customer.id, next=back),
        }

    @expose("/not-home/<pk>", methods=["POST"])
    def not_home(self, pk: str) -> Response:
        """Note that nobody was at home."""
        customer = present_customer(pk)
        onward = _onward(request.form.get("next"), customer.id)
        with transaction():
            not_home(customer)
        flash(_("%(name)s: not at home, now at the end of the list.", name=_name(customer)), "success")
        return redirect(onward, 303)

    @expose("/promise/<pk>", methods=["GET", "POST"])
    def promise(self, pk: str) -> Any:
        """Ask for the day on which the customer will pay, and note it."""
        customer = present_customer(pk)
        back = _list_address(request.values.get("next"))
        form = PromiseForm(data={"promised_for": today() + timedelta(days=1)} if request.method == "GET" else None)
        last = today() + timedelta(days=LATEST_PROMISE_DAYS)
        form.promised_for.render_kw = {"min": today().isoformat(), "max": last.isoformat()}

        def act() -> Response:
            onward = _onward(back, customer.id)
            visit = promised(customer, form.promised_for.data)
            flash(
                _("%(name)s will pay on %(day)s.", name=_name(customer), day=show_day(visit.promised_for or today())),
                "success",
            )
            return redirect(onward, 303)

        return self.ask(
            form,
            act,
            "collect/promise.html",
            title=_("Pays on another day"),
            customer={
                "name": _name(customer),
                "place": customer.place,
                "due": customer.due,
                "is_overdue": is_overdue(customer),
            },
            days=[
                (label, today() + timedelta(days=ahead))
                for label, ahead in ((_("Tomorrow"), 1), (_("In 3 days"), 3), (_("In a week"), 7))
            ],
            back=back,
            cancel_url=back,
            submit_label=_("Note the day"),
        )


def read_asked(arguments: Mapping[str, str]) -> Asked:
    """Read off an address what part of the list is asked for; nonsense falls back to the whole list."""
    zone, page = to_ascii_digits(arguments.get("zone", "")), to_ascii_digits(arguments.get("page", ""))
    return Asked(
        zone=zone if zone == NO_ZONE or _is_number(zone) else "",
        query=normalise(arguments.get("q", "").replace("\x00", ""))[:LONGEST_SEARCH],
        later=arguments.get("list") == "later",
        page=min(max(int(page), 1), LAST_PAGE) if _is_number(page) else 1,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _address(asked: Asked, **changed: Any) -> str:
    wanted = {"zone": asked.zone, "query": asked.query, "later": asked.later, "page": 1} | changed
    return url_for(
        "CollectPage.index",
        list="later" if wanted["later"] else None,
        zone=wanted["zone"] or None,
        q=wanted["query"] or None,
        page=wanted["page"] if wanted["page"] > 1 else None,
    )


def _list_address(target: str | None) -> str:
    """Return the address of the list to go back to, the whole list where the target is none of it."""
    return (
        target
        if target and own_path(target) and urlsplit(target).path == url_for("CollectPage.index")
        else url_for("CollectPage.index")
    )


def _onward(target: str | None, customer_id: int) -> str:
    """Return where to go on from a customer that leaves its place: the list, at who comes next."""
    address = _list_address(target).partition("#")[0]
    asked = _asked_by(address)
    stop = None if asked.later else next_stop(asked, taken_today(Panel.actor()), customer_id)
    return f"{address}#c-{stop.customer.id}" if stop else address


def _asked_by(address: str) -> Asked:
    return read_asked(dict(parse_qsl(urlsplit(address).query)))


def _name(customer: Customer) -> str:
    return customer.name_for(language())


def _tabs(found: Sums, asked: Asked) -> list[dict[str, Any]]:
    return [
        {"label": label, "count": count, "url": _address(asked, later=later, zone=""), "active": asked.later == later}
        for label, count, later in ((_("To collect"), found.count, False), (_("Later"), found.later, True))
    ]


def _zones(found: Sums, asked: Asked) -> list[dict[str, Any]]:
    return [
        {
            "name": zone.name,
            "count": zone.count,
            "due": zone.due,
            "url": _address(asked, zone=zone.zone),
            "active": zone.zone == asked.zone,
        }
        for zone in found.zones
    ]


def _where(stop: Stop, asked: Asked, zones: dict[str, str]) -> tuple[str, str]:
    """Return under which heading a customer stands, and the rest of the address; a zone is named as among the zones to choose."""
    customer = stop.customer
    zone = zones.get(str(customer.zone_id), customer.zone.name if customer.zone else "")
    street = ", ".join(part for part in (customer.road, customer.address) if part)
    whole = ", ".join(part for part in (customer.house, street, "" if asked.zone else zone) if part)
    if customer.due and stop.visit is not None:
        if asked.later and stop.visit.promised_for:
            return show_day(stop.visit.promised_for), whole
        if stop.is_promised_now:
            return _("The promised day has come"), whole
        if stop.was_out_today:
            return _("Not at home today"), whole
    heading = " · ".join(part for part in ("" if asked.zone else zone, street) if part) or _("Without an address")
    return heading, _("House %(house)s", house=customer.house) if customer.house else ""


def _summary(stop: Stop) -> str:
    count = len(stop.bills)
    if not count:
        return ""
    words = ngettext("%(count)s bill", "%(count)s bills", count, count=show_number(count))
    month = show_month(stop.bills[0].period_from)
    return f"{words} · {month}" if count == 1 else _("%(bills)s · since %(month)s", bills=words, month=month)


def _marks(stop: Stop) -> list[Badge]:
    customer, visit, marks = stop.customer, stop.visit, []
    if visit is not None and visit.promised_for is not None:
        label = (
            _("Promised for today")
            if visit.promised_for == today()
            else _("Promised for %(day)s", day=show_day(visit.promised_for))
        )
        marks.append(Badge(Outcome.PROMISED, label, "warn"))
    elif visit is not None:
        marks.append(Badge(Outcome.NOT_HOME, _out_at(stop)))
    if customer.status != CustomerStatus.ACTIVE:
        marks.append(CUSTOMER_STATUS[customer.status])
    return marks


def _out_at(stop: Stop) -> str:
    if stop.visit is None:
        return ""
    moment = to_dhaka(stop.visit.at)
    if stop.was_out_today:
        return _("Not at home at %(time)s", time=show_digits(f"{moment:%H:%M}"))
    if moment.date() == today() - timedelta(days=1):
        return _("Not at home yesterday")
    return _("Not at home on %(day)s", day=show_day(moment.date()))


def already_recorded(payment: Payment) -> str:
    """Return the sentence for a form that comes a second time (spec §5.2)."""
    time = show_digits(f"{to_dhaka(payment.received_at):%H:%M}")
    return _("Already recorded at %(time)s. Nothing was recorded a second time.", time=time)


def back_to_the_list(received: Received, target: str) -> Response:
    """Go on where the person came from, with the receipt one tap away."""
    payment = received.payment
    sentence = (
        already_recorded(payment)
        if received.already_recorded
        else _("%(amount)s received from %(name)s.", amount=show_taka(payment.amount), name=_name(payment.customer))
    )
    link = Markup('<a class="tap" href="{}">{}</a>').format(
        url_for("PaymentPage.show", pk=payment.id, next=target),
        _("Receipt %(number)s", number=show_digits(payment.number)),
    )
    flash(Markup("{} {}").format(sentence, link), "info" if received.already_recorded else "success")
    return redirect(target, 303)


def next_customer(actor: Actor, after: int, target: str | None) -> dict[str, str]:
    """Return where the receipt's "next customer" leads and who that is; nothing unless one comes from the list."""
    if target is None or not actor.may(KEY):
        return {}
    if urlsplit(target).path != url_for("CollectPage.index"):
        return {}
    asked = _asked_by(target)
    stop = next_stop(asked, taken_today(actor), after)
    address = _address(asked, later=False, page=asked.page)
    if stop is None:
        return {"next_url": address, "next_label": ""}
    label = ", ".join(part for part in (_name(stop.customer), stop.customer.house) if part)
    return {"next_url": f"{address}#c-{stop.customer.id}", "next_label": label}
