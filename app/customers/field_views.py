"""Custom fields: what an owner wants to know of its customers besides what everybody has."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from wtforms import BooleanField, TextAreaField

from app.core.database import db
from app.customers.custom_fields import is_filled, save_field
from app.customers.models import Customer, CustomField
from app.packages.views import owner_name
from app.web.catalogue import CataloguePage, Use, state_column, state_filter
from app.web.forms import ChoiceField, CountField, HouseForm, TextField
from app.web.interface import AppInterface
from app.web.listing import Column
from app.web.shown import choices

FIELD_TYPES = {"text": _l("Text"), "number": _l("Number"), "date": _l("Date"), "choice": _l("Choice")}


class CustomFieldForm(HouseForm):
    """A custom field."""

    name = TextField(_l("Name"), required=True, render_kw={"maxlength": 60})
    type = ChoiceField(_l("Type"), choices=choices(FIELD_TYPES))
    options = TextAreaField(_l("Choices"), description=_l("Only for the type Choice: one a line."))
    required = BooleanField(_l("Must be filled in"))
    position = CountField(_l("Order"), description=_l("Smaller numbers come first."))


class CustomFieldPage(CataloguePage):
    """The fields that an owner adds to its customers."""

    datamodel = AppInterface(CustomField)
    route_base = "/custom-fields"
    title = _l("Custom fields")
    add_label = _l("New custom field")
    edit_title = _l("Edit custom field")
    empty_text = _l("No custom fields yet. Add what you want to know of every customer.")
    empty_icon = "adjustments"
    export_name = "custom-fields"
    default_sort = "position"
    archive_text = _l("The field leaves form, profile and export. What customers have in it stays on record.")
    columns = (
        Column("name", _l("Name"), lambda row: row.name, "data", sort=CustomField.name),
        Column("type", _l("Type"), lambda row: str(FIELD_TYPES[row.type]), sort=CustomField.type),
        Column("required", _l("Must be filled in"), lambda row: _("Yes") if row.required else _("No")),
        Column("position", _l("Order"), lambda row: row.position, "number", sort=CustomField.position, align="right"),
        Column("owner", _l("Owner"), owner_name, "data"),
        state_column(CustomField),
    )
    filters = (state_filter(CustomField),)

    def form(self, row: CustomField | None = None) -> CustomFieldForm:
        """Return the form of a custom field; a choice's options stand one a line."""
        return CustomFieldForm(obj=row, data={"options": "\n".join(row.options)} if row else None)

    def save(self, form: Any, row: CustomField | None = None) -> CustomField:
        """Write what the form says."""
        return save_field(
            form.name.data or "",
            form.type.data,
            (form.options.data or "").replace("\x00", "").splitlines(),
            required=form.required.data,
            position=form.position.data,
            field_id=row.id if row else None,
        )

    def uses(self, row: CustomField) -> list[Use]:
        """Return the customers that have the field filled in."""
        count = db.session.execute(
            select(func.count(Customer.id)).where(Customer.deleted_at.is_(None), is_filled(row.id))
        ).scalar_one()
        return [Use(_("Customers"), count, url_for("CustomerPage.list", field=row.id))]

    def facts(self, row: CustomField) -> list[tuple[Any, ...]]:
        """Return what the field is."""
        return [
            (_("Type"), str(FIELD_TYPES[row.type])),
            (_("Choices"), ", ".join(row.options), "data"),
            (_("Must be filled in"), row.required, "yes_no"),
            (_("Order"), row.position, "number"),
            (_("Owner"), owner_name(row), "data"),
        ]
