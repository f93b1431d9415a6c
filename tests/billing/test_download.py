"""Invoice Download: which bills, as what, by whom; one job for two taps; nothing half when the disk is full."""

import io
import resource
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import lazy_gettext as _l

from app.access.scope import everywhere
from app.accounts.models import Account
from app.accounts.services import set_keys
from app.activity.models import Activity
from app.billing import download_views, jobs
from app.billing.jobs import as_arguments, download_invoices, file_name
from app.billing.models import Bill
from app.billing.queries import BillChoice, bills_in_order, chosen_bill_ids
from app.billing.services import generate_bill, void_bill
from app.core.database import db, transaction
from app.customers.models import Customer
from app.jobs.models import Job, JobState
from app.jobs.services import KINDS, Progress, file_of, folder, start_job, worker
from app.packages.services import save_zone
from tests.cast import COLLECTOR, NORTH, PADMA_COLLECTOR, PADMA_GA, Cast
from tests.conftest import form_fields
from tests.make import as_account

Person = Callable[[str], FlaskClient]


@pytest.fixture
def billed(app: Flask, cast: Cast) -> list[int]:
    """Three bills of north's customers, the last void, and one of another tenant; the ids of north's."""
    with app.app_context():
        found = [_bill(NORTH, cast.customers[NORTH][at], 100_00 * (at + 1)) for at in range(3)]
        _bill(PADMA_GA, cast.customers[PADMA_GA][0], 900_00)
        with as_account(NORTH), transaction():
            void_bill(db.session.get_one(Bill, found[2]), "Mistake")
    return found


def _bill(owner: str, customer_id: int, paisa: int) -> int:
    with as_account(owner), transaction():
        return generate_bill(
            db.session.get_one(Customer, customer_id),
            paisa,
            description="Fibre moved",
            period=(date(2026, 12, 1), date(2026, 12, 31)),
            due_on=date(2026, 12, 10),
        ).id


def ask(client: FlaskClient, **changed: str) -> Any:
    form = form_fields(client.get("/bills/download").text, "layout")
    period = {"period_from": "2026-12-01", "period_to": "2026-12-31"}
    return client.post("/bills/download", data=form | period | changed)


def made(app: Flask, answer: Any) -> tuple[Job, bytes]:
    assert answer.status_code == 303, answer.status_code
    with app.app_context(), everywhere("tests look at everything"):
        job = db.session.get_one(Job, int(answer.location.rpartition("/")[2]))
        return job, file_of(job).read_bytes() if job.file else b""


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def test_one_pdf_holds_the_own_bills_of_the_period_but_void_ones(
    app: Flask, billed: list[int], as_person: Person
) -> None:
    job, content = made(app, ask(as_person(COLLECTOR)))
    assert (job.state, job.done, job.total, pages(content)) == (JobState.DONE, 2, 2, 2)


def test_two_bills_go_onto_one_page(app: Flask, billed: list[int], as_person: Person) -> None:
    _job, content = made(app, ask(as_person(COLLECTOR), layout="2"))
    assert pages(content) == 1


def test_a_zip_holds_a_file_for_each_bill_named_by_customer(app: Flask, billed: list[int], as_person: Person) -> None:
    job, content = made(app, ask(as_person(COLLECTOR), format="zip"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert all(pages(archive.read(name)) == 1 for name in names)
    with app.app_context(), as_account(COLLECTOR):
        assert sorted(names) == sorted(file_name(bill) for bill in bills_in_order(billed[:2]))
        assert all(bill.customer_name.split()[0] in " ".join(names) for bill in bills_in_order(billed[:2]))
    assert job.file_name.endswith(".zip")


@pytest.mark.parametrize(("status", "expected"), [("void", 1), ("unpaid", 2), ("open", 2), ("not_void", 2)])
def test_the_status_narrows(app: Flask, billed: list[int], as_person: Person, status: str, expected: int) -> None:
    job, _content = made(app, ask(as_person(COLLECTOR), status=status))
    assert job.total == expected


def test_an_area_takes_the_bills_of_its_streets_too(app: Flask, billed: list[int]) -> None:
    with app.app_context(), as_account(NORTH):
        with transaction():
            area = save_zone("Riverside", None)
            street = save_zone("Ferry Road", area.id)
            db.session.get_one(Customer, db.session.get_one(Bill, billed[0]).customer_id).zone_id = street.id
        for zone in (area, street):
            choice = BillChoice(period_from=date(2026, 12, 1), zone_id=zone.id)
            assert chosen_bill_ids(choice) == billed[:1], zone.name


def test_the_order_is_kept(app: Flask, billed: list[int]) -> None:
    with app.app_context(), as_account(COLLECTOR):
        by_number = chosen_bill_ids(BillChoice(period_from=date(2026, 12, 1)))
        assert by_number == billed[:2]
        by_name = chosen_bill_ids(BillChoice(period_from=date(2026, 12, 1), order="name"))
        names = [bill.customer_name for bill in bills_in_order(by_name)]
        assert names == sorted(names)
        assert [bill.id for bill in bills_in_order(by_name[::-1])] == by_name[::-1]


def test_a_period_without_bills_is_a_sentence_and_no_job(app: Flask, billed: list[int], as_person: Person) -> None:
    client = as_person(COLLECTOR)
    client.get("/lang/en")
    answer = ask(client, period_from="2031-01-01", period_to="2031-01-31")
    assert answer.status_code == 422
    assert "There are no bills under these filters." in answer.text
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.query(Job).count() == 0


def test_more_bills_than_the_most_are_a_sentence_and_no_job(
    app: Flask, billed: list[int], as_person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_views, "MOST", 1)
    client = as_person(COLLECTOR)
    client.get("/lang/en")
    answer = ask(client)
    assert answer.status_code == 422
    assert "at most 1 go into one file. Choose a shorter period or a zone." in answer.text
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.query(Job).count() == 0


def test_two_taps_make_one_job_and_one_entry_in_the_log(app: Flask, billed: list[int], as_person: Person) -> None:
    client = as_person(COLLECTOR)
    number = form_fields(client.get("/bills/download").text, "layout")["request_id"]
    first, second = ask(client, request_id=number), ask(client, request_id=number)
    assert first.location == second.location
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.query(Job).count() == 1
        assert db.session.query(Activity).filter_by(event="invoices.downloaded").count() == 1


def test_more_bills_than_one_file_takes_become_a_zip_of_pdfs(
    app: Flask, billed: list[int], as_person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_IN_ONE", 1)
    monkeypatch.setattr(jobs, "PIECE", 1)
    _job, content = made(app, ask(as_person(COLLECTOR), format="pdf"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["invoices-00001-00001.pdf", "invoices-00002-00002.pdf"]
        assert [pages(archive.read(name)) for name in archive.namelist()] == [1, 1]


def test_parts_that_were_drawn_beside_each_other_become_one_pdf_in_order(
    app: Flask, billed: list[int], as_person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "FEW", 0)
    monkeypatch.setattr(jobs.os, "cpu_count", lambda: 2)
    with app.app_context():
        with as_account(NORTH), transaction():
            more = [_bill(NORTH, customer, 77_00) for customer in _customers(billed)]
    _job, content = made(app, ask(as_person(COLLECTOR)))
    assert pages(content) == 2 + len(more)


def test_processes_of_their_own_draw_the_bills_as_the_maker_sees_them(
    app: Flask, billed: list[int], as_person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_person(COLLECTOR)
    monkeypatch.setattr(jobs, "FEW", 0)
    # in tests all is drawn in the tests' own process, unless somebody says that these are none
    monkeypatch.setitem(app.config, "TESTING", False)
    job, content = made(app, ask(client))
    assert (job.state, job.done, job.total, pages(content)) == (JobState.DONE, 2, 2, 2)


def _customers(bill_ids: list[int]) -> list[int]:
    return [bill.customer_id for bill in bills_in_order(bill_ids)]


def test_a_foreign_zone_is_refused_like_one_that_never_was(app: Flask, billed: list[int], as_person: Person) -> None:
    assert ask(as_person(PADMA_COLLECTOR), zone_id="1").status_code == 422
    assert ask(as_person(PADMA_COLLECTOR), zone_id="999999").status_code == 422


def test_without_the_key_there_is_no_download(app: Flask, cast: Cast, as_person: Person) -> None:
    client = as_person(COLLECTOR)
    form = form_fields(client.get("/bills/download").text, "layout")
    with app.app_context(), everywhere("tests grant keys"), transaction():
        set_keys(db.session.get_one(Account, cast.accounts[COLLECTOR]), {"receive-payment"})
    assert client.get("/bills/download").status_code == 403
    assert client.post("/bills/download", data=form).status_code == 403


def test_a_full_disk_is_a_sentence_and_leaves_no_file(app: Flask, billed: list[int]) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def with_little_room(arguments: dict[str, Any], progress: Progress) -> Any:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        try:
            return download_invoices(arguments, progress)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    worker("little-room", key="print-invoice", sentence=_l("Jobs"))(with_little_room)
    arguments = {"choice": as_arguments(BillChoice(period_from=date(2026, 12, 1))), "two_up": False}
    try:
        with app.app_context():
            for kind in ("pdf", "zip"):
                with as_account(COLLECTOR), transaction():
                    job_id = start_job("little-room", {}, arguments | {"format": kind}).id
                with everywhere("tests look at everything"):
                    job = db.session.get_one(Job, job_id, populate_existing=True)
                    assert (job.state, job.file) == (JobState.FAILED, "")
                    assert "disk is full" in job.sentence["texts"]["en"]
            assert [path.name for path in folder().iterdir() if path.suffix != ".lock"] == []
    finally:
        del KINDS["little-room"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "etc passwd"),
        ('<b>Rahim</b> & "Sons"', "b Rahim b & Sons"),
        ("রহিমা 😀 খাতুন", "রহিমা 😀 খাতুন"),
        ("x" * 120, "x" * 120),
    ],
)
def test_a_file_is_named_by_what_every_system_takes(app: Flask, cast: Cast, name: str, shown: str) -> None:
    bill = Bill(number=7, customer_name=name)
    bill.__dict__["customer"] = Customer(number=12)
    named = file_name(bill)
    assert named.startswith("12 ") and named.endswith(" 7.pdf")
    assert not set('/\\:*?"<>|') & set(named)
    assert len(named.encode()) <= 255
    assert "".join(shown.split()) in "".join(named.split())
