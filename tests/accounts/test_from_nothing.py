"""A new Group Admin, made on the command line, sets up a provider in Bengali: company, packages, people, a customer, cash."""

import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.books.check import check_books

EMAIL, GIVEN, CHOSEN = "ga@surma.example.com", "given-by-the-office", "chosen by myself"


def test_a_provider_is_set_up_from_nothing_to_the_first_cash(
    app: Flask, client: FlaskClient, sign_in: Callable[..., FlaskClient], fill: Callable[..., Any]
) -> None:
    words = ["--slug", "surma", "--tenant-name", "Surma Net", "--name", "Rezaul Karim", "--password", GIVEN]
    made = app.test_cli_runner().invoke(args=["isp", "create-group-admin", EMAIL, *words])
    assert made.exit_code == 0, made.output
    ga = sign_in(client, EMAIL, GIVEN)

    def send(path: str, **fields: str) -> str:
        answer = fill(ga, path, **fields)
        assert answer.status_code == 303, f"{path} answered {answer.status_code}"
        return str(answer.location)

    send("/account/password", current=GIVEN, new=CHOSEN, again=CHOSEN)
    send("/settings/", name_bn="সুরমা নেট", phone="09612-000111", invoice_footer="সময়মতো বিল দিন।")
    assert "সুরমা নেট" in ga.get("/").text
    package = send("/packages/add", name="বাসা ১০", price="৮০০", operator_price="৫০০", download_kbps="১০")
    send("/profiles/add", name="মাসিক", cycle="monthly", due_day="১০")
    send("/zones/add", name="স্টেশন রোড")
    for path, name in (("/operators/add", "Kamrul"), ("/managers/add", "Shirin")):
        page = fill(ga, path, having="email", name=name, email=f"{name.lower()}@surma.example.com")
        assert re.search(r"[a-z]{4}(-[a-z]{4}){3}", page.text)
    send(f"/packages/give/{package.rsplit('/', 1)[1]}", price="৫২০")
    profile = send("/customers/add", name="Rahima Begum", username="rahima.surma", mobile="০১৭১২৩৪৫৬৭৮")
    customer = profile.rsplit("/", 1)[1]
    assert "৳" in ga.get(f"{profile}?tab=bills").text
    assert "/payments/show/" in send(f"/payments/receive/{customer}", amount="২১৪")
    with app.app_context():
        assert check_books().differences == []
