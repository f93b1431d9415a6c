"""The base of every page: a door per route, opened by the key table alone; lists, pages, forms and exports over FAB's model views."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar

from flask import abort, flash, g, has_request_context, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, ModelView, expose
from flask_appbuilder.exceptions import FABException
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.urltools import get_filter_args
from flask_babel import gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.access.actor import Actor, current_actor
from app.access.permissions import KEYS, PUBLIC, is_known
from app.access.scope import everywhere, get_or_404
from app.activity.recorder import record
from app.core.clock import now
from app.core.database import transaction
from app.core.errors import Forbidden, Refused, Unproven
from app.security.services import Step, prove_again
from app.web.exports import csv_of_statement, csv_response
from app.web.forms import HouseForm
from app.web.listing import Column, Filter, Listing, build, csv_rows, csv_statement, read_request, readable_columns

REFUSED = 422
"""The status of a form that comes back with a sentence (demo contract: 200 or 422)."""


GATES = {
    "password": ("AccountPage.password", {"AccountPage.password", "SecurityPage.prove", "SignInPage.logout"}),
    "factor": (
        "SecurityPage.index",
        {
            "SecurityPage.index",
            "SecurityPage.begin_totp",
            "SecurityPage.totp",
            "SecurityPage.passkey_options",
            "SecurityPage.add_passkey",
            "SecurityPage.prove",
            "SecurityPage.proof_options",
            "SignInPage.logout",
        },
    ),
}
"""Before a given password is changed, or a demanded factor set up (spec §8): where one is led, and the routes that open."""

PROVE = "SecurityPage.prove"
"""The route that takes a proof for a page that was only looked at."""

SENSITIVE_MINUTES, GRAVE_MINUTES = 30, 5
"""How long ago who acts may have proven who it is: for acts behind sensitive keys; for own factors, password, granting keys (spec §11.12)."""


LONGEST_NUMBER = 9
"""Digits of a number that every column can be compared with: a longer one is beyond PostgreSQL's integers."""


class UndeclaredDoor(RuntimeError):
    """A route without a key, or a key that the table does not know: the application does not start."""


def guarded(
    key: str,
    handler: Callable[..., Any],
    minutes: int | None = None,
    *,
    asks_password: bool = False,
    turn_away: Callable[[], Any] | None = None,
) -> Callable[..., Any]:
    """Let a request in only when the key opens to who is signed in: 403 without it, to the sign-in page when nobody is (spec §1).

    ``turn_away`` is what nobody's request gets instead of the way to the sign-in page.

    With ``minutes`` who acts must have proven within them who it is, else it is asked to (spec §11.12).
    """

    @wraps(handler)
    def enter(*args: Any, **kwargs: Any) -> Any:
        if key != PUBLIC:
            actor = current_actor()
            if actor is None:
                return turn_away() if turn_away else redirect(url_for("SignInPage.login", next=_wanted()))
            if actor.gate:
                place, open_routes = GATES[actor.gate]
                if request.endpoint not in open_routes:
                    return redirect(url_for(place))
            if not actor.may(key):
                raise Forbidden(key)
            if minutes is not None and (actor.factors or not asks_password):
                demand_proof(minutes)
        answer = handler(*args, **kwargs)
        if g.pop("chose_a_row_not_offered", False):
            log_refusal(None, "not among the rows offered")
        return answer

    return enter


def demand_proof(minutes: int) -> None:
    """Let who acts go on if it has proven within some minutes who it is, or does so with this request. Raises Unproven.

    A form that comes too late is shown the question with what was typed kept in it, and comes again with the answer.
    """
    actor = current_actor()
    # who looks at the panel as a Manager changes nothing; no session: the command line, a job
    if actor is None or actor.seen_by is not None or actor.session is None:
        return
    proven_at = actor.session.confirmed_at
    if proven_at is not None and now() - proven_at < timedelta(minutes=minutes):
        return
    given = {name: request.form.get(f"proof_{name}", "") for name in ("password", "code", "credential")}
    if request.method != "POST" or not any(given.values()):
        raise Unproven
    step = prove_again(actor, **given)
    if step == Step.LOCKED:
        raise Unproven(_("Too many attempts. Try again in a few minutes."))
    if step != Step.SIGNED_IN:
        raise Unproven(_("That is not right. Try again."))


def _wanted() -> str | None:
    return wanted_page() if request.method == "GET" and request.path != "/" else None


def wanted_page() -> str:
    """Return the path and query of the request."""
    return request.full_path.rstrip("?")


class Doors(BaseView):
    """What all views of the house share: ``keys`` names for each route the key or audience that opens it.

    ``fresh`` names for sensitive routes how many minutes ago who acts may have proven who it is; a sensitive key asks for it by itself.
    ``asks_password`` names routes whose form asks for the password anyway: where that is the proof, it is not asked for twice.
    """

    keys: ClassVar[dict[str, str]] = {}
    fresh: ClassVar[dict[str, int]] = {}
    asks_password: ClassVar[frozenset[str]] = frozenset()
    is_about_money: ClassVar[bool] = False
    # what a request of nobody's gets; None leads to the sign-in page
    turn_away: ClassVar[Callable[[], Any] | None] = None

    def __init__(self, **kwargs: Any) -> None:
        self.include_route_methods = set(self.keys)
        self.method_permission_name = dict(self.keys)
        self._check_doors()
        super().__init__(**kwargs)

    def _check_doors(self) -> None:
        view = type(self)
        # what a base offers and a view leaves out of its keys is simply not there; what a view itself exposes must be declared
        for name in (name for name, member in vars(view).items() if hasattr(member, "_urls") and name not in self.keys):
            raise UndeclaredDoor(f"{view.__name__}.{name} has no key")
        for name, key in self.keys.items():
            if not hasattr(getattr(view, name, None), "_urls"):
                raise UndeclaredDoor(f"{view.__name__}.{name} is no route")
            if not is_known(key):
                raise UndeclaredDoor(f"{view.__name__}.{name} names an unknown key: {key}")
        for name in self.fresh.keys() - self.keys.keys():
            raise UndeclaredDoor(f"{view.__name__}.{name} asks for a proof and is no door")

    def _register_urls(self) -> None:
        for name, key in self.keys.items():
            handler = getattr(self, name)
            # one function for all addresses of a route: Flask refuses a second one
            asks_password = name in self.asks_password
            enter = guarded(
                key, handler, self.proof_minutes(name), asks_password=asks_password, turn_away=self.turn_away
            )
            for url, methods in handler._urls:
                self.blueprint.add_url_rule(url, name, enter, methods=methods)

    def proof_minutes(self, route: str) -> int | None:
        """Return within how many minutes a proof is needed for a route; None for none."""
        key = KEYS.get(self.keys[route])
        return self.fresh.get(route, SENSITIVE_MINUTES if key is not None and key.sensitive else None)

    def render(self, template: str, **context: Any) -> str:
        """Render a template; what surrounds every page comes from web/frame.py."""
        return render_template(template, **context)

    def link(self, method: str, **values: Any) -> str | None:
        """Return the address of one of this view's routes, or None when its key is not held."""
        actor = current_actor()
        if actor is None or not actor.may(self.keys[method]):
            return None
        return url_for(f"{self.endpoint}.{method}", **values)

    @staticmethod
    def actor() -> Actor:
        """Return who is signed in. Raises Forbidden when nobody is."""
        actor = current_actor()
        if actor is None:
            raise Forbidden
        return actor

    def done(self, sentence: str, url: str | None) -> Response:
        """Say what was done and go on with a GET, to the first page where the next page's key is not held."""
        flash(sentence, "success")
        return redirect(url or url_for("HomePage.index"), 303)

    def ask(
        self,
        form: HouseForm,
        act: Callable[[], Response],
        template: str = "page/form.html",
        in_parts: bool = False,
        **context: Any,
    ) -> Response | str | tuple[str, int]:
        """Show a form, or do what it says in one transaction and go on; a refusal comes back beside its field, nothing is written.

        ``in_parts``: the act has transactions of its own, because a failed attempt must stay counted.
        """
        if self.is_right(form):
            try:
                with nullcontext() if in_parts else transaction():
                    return act()
            except Refused as refused:
                form.attach(refused)
                self.note_refusal(refused)
        shown = self.render(template, form=form, **context)
        return (shown, REFUSED) if request.method == "POST" else shown

    def is_right(self, form: HouseForm) -> bool:
        """Tell whether a form was sent and all its fields read well; what does not is recorded where money is involved."""
        if not form.is_submitted():
            return False
        if form.validate():
            return True
        wrong = next((str(error) for errors in form.errors.values() for error in errors), "")
        self.note_refusal(Refused(wrong))
        return False

    def note_refusal(self, refused: Refused) -> None:
        """Record that a change was refused, where money is involved."""
        if self.is_about_money:
            log_refusal(None, refused.message[:200])

    def update_redirect(self) -> None:
        """Keep no history of addresses in the cookie: long list addresses would outgrow it."""


@dataclass(frozen=True)
class BulkAction:
    """A button below a list: where the ids of the chosen rows are sent, as ``ids``."""

    name: str
    label: Any
    url: str
    danger: bool = False


class Panel(Doors):
    """A page or a set of pages that is not about one model."""


class Page(Doors, ModelView):
    """A model's pages: list, show, add, edit, delete and export, each behind its key."""

    columns: ClassVar[tuple[Column, ...]] = ()
    filters: ClassVar[tuple[Filter, ...]] = ()
    search: ClassVar[Callable[[str], Any] | None] = None
    search_row: ClassVar[Callable[[str], Any] | None] = None
    search_label: ClassVar[Any] = ""
    default_sort: ClassVar[str] = ""
    default_descending: ClassVar[bool] = True
    title: Any = ""
    add_label: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    empty_icon: ClassVar[str] = "list"
    load: ClassVar[tuple[Any, ...]] = ()
    # what a row of the list reads, where that is less than what its own page and the export do
    list_load: ClassVar[tuple[Any, ...] | None] = None
    # what the export's cells are to the database; where every column has one, no row is read into Python
    csv_cells: ClassVar[dict[str, Callable[[], Any]]] = {}
    list_template = "page/list.html"
    export_name: ClassVar[str] = "list"
    # FAB makes a form per view even where none of its pages is used
    search_form = HouseForm
    add_form = HouseForm
    edit_form = HouseForm

    # FAB keeps one Filters object per process and fills it per request: two requests would mix (measured: 156 of 160 pages)
    @property
    def _filters(self) -> Filters:
        if not has_request_context():
            return self.__dict__["_filter_model"]
        kept = g.setdefault("_filters_of_request", {})
        if self.endpoint not in kept:
            kept[self.endpoint] = self.datamodel.get_filters(self.search_columns)
        return kept[self.endpoint]

    @_filters.setter
    def _filters(self, filters: Filters) -> None:
        self.__dict__["_filter_model"] = filters

    def _init_titles(self) -> None:
        """Keep FAB from naming pages “List Customer”."""

    def rows(self) -> Select[Any]:
        """Select the rows of the list, before filters; the scope narrows it by itself."""
        return select(self.datamodel.obj)

    def exported_columns(self) -> tuple[Column, ...]:
        """Return the export's columns, those that rows decide among them."""
        return self.columns

    def _asked(self, actor: Actor, offered: tuple[Column, ...] | None = None) -> tuple[Any, list[Column]]:
        columns = readable_columns(self.columns if offered is None else offered, actor)
        asked = read_request(
            self._fab_filtered(self.rows()),
            columns,
            self.filters,
            actor,
            search=type(self).search,
            search_row=type(self).search_row,
            default_sort=self.default_sort,
            default_descending=self.default_descending,
        )
        return asked, columns

    def _fab_filtered(self, statement: Select[Any]) -> Select[Any]:
        asked = {name: request.args.getlist(name) for name in request.args if name.startswith("_flt_")}
        if not asked:
            return statement
        if any(
            value.strip().lstrip("+-").isdigit() and len(value) > LONGEST_NUMBER
            for values in asked.values()
            for value in values
        ):
            abort(400)
        filters = self._filters
        try:
            get_filter_args(filters)
            return filters.apply_all(statement)
        except (FABException, ValueError, TypeError, LookupError, AttributeError):
            abort(400)

    @expose("/list/")
    def list(self) -> str:
        """Show the list."""
        actor = self.actor()
        asked, columns = self._asked(actor)
        listing = build(
            asked,
            columns,
            self.datamodel.obj.id,
            options=self.load if self.list_load is None else self.list_load,
            row_url=self.row_url,
            row_tone=self.row_tone,
            searchable=type(self).search is not None,
            search_label=str(self.search_label),
        )
        listing.export_url = self._same_query("export") if "export" in self.keys else None
        listing.add_url = self.link("add") if "add" in self.keys else None
        listing.add_label = str(self.add_label)
        listing.bulk_actions = [*self.bulk_actions(actor)]
        listing.empty_text = (
            _("Nothing is found under these filters.") if _is_narrowed(listing) else str(self.empty_text)
        )
        listing.empty_icon = self.empty_icon
        return self.render(self.list_template, page=self, listing=listing, **self.list_context(actor))

    def bulk_actions(self, actor: Actor) -> Sequence[BulkAction]:
        """Return what may be done with the chosen rows of a list."""
        return []

    def list_context(self, actor: Actor) -> dict[str, Any]:
        """Return what a list's own template wants besides the list."""
        return {}

    def _same_query(self, method: str) -> str | None:
        address = self.link(method)
        query = request.query_string.decode("ascii", "ignore")
        return f"{address}?{query}" if address and query else address

    @expose("/export")
    def export(self) -> Response:
        """Download the list as CSV: exactly the rows under filters, scope and key; the download is logged."""
        actor = self.actor()
        asked, columns = self._asked(actor, self.exported_columns())
        with transaction():
            record(
                "access",
                "list.exported",
                tenant_id=actor.tenant_id,
                owner_id=actor.owner_id,
                list=self.export_name,
                query=request.query_string.decode("ascii", "ignore")[:300],
            )
        titles = [str(column.label) for column in columns if not column.only_page]
        identity = self.datamodel.obj.id
        statement = csv_statement(asked, columns, identity, self.csv_cells)
        if statement is not None:
            return csv_of_statement(self.export_name, titles, self.for_cells(statement))
        return csv_response(self.export_name, titles, csv_rows(asked, columns, identity, self.load))

    def for_cells(self, statement: Select[Any]) -> Select[Any]:
        """Join what ``csv_cells`` read besides the model's own table."""
        return statement

    def row_url(self, row: Any) -> str | None:
        """Return where a row of the list leads."""
        return self.link("show", pk=row.id) if "show" in self.keys else None

    def row_tone(self, row: Any) -> str | None:
        """Return how a row is drawn: "void" strikes its amounts out."""
        return None

    def _row(self, pk: object) -> Any:
        return get_or_404(self.datamodel.obj, pk, *self.load)


def _is_narrowed(listing: Listing) -> bool:
    return bool(listing.query or any(one.active for one in listing.filters))


def remember_language(language: str) -> None:
    """Show pages in this language for the rest of the session."""
    # FAB puts a default under "locale" by itself; what was chosen must be told from it
    session["locale"] = session["chosen_locale"] = language


def log_refusal(key: str | None, kind: str) -> None:
    """Record that access was refused, in the actor's tenant (spec §1)."""
    actor = current_actor()
    if actor is None or actor.tenant_id is None:
        return
    with everywhere("the refusal is the actor's own entry"), transaction():
        record(
            "access",
            "access.refused",
            tenant_id=actor.tenant_id,
            owner_id=actor.owner_id,
            path=request.path[:200],
            method=request.method,
            key=key or "",
            kind=kind,
        )
