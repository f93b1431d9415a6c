"""Pages of what parents set up: a list without what is archived, a page that says what uses a row, archive and bring back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.core.errors import NotFound
from app.packages.catalogue import archive, bring_back, changeable, is_changeable
from app.web.forms import HouseForm
from app.web.listing import Choice, Column
from app.web.page import Page
from app.web.shown import Action, badges

STATES = badges(("in_use", _l("In use"), "ok"), ("archived", _l("Archived"), None))
ARCHIVED = "archived"


@dataclass(frozen=True)
class Use:
    """What uses a row: how many, and the list that shows exactly those."""

    label: Any
    count: int
    url: str | None = None


def state_column(model: Any) -> Column:
    """Return the column that tells what is archived."""
    return Column(
        "state",
        _l("Status"),
        lambda row: STATES[_state(row)].label,
        "status",
        sort=model.archived_at,
        tone=lambda row: STATES[_state(row)].tone,
    )


def state_filter(model: Any) -> Choice:
    """Return the filter for archived rows, which the list leaves out otherwise."""
    return Choice(
        "state", _l("Status"), lambda: [(ARCHIVED, _l("Archived"))], lambda value: model.archived_at.is_not(None)
    )


def _state(row: Any) -> str:
    return "archived" if row.archived_at is not None else "in_use"


KEYS = {name: "parents" for name in ("list", "show", "export", "add", "edit", "archive", "bring_back")}
"""Parents alone set things up, each for itself and the accounts below (spec §2, §9)."""


class CataloguePage(Page):
    """List, page, add, edit, archive and bring back of one kind of row."""

    keys: ClassVar[dict[str, str]] = KEYS
    default_sort = "name"
    default_descending = False
    search_columns: ClassVar[list[str]] = ["name"]
    edit_title: ClassVar[Any] = ""
    archive_text: ClassVar[Any] = _l("Nobody new gets it. Who has it keeps it.")

    def rows(self) -> Select[Any]:
        """Select the rows in use, or the archived ones where those are asked for."""
        statement = self.in_sight()
        if request.args.get("state") != ARCHIVED:
            statement = statement.where(self.datamodel.obj.archived_at.is_(None))
        return statement

    def in_sight(self) -> Select[Any]:
        """Select all rows that the account at work may look at."""
        return select(self.datamodel.obj)

    def _row(self, pk: object) -> Any:
        row = super()._row(pk)
        if not self.is_in_sight(row):
            raise NotFound(type(row).__name__)
        return row

    def is_in_sight(self, row: Any) -> bool:
        """Tell whether a row that may be read has a page for the account at work: its own ones have."""
        return is_changeable(row)

    def row_url(self, row: Any) -> str | None:
        """Return where a row of the list leads; what only came down may have no page."""
        return super().row_url(row) if self.is_in_sight(row) else None

    def uses(self, row: Any) -> list[Use]:
        """Return what uses a row."""
        return []

    def facts(self, row: Any) -> list[tuple[Any, ...]]:
        """Return what a row is."""
        return []

    def more(self, row: Any) -> dict[str, Any]:
        """Return what else the row's page shows: tables, further groups of facts, a notice."""
        return {}

    def more_actions(self, row: Any) -> list[Action]:
        """Return the buttons of the row's page besides edit and archive."""
        return []

    def form(self, row: Any = None) -> HouseForm:
        """Return the form of a row, or of a new one."""
        raise NotImplementedError

    def save(self, form: Any, row: Any = None) -> Any:
        """Write what a form says and return the row. Raises Refused."""
        raise NotImplementedError

    def archiving(self, row: Any) -> None:
        """Archive a row. Raises Refused."""
        archive(row)

    def bringing_back(self, row: Any) -> None:
        """Bring an archived row back. Raises Refused."""
        bring_back(row)

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a row with what uses it."""
        row = self._row(pk)
        more = self.more(row)
        uses = [(use.label, use.count, "number", use.url if use.count else None) for use in self.uses(row)]
        return self.render(
            "page/show.html",
            title=str(row),
            badges=[STATES[_state(row)]],
            actions=self._actions(row),
            facts=[
                {"title": _("Details"), "rows": self.facts(row)},
                {"title": _("Used by"), "rows": uses},
                *more.pop("facts", []),
            ],
            back_url=self.link("list"),
            crumbs=[(str(self.title), self.link("list")), (str(row), None)],
            **more,
        )

    def _actions(self, row: Any) -> list[Action]:
        found = self.more_actions(row)
        if not is_changeable(row):
            return found
        if row.archived_at is not None:
            return [Action(_("Bring back"), self.link("bring_back", pk=row.id) or "", "arrow-back-up", "primary")]
        return [
            Action(_("Edit"), self.link("edit", pk=row.id) or "", "edit", "primary"),
            *found,
            Action(_("Archive"), self.link("archive", pk=row.id) or "", "archive", "danger"),
        ]

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Add a row."""
        form = self.form()

        def act() -> Response:
            row = self.save(form)
            return self.done(_("Saved."), self.link("show", pk=row.id))

        return self._form_page(form, act, str(self.add_label), self.link("list"))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change a row."""
        row = changeable(self.datamodel.obj, pk)
        form = self.form(row)

        def act() -> Response:
            self.save(form, row)
            return self.done(_("Saved."), self.link("show", pk=row.id))

        return self._form_page(form, act, str(self.edit_title), self.link("show", pk=row.id))

    def _form_page(self, form: HouseForm, act: Callable[[], Response], title: str, cancel_url: str | None) -> Any:
        return self.ask(form, act, title=title, cancel_url=cancel_url, groups=getattr(form, "groups", None))

    @expose("/archive/<pk>", methods=["GET", "POST"])
    def archive(self, pk: str) -> Any:
        """Archive a row after naming what uses it."""
        return self._turn(pk, self.archiving, _("Archive"), str(self.archive_text), danger=True)

    @expose("/bring-back/<pk>", methods=["GET", "POST"])
    def bring_back(self, pk: str) -> Any:
        """Bring an archived row back."""
        return self._turn(pk, self.bringing_back, _("Bring back"), _("It is offered again at once."), danger=False)

    def _turn(self, pk: str, turn: Callable[[Any], None], title: str, consequence: str, *, danger: bool) -> Any:
        row = changeable(self.datamodel.obj, pk)
        uses = [(use.label, use.count, "number") for use in self.uses(row)]

        def act() -> Response:
            turn(changeable(self.datamodel.obj, pk))
            return self.done(_("Saved."), self.link("show", pk=row.id))

        return self.ask(
            HouseForm(),
            act,
            "page/confirm.html",
            title=title,
            consequence=consequence,
            facts=[(_("Name"), str(row), "data"), *uses],
            submit_label=title,
            danger=danger,
            cancel_url=self.link("show", pk=row.id),
        )
