"""Money is whole paisa: what people type, what they see, what is stored, and how it is shared."""

from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, func, insert, select
from sqlalchemy.exc import StatementError

from app.core.errors import Refused
from app.core.money import Money, amount_in_words, parse_amount, plain, share, taka

LARGEST = 99_999_999_999
PAISA = st.integers(1, LARGEST)

quick = settings(max_examples=80)


@pytest.mark.parametrize(
    ("typed", "paisa"),
    [
        ("500", 50_000),
        ("1234.5", 123_450),
        ("1234.50", 123_450),
        ("0.05", 5),
        ("1,000", 100_000),
        ("1,00,000.50", 10_000_050),
        ("100000", 10_000_000),
        ("1,00,00,000", 1_000_000_000),
        ("1,000,000", 100_000_000),
        ("১২৩৪.৫০", 123_450),
        ("১,২৩,৪৫৬.৭৫", 12_345_675),
        (" ৳ 500 ", 50_000),
        ("৳\u00a0১,০০,০০০.০০", 10_000_000),
        ("999999999.99", LARGEST),
        ("0500", 50_000),
    ],
)
def test_an_amount_is_read_with_bengali_digits_lakh_commas_and_a_taka_sign(typed: str, paisa: int) -> None:
    assert parse_amount(typed) == paisa


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "Enter an amount"),
        ("   ", "Enter an amount"),
        ("৳", "Enter an amount"),
        (None, "Enter an amount"),
        ("abc", "not an amount"),
        ("1e5", "not an amount"),
        ("nan", "not an amount"),
        ("1.", "not an amount"),
        (".5", "not an amount"),
        ("1.2.3", "not an amount"),
        ("1 000", "not an amount"),
        ("5\n6", "not an amount"),
        ("+5", "not an amount"),
        ("--5", "not an amount"),
        ("１２", "not an amount"),
        ("١٢", "not an amount"),
        ("0x10", "not an amount"),
        ("1_000", "not an amount"),
        ("1.5,0", "not an amount"),
        ("1,2,3", "commas"),
        ("1,00", "commas"),
        (",100", "commas"),
        ("1,,000", "commas"),
        ("1000,000", "commas"),
        ("1.005", "two digits after the point"),
        ("0", "above zero"),
        ("0.00", "above zero"),
        ("-5", "above zero"),
        ("−৫", "above zero"),
        ("1000000000", "too large"),
        ("9" * 5000, "too large"),
    ],
)
def test_anything_else_is_refused_with_its_own_reason(typed: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_amount(typed)
    assert reason in refused.value.message
    assert refused.value.field == "amount"


def test_zero_is_an_amount_where_it_is_allowed_but_less_is_not() -> None:
    assert parse_amount("0", allow_zero=True) == 0
    with pytest.raises(Refused, match="below zero"):
        parse_amount("-0.01", allow_zero=True)


def test_a_refusal_names_the_field_it_belongs_to() -> None:
    with pytest.raises(Refused) as refused:
        parse_amount("x", field="discount")
    assert refused.value.field == "discount"


@quick
@given(PAISA)
def test_what_is_shown_can_be_typed_back(paisa: int) -> None:
    assert parse_amount(taka(paisa)) == parse_amount(taka(paisa, "beng")) == parse_amount(plain(paisa)) == paisa


@quick
@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_refused(typed: str) -> None:
    try:
        assert 0 < parse_amount(typed) <= LARGEST
    except Refused as refused:
        assert refused.message


@quick
@given(st.integers(0, 10**15))
def test_commas_stand_where_the_country_puts_them(paisa: int) -> None:
    assert taka(paisa) == "৳\u00a0" + format_decimal(Decimal(paisa) / 100, "#,##,##0.00", locale="bn_BD")


def test_taka_for_people_and_plain_for_files() -> None:
    assert taka(10_000_000) == "৳\u00a01,00,000.00"
    assert taka(10_000_000, "beng") == "৳\u00a0১,০০,০০০.০০"
    assert taka(-50_005) == "−৳\u00a0500.05"
    assert taka(0) == "৳\u00a00.00"
    assert plain(123_450) == "1234.50"
    assert plain(-5) == "-0.05"


@pytest.mark.parametrize(
    ("paisa", "english", "bengali"),
    [
        (0, "Zero taka only", "শূন্য টাকা মাত্র"),
        (5, "Zero taka and five paisa only", "শূন্য টাকা পাঁচ পয়সা মাত্র"),
        (100, "One taka only", "এক টাকা মাত্র"),
        (2_900, "Twenty-nine taka only", "ঊনত্রিশ টাকা মাত্র"),
        (11_500, "One hundred fifteen taka only", "একশত পনেরো টাকা মাত্র"),
        (250_000, "Two thousand five hundred taka only", "দুই হাজার পাঁচশত টাকা মাত্র"),
        (10_000_000, "One lakh taka only", "এক লাখ টাকা মাত্র"),
        (
            12_345_675,
            "One lakh twenty-three thousand four hundred fifty-six taka and seventy-five paisa only",
            "এক লাখ তেইশ হাজার চারশত ছাপ্পান্ন টাকা পঁচাত্তর পয়সা মাত্র",
        ),
        (1_000_000_000, "One crore taka only", "এক কোটি টাকা মাত্র"),
        (
            LARGEST,
            "Ninety-nine crore ninety-nine lakh ninety-nine thousand nine hundred ninety-nine taka "
            "and ninety-nine paisa only",
            "নিরানব্বই কোটি নিরানব্বই লাখ নিরানব্বই হাজার নয়শত নিরানব্বই টাকা নিরানব্বই পয়সা মাত্র",
        ),
        (-100, "Minus one taka only", "ঋণাত্মক এক টাকা মাত্র"),
    ],
)
def test_amounts_are_written_out_in_both_languages(paisa: int, english: str, bengali: str) -> None:
    assert amount_in_words(paisa, "en") == english
    assert amount_in_words(paisa, "bn") == bengali


@pytest.mark.parametrize("language", ["en", "bn"])
def test_no_two_of_the_first_ten_thousand_taka_have_the_same_words(language: str) -> None:
    assert len({amount_in_words(paisa, language) for paisa in range(0, 1_000_000, 100)}) == 10_000


@pytest.mark.parametrize(
    ("amount", "part", "whole", "result"),
    [
        (100, 1, 3, 33),
        (100, 2, 3, 67),
        (1, 1, 2, 1),
        (3, 1, 2, 2),
        (-1, 1, 2, -1),
        (99_750, 5, 100, 4_988),
        (7, 0, 5, 0),
    ],
)
def test_a_share_is_rounded_half_up_to_the_paisa(amount: int, part: int, whole: int, result: int) -> None:
    assert share(amount, part, whole) == result


@quick
@given(PAISA, st.integers(0, LARGEST), PAISA)
def test_a_share_is_never_more_than_half_a_paisa_off(amount: int, part: int, whole: int) -> None:
    assert abs(2 * (share(amount, part, whole) * whole - amount * part)) <= whole
    assert share(amount, whole, whole) == amount


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError):
        share(100, 1, 0)


def test_the_database_gives_back_the_paisa_it_was_given() -> None:
    engine, bills = _bills()
    with engine.begin() as connection:
        connection.execute(insert(bills), [{"amount": LARGEST}, {"amount": -5}, {"amount": None}])
        assert connection.scalars(select(bills.c.amount)).all() == [LARGEST, -5, None]
        assert connection.scalar(select(func.sum(bills.c.amount))) == LARGEST - 5
        assert connection.scalar(select(func.count()).where(bills.c.amount > 0)) == 1


@pytest.mark.parametrize("value", [1.0, True, Decimal(5), "5"])
def test_the_database_takes_nothing_but_whole_paisa(value: object) -> None:
    engine, bills = _bills()
    with engine.begin() as connection, pytest.raises(StatementError) as refused:
        connection.execute(insert(bills), [{"amount": value}])
    assert isinstance(refused.value.orig, TypeError)


def test_a_sum_that_comes_as_a_decimal_is_paisa_again() -> None:
    engine, _table = _bills()
    assert Money().process_result_value(Decimal(500), engine.dialect) == 500


def _bills() -> tuple:
    engine = create_engine("sqlite://")
    table = Table("bills", MetaData(), Column("amount", Money))
    table.metadata.create_all(engine)
    return engine, table
