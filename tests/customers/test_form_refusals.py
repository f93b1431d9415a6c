"""What is typed wrong into a customer's form comes back with a sentence beside its field, in the reader's language."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.cast import DESK, NORTH, Cast
from tests.conftest import form_fields


@pytest.mark.parametrize(
    ("field", "typed", "english", "bengali"),
    [
        (
            "connection_password",
            "ends-in-\\",
            "A connection password has no backslash, tab or line break: the RADIUS server would read another one.",
            "সংযোগের পাসওয়ার্ডে ব্যাকস্ল্যাশ (\\), ট্যাব বা নতুন লাইন থাকতে পারে না: RADIUS সার্ভার অন্য পাসওয়ার্ড পড়বে।",
        ),
        (
            "connection_password",
            '"%{User-Name}"',
            "A connection password does not stand in quotation marks: the RADIUS server would take them away.",
            "সংযোগের পাসওয়ার্ড উদ্ধৃতি চিহ্নের ভেতরে দেওয়া যায় না: RADIUS সার্ভার চিহ্নগুলো বাদ দিয়ে পড়বে।",
        ),
        (
            "connection_password",
            "ক" * 43,
            "This password is too long for the line: at most 64 English or 42 Bengali letters.",
            "পাসওয়ার্ডটি লাইনের জন্য বেশি লম্বা: ইংরেজিতে সর্বোচ্চ ৬৪ বা বাংলায় সর্বোচ্চ ৪২ অক্ষর।",
        ),
        (
            "username",
            "%{User-Name}",
            "A username has letters, digits and . _ @ + - only, at most 64.",
            "ইউজারনেমে শুধু ইংরেজি অক্ষর, সংখ্যা ও . _ @ + - থাকতে পারে, সর্বোচ্চ ৬৪টি।",
        ),
    ],
)
def test_what_freeradius_would_read_otherwise_is_refused_beside_its_field(
    field: str, typed: str, english: str, bengali: str, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    north = as_person(NORTH)
    for language, sentence in (("en", english), ("bn", bengali)):
        north.get(f"/lang/{language}")
        for address in ("/customers/add", f"/customers/edit/{cast.customers[NORTH][0]}"):
            form = form_fields(north.get(address).text, field)
            new = {"name": "Somebody", "username": "somebody.new"} if address.endswith("add") else {}
            answer = north.post(address, data=form | new | {field: typed})
            assert answer.status_code == 422
            found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', answer.text, re.DOTALL)
            assert found is not None, answer.text
            assert found.group(1).strip() == sentence


def test_a_form_that_somebody_overtook_writes_nothing(cast: Cast, as_person: Callable[[str], FlaskClient]) -> None:
    first, second = as_person(NORTH), as_person(DESK)
    address = f"/customers/edit/{cast.customers[NORTH][0]}"
    second.get("/lang/en")
    opened_by_both = form_fields(first.get(address).text, "username"), form_fields(second.get(address).text, "username")
    assert first.post(address, data=opened_by_both[0] | {"comment": "calls at noon"}).status_code == 303
    answer = second.post(address, data=opened_by_both[1] | {"comment": "calls at night"})
    assert answer.status_code == 422
    assert "Somebody else changed this customer in the meantime." in answer.text
    assert form_fields(first.get(address).text, "username")["comment"].strip() == "calls at noon"
