"""Forms about cash in hand."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField
from wtforms.widgets import TextInput

from app.access.actor import shown_number
from app.cash.models import COINS, NOTES
from app.core.language import to_ascii_digits
from app.web.forms import HouseForm, MoneyField, RequestIdField, TextField

LONGEST_COUNT = 5


class CountField(Field):
    """How many pieces: digits only, Bengali ones too; empty is none."""

    widget = TextInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {}).update(inputmode="numeric", autocomplete="off")
        super().__init__(*args, **kwargs)
        self.typed: str | None = None

    def _value(self) -> str:
        return self.typed if self.typed is not None else shown_number(self.data) if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Raises ValueError with a sentence for anything but a count up to 99,999."""
        self.typed = valuelist[0][:60] if valuelist else ""
        self.data = 0
        text = to_ascii_digits(self.typed).strip()
        if not text:
            return
        if not (text.isascii() and text.isdigit()):
            raise ValueError(_("Write how many pieces there are, in digits only."))
        if len(text.lstrip("0")) > LONGEST_COUNT:
            raise ValueError(_("Count each note from 0 to 99,999 pieces."))
        self.data = int(text)


class CloseForm(HouseForm):
    """The count of a Manager's cash. ``expected`` is what the page said it should hold, in paisa."""

    note_1000, note_500, note_200, note_100, note_50, note_20, note_10, note_5, note_2, note_1 = (
        CountField(str(note)) for note in NOTES
    )
    coins = MoneyField(_l("Other coins"), optional=True, allow_zero=True)
    reason = TextField(_l("Reason of a difference"), render_kw={"maxlength": 200})
    handed_over = MoneyField(
        _l("Handed over"),
        optional=True,
        allow_zero=True,
        description=_l("Leave it empty to hand over all that you have counted; the rest stays with you as change."),
    )
    request_id = RequestIdField()
    expected = HiddenField()

    @property
    def pieces(self) -> dict[str, int]:
        """The count by note, and paisa under "coins"."""
        counts = {str(note): self[f"note_{note}"].data or 0 for note in NOTES}
        return {**counts, COINS: self.coins.data or 0}

    @property
    def seen_expected(self) -> int | None:
        """What the page said should be there, in paisa; None where it does not say."""
        text = self.expected.data or ""
        return int(text) if text.removeprefix("-").isdecimal() and len(text) <= 18 else None


class ReturnForm(HouseForm):
    """What is wrong with a closing."""

    word = TextField(_l("What is wrong?"), required=True, render_kw={"maxlength": 200})


class ConfirmForm(HouseForm):
    """That the cash was counted and received."""

    word = TextField(_l("A word to the Manager"), render_kw={"maxlength": 200})


class RepaymentForm(HouseForm):
    """Money paid back of a shortage."""

    amount = MoneyField(_l("Amount"))
    note = TextField(_l("Note"), render_kw={"maxlength": 200})
    request_id = RequestIdField()
