"""Company settings: names, logo, address, footers, short name, and what new customers start from."""

from typing import Any

from flask import Response as FlaskResponse
from flask import request
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import BooleanField, TextAreaField

from app.accounts.company_services import LARGEST_LOGO, LENGTHS, CompanyWords, edit_company, remove_logo, set_logo
from app.accounts.models import Tenant
from app.core.database import db
from app.core.errors import NotFound
from app.packages.queries import packages_on_offer, profiles_on_offer
from app.web.forms import ChoiceField, HouseForm, TextField, row_id
from app.web.page import Panel
from app.web.shown import DIGIT_NAMES, LANGUAGE_NAMES, choices

KEY = "group-admin"


class CompanyForm(HouseForm):
    """The company's settings."""

    name = TextField(_l("Name of the company"), required=True, render_kw={"maxlength": LENGTHS["name"]})
    name_bn = TextField(_l("Name in Bengali"), render_kw={"maxlength": LENGTHS["name_bn"]})
    slug = TextField(
        _l("Short name"),
        required=True,
        render_kw={"maxlength": 40, "autocapitalize": "none"},
        description=_l("Small letters, digits and dashes; part of the status page's address."),
    )
    address = TextField(_l("Address"), render_kw={"maxlength": LENGTHS["address"]})
    phone = TextField(_l("Phone"), render_kw={"maxlength": LENGTHS["phone"], "inputmode": "tel"})
    vat_number = TextField(_l("VAT registration number"), render_kw={"maxlength": LENGTHS["vat_number"]})
    picture = FileField(
        _l("Logo"),
        render_kw={"accept": "image/png,image/jpeg,image/webp"},
        description=_l("JPEG, PNG or WebP, at most 2 MB; it stands on invoices and receipts."),
    )
    without_logo = BooleanField(_l("Take the logo away"))
    invoice_footer = TextAreaField(_l("Last lines of invoices"), render_kw={"maxlength": 500, "rows": 3})
    receipt_footer = TextAreaField(
        _l("Last lines of receipts"),
        render_kw={"maxlength": 500, "rows": 3},
        description=_l("Empty: the same as on invoices."),
    )
    document_language = ChoiceField(_l("Language of documents"), choices=choices(LANGUAGE_NAMES))
    document_digits = ChoiceField(_l("Digits of documents"), choices=choices(DIGIT_NAMES))
    default_package_id = ChoiceField(_l("Package"), coerce=row_id, optional=True)
    default_profile_id = ChoiceField(_l("Billing profile"), coerce=row_id, optional=True)

    groups = (
        {"title": _l("Company"), "fields": ["name", "name_bn", "slug", "address", "phone", "vat_number"]},
        {"title": _l("Documents"), "fields": ["picture", "without_logo", "invoice_footer", "receipt_footer"]},
        {
            "title": _l("New customers start from"),
            "fields": ["document_language", "document_digits", "default_package_id", "default_profile_id"],
        },
    )


class CompanyPage(Panel):
    """The settings of the Group Admin's company."""

    route_base = "/settings"
    default_view = "index"
    keys = {"index": KEY, "logo": KEY}

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """Show and change the settings."""
        company = db.session.get_one(Tenant, self.actor().tenant_id)
        form = CompanyForm(obj=company)
        for field, rows in (
            (form.default_package_id, packages_on_offer()),
            (form.default_profile_id, profiles_on_offer()),
        ):
            field.choices = [("", "–"), *((row.id, row.name) for row in rows)]
            if request.method == "GET" and field.data not in [row.id for row in rows]:
                field.data = None
        has_logo = company.logo is not None
        if not has_logo:
            del form.without_logo

        def act() -> Response:
            words = {name: form[name].data for name in CompanyWords.__dataclass_fields__}
            edit_company(
                CompanyWords(
                    **{name: "" if word is None and not name.endswith("_id") else word for name, word in words.items()}
                )
            )
            file = form.picture.data
            if file:
                set_logo(file.read(LARGEST_LOGO + 1))
            elif has_logo and form.without_logo.data:
                remove_logo()
            return self.done(_("Settings saved."), self.link("index"))

        return self.ask(
            form,
            act,
            "accounts/company.html",
            title=_("Company"),
            groups=form.groups,
            has_files=True,
            logo_url=self.link("logo") if has_logo else None,
        )

    @expose("/logo")
    def logo(self) -> Response:
        """Show the logo as it is kept."""
        company = db.session.get_one(Tenant, self.actor().tenant_id)
        if company.logo is None:
            raise NotFound("Logo")
        return FlaskResponse(company.logo, mimetype="image/png")
