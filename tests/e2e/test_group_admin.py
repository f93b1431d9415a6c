"""A new Group Admin, made on the command line, sets up a provider in Bengali on a phone: company, packages, people, a customer, cash."""

import os
import re
import subprocess
import sys

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.support.select import Select

from tests.browser import ROOT

EMAIL, GIVEN, CHOSEN = "ga@surma.example.com", "given-by-the-office", "chosen by myself"


def isp(server, *words):
    """Run a command of the program on the server's database and return its last line."""
    database = {"DATABASE_URL": f"sqlite:///{server.folder / 'sanjog.db'}"}
    command = [sys.executable, "-m", "flask", "isp", *words]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | database, capture_output=True, text=True, check=True)
    return ran.stdout.strip().splitlines()[-1]


def is_gone(element):
    """Tell whether an element belongs to a page that was left."""
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    return False


def send(phone, path, /, **fields):
    """Open a form, fill it in, send it; return where it led to."""
    phone.go(path)
    for name, value in fields.items():
        field = phone.find(f"[name='{name}']")
        if field.tag_name == "select":
            Select(field).select_by_value(value)
        else:
            phone.fill(name, value)
    button = phone.find("main form .btn-primary")
    phone.tick("main form .btn-primary")
    phone.wait(lambda: is_gone(button), "an answer")
    assert not phone.all(".field-error"), phone.text
    assert phone.overflow == 0, path
    return phone.path


def number_in(path):
    """Return the id an address ends with."""
    return re.search(r"\d+$", path.partition("?")[0]).group(0)


def test_a_provider_is_set_up_in_bengali_from_nothing_to_the_first_cash(phone):
    server = phone.server
    names = ("--slug", "surma", "--tenant-name", "Surma Net", "--name", "Rezaul Karim", "--password", GIVEN)
    isp(server, "create-group-admin", EMAIL, *names)
    phone.sign_in(EMAIL, GIVEN)
    send(phone, "/account/password", current=GIVEN, new=CHOSEN, again=CHOSEN)
    send(phone, "/settings/", name_bn="সুরমা নেট", phone="09612-000111", invoice_footer="সময়মতো বিল দিন।")
    phone.see("সেটিংস সংরক্ষণ করা হয়েছে।")
    package = number_in(
        send(
            phone,
            "/packages/add",
            name="বাসা ১০",
            price="৮০০",
            operator_price="৫০০",
            download_kbps="১০",
            upload_kbps="১০",
        )
    )
    send(phone, "/profiles/add", name="মাসিক", cycle="monthly", due_day="১০")
    send(phone, "/zones/add", name="স্টেশন রোড")
    for path, name in (("/operators/add", "Kamrul North"), ("/managers/add", "Shirin Office")):
        send(phone, path, name=name, email=f"{name.split()[0].lower()}@surma.example.com", mobile="01712345678")
        phone.wait(lambda: re.search(r"[a-z]{4}(?:-[a-z]{4}){3}", phone.text), "the one-time password")
    send(phone, f"/packages/give/{package}", price="৫২০")
    customer = number_in(
        send(phone, "/customers/add", name="Rahima Begum", username="rahima.surma", mobile="০১৭১২৩৪৫৬৭৮")
    )
    send(phone, "/bills/add?customer=" + customer, amount="১০০", description="সংযোগ")
    phone.go(f"/payments/receive/{customer}")
    phone.tick("main form .btn-primary")
    phone.wait(lambda: phone.path.startswith("/payments/show/"), "the receipt")
    phone.go(f"/customers/show/{customer}?tab=statement")
    phone.see("রাহিমা" if "রাহিমা" in phone.text else "Rahima Begum")
    assert isp(server, "check-books").startswith("0 of ")
