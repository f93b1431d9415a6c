"""Forms: the house's base form, its own fields, and what a refusal looks like on a form."""

import re
from datetime import date
from typing import Any
from uuid import uuid4

from flask import g
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectField, StringField, ValidationError
from wtforms.widgets import TextInput

from app.access.actor import reader_digits, shown_number
from app.core.errors import Refused
from app.core.language import in_digits, to_ascii_digits
from app.core.money import parse_amount, plain


def paisa_of(text: str | None, *, otherwise: int | None = None) -> int | None:
    """Read whole paisa that a page put into a hidden field; ``otherwise`` for what no page puts there."""
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,15}", text) else otherwise


class HouseForm(FlaskForm):
    """A form that keeps what was typed and shows a refusal beside its field."""

    def attach(self, refused: Refused) -> None:
        """Show a refusal beside the field it names, or above the form."""
        field = self._fields.get(refused.field) if refused.field else None
        if field is None:
            self.form_errors.append(refused.message)
        else:
            field.errors = [*field.errors, refused.message]

    @classmethod
    def refresh(cls, obj: Any = None) -> "HouseForm":
        """Make the form for a row, as FAB's views ask for it."""
        return cls(obj=obj)


class RequestIdField(HiddenField):
    """The id of a form that makes money: made with the page, it counts once however often it is sent (spec §5.2)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, default=lambda: str(uuid4()), **kwargs)
        # the templates draw it as what it is
        self.type = "HiddenField"

    def process_data(self, value: Any) -> None:
        """Make an id for a new page; a row that the form is filled from has been made by another one."""
        super().process_data(str(uuid4()))

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the id; a form without one has none."""
        self.data = valuelist[0] if valuelist else ""


class MoneyField(Field):
    """An amount as typed, in taka; its data is whole paisa (int) or None."""

    widget = TextInput()

    def __init__(self, *args: Any, allow_zero: bool = False, optional: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {}).update(inputmode="decimal", autocomplete="off")
        super().__init__(*args, **kwargs)
        self.allow_zero = allow_zero
        self.optional = optional
        self.flags.required = not optional
        self.typed: str | None = None

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return "" if self.data is None else in_digits(plain(self.data), reader_digits())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; the sentence of a refusal becomes the field's error."""
        self.typed = valuelist[0][:60] if valuelist else ""
        self.data = None
        if self.optional and not self.typed.strip():
            return
        try:
            self.data = parse_amount(self.typed, allow_zero=self.allow_zero)
        except Refused as refused:
            raise ValueError(refused.message) from None


class DayField(DateField):
    """A date, from the browser's own date input; Bengali digits are read too."""

    def __init__(self, *args: Any, required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.required = required
        self.flags.required = required

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read an ISO date; an empty optional field is None."""
        text = to_ascii_digits(valuelist[0]).strip() if valuelist else ""
        self.raw_data = valuelist
        self.data = None
        if not text:
            if self.required:
                raise ValueError(_("Enter a date."))
            return
        try:
            self.data = date.fromisoformat(text)
        except ValueError:
            raise ValueError(_("This is not a date.")) from None


class CountField(Field):
    """A whole number from 0 to 9999, in either digits; empty is 0."""

    widget = TextInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {}).update(inputmode="numeric", autocomplete="off")
        super().__init__(*args, **kwargs)
        self.typed: str | None = None

    def _value(self) -> str:
        return self.typed if self.typed is not None else shown_number(self.data or 0)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        self.typed = valuelist[0][:10] if valuelist else ""
        text = to_ascii_digits(self.typed).strip()
        self.data = 0
        if text and not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise ValueError(_("Enter a whole number."))
        self.data = int(text or 0)


class TextField(StringField):
    """A line of text; what is missing from the form reads as empty, never as None."""

    def __init__(self, *args: Any, required: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flags.required = required

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the text; NUL characters, which no database takes, are dropped."""
        self.data = valuelist[0].replace("\x00", "") if valuelist else ""


class ChoiceField(SelectField):
    """A choice among rows or fixed values; a foreign or made-up value gets the same sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        optional, choices = kwargs.pop("optional", False), kwargs.pop("choices", None)
        super().__init__(*args, **kwargs)
        # set like the rows a view offers: as an argument WTForms warns of pairs
        self.choices = choices
        self.flags.required = not optional
        # the templates draw it as what it is
        self.type = "SelectField"

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not among the choices."""
        if not any(self.coerce(value) == self.data for value, *_rest in self.iter_choices()):
            if self.coerce is row_id and self.data is not None:
                # somebody else's row, or nobody's: the door it came through records the refusal
                g.chose_a_row_not_offered = True
            raise ValidationError(_("Choose one of the list."))


def row_id(value: Any) -> int | None:
    """Read the id of a chosen row; None for nothing chosen, 0 (no row's id) for nonsense."""
    if value in (None, ""):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
