"""No sentence is left in the other language: pages, forms, refusals, exports in Bengali and in English (spec §10)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import wtforms
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy import select

from app.access.models import ApiKey
from app.access.scope import everywhere
from app.accounts.models import Account, Tenant
from app.api.models import Webhook
from app.billing.models import Bill
from app.billing.services import discount_bill, edit_bill, generate_bill, void_bill
from app.core.database import db, transaction
from app.customers.models import Customer, CustomerImport, CustomerStatus, CustomField
from app.customers.services import change_status
from app.expenses.models import Expense, ExpenseCategory
from app.expenses.services import add_expense, void_expense
from app.packages.models import BillingProfile, Device, Package, Zone
from app.payments.models import Payment
from app.payments.services import edit_payment
from app.radius.models import AccessServer
from app.status.models import Incident
from tests.cast import ACCOUNTS, COLLECTOR, GA, NEWBIE, NORTH, OFFICE, ROOT
from tests.conftest import FormReader
from tests.make import as_account
from tests.rules import house as houses
from tests.rules.doors import doors
from tests.rules.house import WORDS, House, Visitor, owner_of
from tests.rules.pages import inner_links, read

PROJECT = Path(__file__).resolve().parent.parent.parent
TRANSLATIONS = PROJECT / "translations"
CATALOGUE = TRANSLATIONS / "bn" / "LC_MESSAGES" / "messages.po"

EVERYBODY = (GA, NORTH, OFFICE, ACCOUNTS, COLLECTOR, NEWBIE, ROOT)
"""Together they hold every key, open every audience's doors, and are refused at every one."""

WRITERS = (GA, COLLECTOR, ROOT)
"""Together they may send every form."""

WRITTEN_IN_LATIN_BY_EVERYBODY = set(
    "PPPoE CSV PDF A4 NID UTF-8 XLSX JPEG PNG WebP JSON RSS API https bKash Nagad SSLCommerz".split()
)
SPEAK_FOR_THEMSELVES = ("English", "বাংলা", "0123", "০১২৩", "{amount}")
"""Names of languages, samples of digits, and what the browser's script fills in."""

NOT_OPENED = {
    "LanguagePage.choose": "changes the language",
    "NoConnectionPage.show": "speaks the language of its address; tried by itself",
    "SignInPage.logout": "ends the session",
    "PrintedInvoicePage.show": "the same",
    "PayPage.show": "speaks the customer's language, not the reader's: tests/paylinks look at it in both",
}

LATIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
WORD = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
BENGALI = re.compile(r"[\u0980-\u09ff]")
ENGLISH_MONTH = re.compile(
    r"\b(January|February|March|April|June|July|August|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|\w+ember|October)\b"
)
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%s")
IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
ONLY_A_NUMBER = re.compile(r"[−+৳\s\d,.:/%·–()-]*\d[−+৳\s\d,.:/%·–()-]*")
ONLY_A_BENGALI_NUMBER = re.compile(r"[−+৳\s০-৯,.:/%·–()-]*[০-৯][−+৳\s০-৯,.:/%·–()-]*")


# --- The catalogue -----------------------------------------------------------------------------------------------


def _catalogue() -> list[Message]:
    with CATALOGUE.open("rb") as file:
        return [message for message in read_po(file, locale="bn") if message.id]


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, tuple | list) else (message.id,)


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def test_the_catalogue_holds_every_sentence_of_the_program() -> None:
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}
    found = {
        message[0] if isinstance(message, tuple) else message
        for _file, _line, message, _comments, _context in extract_from_dir(PROJECT, methods, options, keywords)
    }
    known = {_ids(message)[0] for message in _catalogue()}
    assert sorted(found - known) == [], "run `make translations` and say these in Bengali"


def test_the_catalogue_holds_every_sentence_of_wtforms() -> None:
    with (Path(wtforms.__file__).parent / "locale" / "wtforms.pot").open("rb") as file:
        theirs = {_ids(message) for message in read_po(file) if message.id}
    assert sorted(theirs - {_ids(message) for message in _catalogue()}) == [], "list these in translations/borrowed.pot"


def test_every_sentence_is_in_bengali() -> None:
    unsaid = [message.id for message in _catalogue() if not all(_strings(message)) or message.fuzzy]
    assert unsaid == []


def test_a_translation_keeps_the_values_and_the_stop_of_its_sentence() -> None:
    wrong = []
    for message in _catalogue():
        last = _ids(message)[-1]
        for text in _strings(message):
            if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(last)):
                wrong.append(f"{last}: other values in {text}")
            if last.endswith((".", "?")) and last.count(" ") > 2 and not text.endswith(("।", "?", "–")):
                wrong.append(f"{last}: no stop in {text}")
            if text != text.strip() or "  " in text:
                wrong.append(f"{last}: spaces in {text!r}")
    assert wrong == []


def test_the_compiled_catalogue_says_the_same() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {_ids(message): _strings(message) for message in read_mo(file) if message.id}
    assert compiled == {_ids(message): _strings(message) for message in _catalogue()}, "run `make translations`"


# --- What a page says --------------------------------------------------------------------------------------------


NOTHING = re.compile(r"(?!)")


@dataclass
class Speech:
    """The texts of a page: ``words`` of the program, ``data`` that it shows (translate="no")."""

    words: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)


class PageReader(HTMLParser):
    """Tell what the program says from the data it shows; the language switch speaks for itself."""

    CLOSED = ("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr")
    SPOKEN = (
        "title",
        "placeholder",
        "aria-label",
        "alt",
        "data-busy",
        "data-word-partial",
        "data-word-received",
        "data-word-confirm",
    )

    def __init__(self) -> None:
        super().__init__()
        self.speech = Speech()
        self._silence: list[str] = []
        self._open: list[tuple[str, list[str]]] = [("", self.speech.words)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter an element and note the attributes that are shown or read out."""
        given, place = dict(attrs), self._open[-1][1]
        if tag in ("script", "style") or "hreflang" in given:
            place = self._silence
        # translate="no" of a field is about what is typed into it, not about its hint: so it counts from here on
        for name in self.SPOKEN:
            place.append(" ".join((given.get(name) or "").split()))
        if tag == "input" and given.get("type") in ("submit", "button"):
            place.append(given.get("value") or "")
        if place is self.speech.words and given.get("translate") == "no":
            place = self.speech.data
        if tag not in self.CLOSED:
            self._open.append((tag, place))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element and whatever was not closed in it."""
        if any(tag == name for name, _place in self._open[1:]):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self._open[-1][1].append(" ".join(data.split()))


@cache
def without(names: re.Pattern[str], text: str) -> str:
    """Return a text without the names in it; pages share most of their texts."""
    return names.sub("…", text)


def speech_of(page: str, names: re.Pattern[str] = NOTHING) -> Speech:
    """Return what a page says; names of rows that stand within a sentence or a list of choices are left out."""
    reader = PageReader()
    reader.feed(page)
    speech = reader.speech
    assert any(speech.words), "the page says nothing at all"
    speech.words = [text for text in (without(names, one) for one in speech.words) if text]
    speech.data = [text for text in speech.data if text]
    return speech


def _english_pattern() -> re.Pattern[str]:
    """Match the program's English sentences of two words and more; a single word could be somebody's data."""
    patterns = []
    for text in (one for message in _catalogue() for one in _ids(message)):
        if text[0].isalpha() and len(LATIN.findall(PLACEHOLDER.sub("", text))) > 1:
            patterns.append(re.sub(r"%\\\(\w+\\\)[sd]|%s", ".+", re.escape(text)))
    return re.compile("|".join(patterns))


ENGLISH = _english_pattern()


@cache
def is_english_of_ours(text: str) -> bool:
    """Tell whether a text is a sentence of the program, in English."""
    return LATIN.search(text) is not None and ENGLISH.fullmatch(text) is not None


def not_in_bengali(page: str, names: re.Pattern[str] = NOTHING) -> set[str]:
    """Return what is not Bengali on a page whose reader chose Bengali: words, months, digits."""
    speech = speech_of(page, names)
    plain = [
        (text, [word for word in WORD.findall(text) if word not in WRITTEN_IN_LATIN_BY_EVERYBODY])
        for text in speech.words
    ]
    faults = {f"words: {text}" for text, words in plain if words}
    faults |= {f"words marked as data: {text}" for text in speech.data if is_english_of_ours(text)}
    faults |= {f"month: {text}" for text in speech.words + speech.data if ENGLISH_MONTH.search(text)}
    faults |= {
        f"digits: {text}"
        for text in speech.data
        if re.search("[0-9]", text) and ("৳" in text or ONLY_A_NUMBER.fullmatch(text)) and not IP_ADDRESS.search(text)
    }
    return faults


def not_in_english(page: str, names: re.Pattern[str] = NOTHING) -> set[str]:
    """Return what is Bengali on a page whose reader chose English."""
    speech = speech_of(page, names)
    faults = {f"words: {text}" for text in speech.words if BENGALI.search(text.replace("৳", ""))}
    faults |= {
        f"digits: {text}"
        for text in speech.data
        if ONLY_A_BENGALI_NUMBER.fullmatch(text) and text not in SPEAK_FOR_THEMSELVES
    }
    return faults


NOT_IN = {"bn": not_in_bengali, "en": not_in_english}


class TestTheRulerItself:
    """The check would notice."""

    @pytest.mark.parametrize(
        "page",
        [
            "<p>Save</p>",
            "<button aria-label='Close menu'>×</button>",
            "<p>বিল</p><input placeholder='Search' translate='no'>",
            "<p>বিল</p><span translate='no'>Receive payment</span>",
            "<p>বিল</p><span translate='no'>Bill 5 of Rahima changed</span>",
            "<p>বিল</p><span translate='no'>22 Nov ২০২৬</span>",
            "<p>বিল 5</p>",
            "<p>বিল</p><span translate='no'>৳&nbsp;1,200.<small>00</small></span>",
            "<p>বিল</p><span translate='no'>12:03</span>",
        ],
    )
    def test_english_in_a_bengali_page_is_found(self, page: str) -> None:
        assert not_in_bengali(page)

    @pytest.mark.parametrize(
        "page",
        [
            "<p>PPPoE সংযোগ, বিলের PDF</p>",
            "<p>বিল</p><span translate='no'>Rahima <small>home.20</small></span><span translate='no'>10.20.4.87</span>",
            "<p>বিল</p><a lang='en' hreflang='en'>English</a>",
            "<p>বিল</p><span translate='no'>৳&nbsp;১,২০০.<small>০০</small></span>",
        ],
    )
    def test_a_bengali_page_passes(self, page: str) -> None:
        assert not_in_bengali(page) == set()

    @pytest.mark.parametrize(
        "page", ["<p>বিল</p>", "<p title='বিল'>Bill</p>", "<p>Bill</p><span translate='no'>৳ ১২.০০</span>"]
    )
    def test_bengali_in_an_english_page_is_found(self, page: str) -> None:
        assert not_in_english(page)


# --- Every page --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Street:
    """The house of the rules with rows in further states, and their addresses."""

    house: House
    addresses: tuple[str, ...]
    names: re.Pattern[str]


def build(app: Flask) -> Street:
    """Add to the marked rows: void, corrected, discounted and half paid ones, and customers in every status."""
    made = houses.build(app)
    addresses: list[str] = []
    for owner in (GA, NORTH):
        rows = made.rows[owner]
        with as_account(owner), transaction() as session:
            customer, bill = session.get_one(Customer, rows["Customer"]), session.get_one(Bill, rows["Bill"])
            old = session.get_one(Payment, rows["Payment"])
            new = edit_payment(
                old,
                amount=old.amount + 5_00,
                paid_on=old.paid_on,
                note="ছেলে দিয়েছে",
                reason="ভুল অঙ্ক",
                request_id=str(uuid4()),
            ).payment
            discount_bill(bill, 50_00, "লাইন ছিল না")
            period = (bill.period_from, bill.period_to)
            edit_bill(
                bill, amount=bill.amount + 10_00, description=bill.description, period=period, due_on=date(2026, 11, 20)
            )
            second = generate_bill(customer, 90_00, description="", period=period, due_on=date(2026, 11, 30))
            void_bill(second, "দুবার হয়েছে")
            expense = add_expense(category_id=rows["ExpenseCategory"], spent_on=date(2026, 11, 22), amount=70_00)
            void_expense(expense, "ভুল খাত")
            others = (
                session.execute(
                    select(Customer)
                    .where(Customer.owner_id == customer.owner_id, Customer.id != customer.id)
                    .order_by(Customer.id)
                    .limit(2)
                )
                .scalars()
                .all()
            )
            for other, status in zip(others, (CustomerStatus.SUSPENDED, CustomerStatus.DISABLED), strict=True):
                change_status(other, status, "বাড়ি নেই")
            named = (
                (Payment, old),
                (Payment, new),
                (Bill, second),
                (Expense, expense),
                *((Customer, other) for other in others),
            )
            addresses += [f"/{model.__tablename__}/show/{row.id}" for model, row in named]
            addresses += [f"/payments/show/{new.id}?again=1", f"/receipt/{old.check_code}"]
    return Street(made, tuple(addresses), names_of_rows())


def names_of_rows() -> re.Pattern[str]:
    """Match the names that people gave to rows; a name of one word only where it stands alone, as a choice."""
    with everywhere("the names of all rows"):
        named = (
            AccessServer,
            Account,
            BillingProfile,
            Customer,
            CustomField,
            Device,
            ExpenseCategory,
            Package,
            Tenant,
            Zone,
        )
        columns = [*(model.name for model in named), CustomerImport.file_name, Incident.title, ApiKey.name, Webhook.url]
        names = {name for column in columns for name in db.session.execute(select(column)).scalars()}
    names |= set(SPEAK_FOR_THEMSELVES)
    longest_first = sorted(names, key=len, reverse=True)
    parts = [
        re.escape(name) if " " in name or "/" in name or name in SPEAK_FOR_THEMSELVES else rf"^{re.escape(name)}$"
        for name in longest_first
    ]
    return re.compile("|".join(parts))


@pytest.fixture
def street(snapshot: Callable[..., Any], app: Flask) -> Street:
    """The rows, in the database."""
    return snapshot("street", build)


@pytest.fixture
def reader(street: Street, app: Flask) -> Callable[[str | None, str], Visitor]:
    """`reader(email, language)`: a person of the cast, or nobody, who has chosen a language."""

    def open_browser(email: str | None, language: str) -> Visitor:
        client = app.test_client()
        if email is not None:
            client.set_cookie(*street.house.cookies[email])
        assert client.get(f"/lang/{language}").status_code == 302
        return Visitor(client)

    return open_browser


def addresses(app: Flask, street: Street, *owners: str) -> list[str]:
    """Return the address of every page, with rows of each owner, of nobody, and of nothing."""
    found = ["/nowhere", "/customers/show/0", "/customers/list/?page=400", "/receipt/" + "x" * 43, *street.addresses]
    for door in doors(app):
        if "GET" in door.methods and door.endpoint not in NOT_OPENED:
            found += [door.address(street.house, owner) for owner in owners]
    return list(dict.fromkeys(found))


class _Choices(HTMLParser):
    """The values that a page's filters offer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = "data-filters" in given
        elif self._inside and tag == "select":
            self._select = given["name"]
        elif self._inside and tag == "option":
            self.asked.append(f"{self._select}={given.get('value', '')}")
        elif self._inside and tag == "input" and given.get("name"):
            values = {
                "radio": given.get("value", ""),
                "checkbox": given.get("value", ""),
                "date": "2026-11-22",
                "search": "zzz",
            }
            self.asked.append(f"{given['name']}={values.get(given.get('type', ''), '100')}")


def narrowed(page: str, address: str) -> list[str]:
    """Return the addresses of a page's tabs, and of its list under each filter it offers."""
    choices = _Choices()
    choices.feed(page)
    path = address.partition("?")[0]
    tabs = [link for link in inner_links(read(page, address)) if link.startswith(path + "?tab=")]
    one_of_each = {asked.partition("=")[0]: asked for asked in choices.asked if not asked.endswith("=")}
    return sorted(tabs) + [f"{path}?{asked}" for asked in one_of_each.values()]


def report(faults: dict[str, list[str]]) -> str:
    """Return each fault with the first pages it stands on."""
    return "\n".join(f"{fault}   at {', '.join(places[:3])}" for fault, places in sorted(faults.items()))


def faults_of(
    visitor: Visitor, places: list[str], language: str, names: re.Pattern[str], *, filters: bool = False
) -> dict[str, list[str]]:
    """Open pages, with tabs and filters where told, and return what is in the other language, with where."""
    faults: dict[str, list[str]] = {}
    waiting, seen = list(places), set()
    while waiting:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        answer = visitor.send("GET", address)
        if answer.status_code >= 500:
            faults.setdefault(f"status {answer.status_code}", []).append(address)
        if answer.mimetype != "text/html" or answer.status_code == 302:
            continue
        for fault in NOT_IN[language](answer.text, names):
            faults.setdefault(fault, []).append(address)
        if filters and "?" not in address:
            waiting += narrowed(answer.text, address)
    assert seen, "no page was opened"
    return faults


@pytest.mark.parametrize("email", EVERYBODY)
def test_every_page_is_in_bengali(
    email: str, app: Flask, street: Street, reader: Callable[[str | None, str], Visitor]
) -> None:
    owners = {GA: (GA, NORTH)}.get(email, (owner_of(email),))
    faults = faults_of(reader(email, "bn"), addresses(app, street, *owners), "bn", street.names, filters=email == GA)
    assert not faults, report(faults)


@pytest.mark.parametrize("email", [GA, COLLECTOR, ROOT])
def test_every_page_is_in_english(
    email: str, app: Flask, street: Street, reader: Callable[[str | None, str], Visitor]
) -> None:
    faults = faults_of(reader(email, "en"), addresses(app, street, owner_of(email)), "en", street.names)
    assert not faults, report(faults)


@pytest.mark.parametrize("language", ["bn", "en"])
def test_pages_for_everybody_speak_the_language_of_the_visitor(
    language: str, street: Street, reader: Callable[[str | None, str], Visitor]
) -> None:
    visitor = reader(None, language)
    codes = [f"/receipt/{street.house.check_codes[owner]}" for owner in (GA, NORTH)]
    voided = [address for address in street.addresses if address.startswith("/receipt/")]
    places = ["/login/", "/login/?next=/bills/list/", *codes, *voided, "/receipt/" + "x" * 43, "/nowhere"]
    places.append(f"/no-connection/{language}")
    faults = faults_of(visitor, places, language, street.names)
    refused = visitor.client.post(
        "/login/", data=_first_form(visitor.page("/login/")) | {"email": "nobody@example.com", "password": "-"}
    )
    expired = visitor.client.post("/login/", data={"email": "nobody@example.com", "password": "-"})
    assert (refused.status_code, expired.status_code) == (422, 400)
    for answer in (refused, expired):
        faults |= {fault: ["/login/"] for fault in NOT_IN[language](answer.text, street.names)}
    assert not faults, report(faults)


def _first_form(page: str) -> dict[str, str]:
    forms = FormReader()
    forms.feed(page)
    return next(form for form in forms.forms if "csrf_token" in form)


# --- What forms answer -------------------------------------------------------------------------------------------

KEPT = ("csrf_token", "request_id", "version", "customer", "next")
SENDINGS: dict[str, Callable[[str], str]] = {
    "empty": lambda served: "",
    "with nonsense": lambda served: "আবোলতাবোল",
    "with its gaps filled": lambda served: served or "১০০",
}


def forms_on(page: str, address: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield where a page's forms are sent, with their fields."""
    fields = FormReader()
    fields.feed(page)
    for (method, action), form in zip(read(page, address).forms, fields.forms, strict=True):
        if method == "POST" and action != "/logout/":
            yield action or address, form


@pytest.mark.parametrize("email", WRITERS)
def test_every_form_answers_in_bengali(
    email: str,
    app: Flask,
    street: Street,
    snapshot: Callable[..., Any],
    reader: Callable[[str | None, str], Visitor],
) -> None:
    looker = reader(email, "bn")
    forms: dict[str, dict[str, str]] = {}
    for address in addresses(app, street, owner_of(email)):
        answer = looker.send("GET", address)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            forms |= dict(forms_on(answer.text, address))
    assert forms, f"{email} finds no form"
    cookie = looker.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    session = (cookie.key, cookie.value)
    faults: dict[str, list[str]] = {}
    for (action, form), (how, sending) in product(forms.items(), SENDINGS.items()):
        snapshot("street", build)
        browser = app.test_client()
        browser.set_cookie(*session)
        answer = browser.post(
            action,
            data={name: value if name in KEPT else sending(value) for name, value in form.items()},
            follow_redirects=True,
        )
        if answer.status_code >= 500:
            faults.setdefault(f"status {answer.status_code}", []).append(f"{action}, {how}")
        for fault in not_in_bengali(answer.text, street.names):
            faults.setdefault(fault, []).append(f"{action}, {how}")
    assert not faults, report(faults)


# --- Exports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["bn", "en"])
def test_every_export_has_its_titles_and_statuses_in_the_reader_s_language(
    language: str, app: Flask, reader: Callable[[str | None, str], Visitor]
) -> None:
    exports = [door.rule for door in doors(app) if door.route == "export"]
    assert exports, "no list can be exported"
    visitor, wrong = reader(GA, language), []
    for address in exports:
        titles, *rows = csv.reader(io.StringIO(visitor.page(address).removeprefix("\ufeff")))
        assert all(titles)
        if language == "en":
            wrong += [f"{address}: {title}" for title in titles if BENGALI.search(title)]
            continue
        wrong += [
            f"{address}: {title}"
            for title in titles
            # the owners' own fields are called what the owners called them
            if set(LATIN.findall(title)) - WRITTEN_IN_LATIN_BY_EVERYBODY and not title.startswith(tuple(WORDS.values()))
        ]
        wrong += [f"{address}: {cell}" for row in rows for cell in row if is_english_of_ours(cell) or cell in STATUSES]
    assert sorted(set(wrong)) == []


STATUSES = {
    "Active",
    "Suspended",
    "Disabled",
    "Unpaid",
    "Paid",
    "Partly paid",
    "Void",
    "Valid",
    "Due",
    "Advance",
    "Cash",
    "Customers",
    "Bills",
}
