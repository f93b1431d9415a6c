"""Text is made uniform before it is stored; dates, digits and phones are written for the reader's language."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import Babel, get_locale
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language import (
    fold,
    format_date,
    format_moment,
    format_month,
    format_period,
    format_phone,
    in_digits,
    in_language,
    normalise,
    to_ascii_digits,
    to_bengali_digits,
)

NOVEMBER = date(2026, 11, 22)
quick = settings(max_examples=80)


def test_digits_are_written_in_either_script_and_nothing_else_changes() -> None:
    assert to_bengali_digits("A-2026/07") == "A-২০২৬/০৭"
    assert to_ascii_digits("A-২০২৬/০৭ ক") == "A-2026/07 ক"
    assert in_digits(1042, "beng") == "১০৪২"
    assert in_digits(1042, "latn") == "1042"
    with pytest.raises(ValueError):
        in_digits(1, "arab")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Abdul \t  Jabbar\n", "Abdul Jabbar"),
        ("\u09df", "\u09af\u09bc"),
        ("Rahim\u200b\u200e\u202e Khan\ufeff\x00", "Rahim Khan"),
        ("র\u200d্যাব", "র\u200d্যাব"),
        ("a\u00a0\u2003b", "a b"),
        ("x\ud800y", "xy"),
        ("\u200d\u200c", ""),
        (" \u200b ", ""),
        ("", ""),
    ],
)
def test_typed_text_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert normalise(typed) == stored


def test_line_breaks_stay_where_they_are_wanted() -> None:
    assert normalise(" House 12 \r\n\n  Road\t3 ", lines=True) == "House 12\nRoad 3"


@quick
@given(st.text())
def test_storing_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)


def test_a_search_finds_a_name_in_any_case_form_and_spelling_of_joiners() -> None:
    assert fold("ABDUL  Jabbar") == fold("abdul jabbar")
    assert fold("রা\u09df") == fold("রা\u09af\u09bc")
    assert fold("র\u200d্যাব") == fold("র্যাব")


def test_dates_are_written_in_both_languages_and_scripts() -> None:
    assert format_date(NOVEMBER, "en") == "22 Nov 2026"
    assert format_date(NOVEMBER, "bn", "beng") == "২২ নভেম্বর ২০২৬"
    assert format_date(NOVEMBER, "bn", "latn") == "22 নভেম্বর 2026"
    assert format_month(NOVEMBER, "en") == "November 2026"
    assert format_month(NOVEMBER, "bn", "beng") == "নভেম্বর ২০২৬"


def test_a_moment_is_told_by_dhakas_clocks() -> None:
    assert format_moment(datetime(2026, 11, 22, 8, 3, tzinfo=UTC), "en") == "22 Nov 2026, 14:03"
    assert format_moment(datetime(2026, 11, 22, 18, 10, tzinfo=UTC), "bn", "beng") == "২৩ নভেম্বর ২০২৬, ০০:১০"
    with pytest.raises(ValueError):
        format_moment(datetime(2026, 11, 22, 8, 3), "en")


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        (date(2026, 11, 1), date(2026, 11, 30), "1–30 Nov 2026"),
        (date(2026, 11, 15), date(2026, 12, 14), "15 Nov – 14 Dec 2026"),
        (date(2026, 12, 15), date(2027, 1, 14), "15 Dec 2026 – 14 Jan 2027"),
        (date(2026, 11, 22), date(2026, 11, 22), "22 Nov 2026"),
    ],
)
def test_a_period_names_month_and_year_no_more_often_than_needed(first: date, last: date, written: str) -> None:
    assert format_period(first, last, "en") == written


def test_a_period_in_bengali() -> None:
    assert format_period(date(2026, 11, 1), date(2026, 11, 30), "bn", "beng") == "১–৩০ নভেম্বর ২০২৬"


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("+8801712345678", "01712-345678"),
        ("+8809612345678", "+8809612345678"),
        ("09612-345678", "09612-345678"),
        ("", ""),
    ],
)
def test_a_mobile_is_written_as_it_is_read_out(stored: str, read: str) -> None:
    assert format_phone(stored) == read


def test_a_mobile_in_bengali_digits() -> None:
    assert format_phone("+8801712345678", "beng") == "০১৭১২-৩৪৫৬৭৮"


def test_a_document_speaks_its_own_language_and_then_the_readers_again() -> None:
    app = Flask("speech")
    Babel(app, default_locale="en")
    with app.app_context():
        with in_language("bn"):
            assert str(get_locale()) == "bn"
            with in_language("en"):
                assert str(get_locale()) == "en"
            assert str(get_locale()) == "bn"
        assert str(get_locale()) == "en"


def test_a_language_the_house_does_not_speak_is_refused() -> None:
    with pytest.raises(ValueError), in_language("fr"):
        pass
