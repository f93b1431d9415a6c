"""How one document speaks: its language, its digits, and the words both give to amounts and dates."""

from dataclasses import dataclass
from datetime import date, datetime

from app.core import language as speech
from app.core import money


@dataclass(frozen=True)
class Wording:
    """A document's language ("en" or "bn") and digits ("latn" or "beng")."""

    language: str
    digits: str

    def number(self, value: object) -> str:
        """Return a number of ours (a bill, a customer, a count) in the document's digits."""
        return speech.in_digits(value, self.digits)

    def taka(self, paisa: int) -> str:
        """Return paisa as ৳ 1,00,000.00."""
        return money.taka(paisa, self.digits)

    def in_words(self, paisa: int) -> str:
        """Return paisa in words."""
        return money.amount_in_words(paisa, self.language)

    def in_other_words(self, paisa: int) -> str:
        """Return paisa in the words of the other language: who checks the paper may read only that (spec §10)."""
        return money.amount_in_words(paisa, "en" if self.language == "bn" else "bn")

    def day(self, day: date) -> str:
        """Return a business date."""
        return speech.format_date(day, self.language, self.digits)

    def month(self, day: date) -> str:
        """Return the month of a business date."""
        return speech.format_month(day, self.language, self.digits)

    def moment(self, moment: datetime) -> str:
        """Return a moment in Asia/Dhaka."""
        return speech.format_moment(moment, self.language, self.digits)

    def period(self, first: date, last: date) -> str:
        """Return a period of days, both ends included."""
        return speech.format_period(first, last, self.language, self.digits)

    def phone(self, e164: str) -> str:
        """Return a phone number as it is read out."""
        return speech.format_phone(e164, self.digits)
