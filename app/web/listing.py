"""Lists: which columns and filters a list has, and what of them one request shows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_babel.speaklater import LazyString
from markupsafe import Markup, escape
from sqlalchemy import Select, and_, case, false, func, select, true, union_all

from app.access.actor import Actor, reader_digits
from app.access.scope import by_owner
from app.core.clock import start_of_day
from app.core.database import db
from app.core.errors import Refused
from app.core.language import in_digits, normalise, to_ascii_digits
from app.core.money import parse_amount
from app.web.cells import html_of
from app.web.formats import show_day, show_number, show_taka

PAGE_SIZES = (25, 50, 100)
LAST_PAGE = 1_000_000
LONGEST_SEARCH = 100
ABOUT_THE_PAGE = ("page", "after", "totals", "choices")
"""What an address says of the page alone: another filter or order begins anew."""

LARGEST_KEY = 10**9
COUNTED = 1_000
"""Rows are counted and added up to this many: beyond, a page would cost the more the more customers there are."""

MOST_OWNERS = 20
"""The rows of so many owners are read from the index of each, in order, and put together."""

WALKED = 30_000
"""How far along its order a list is read for rows that filters leave in plenty, before they are all looked up and put in order."""


@dataclass(frozen=True)
class Column:
    """A column of a list. ``value`` reads it off a row; ``sort`` is what orders by it; ``key`` is the permission, or any of several, that opens it.

    ``csv`` reads what the export writes where that differs; ``total`` is what the foot adds up, in paisa. ``is_key`` marks a whole number
    that no two rows share: in its order the next page is found without reading the pages before it.
    """

    name: str
    label: Any
    value: Callable[[Any], Any]
    kind: str = "text"
    sort: Any = None
    key: str | tuple[str, ...] | None = None
    csv: Callable[[Any], Any] | None = None
    total: Any = None
    url: Callable[[Any], str | None] | None = None
    secondary: Callable[[Any], Any] | None = None
    tone: Callable[[Any], str | None] | None = None
    only_csv: bool = False
    only_page: bool = False
    card: str | None = None
    align: str | None = None
    running: bool = False
    is_key: bool = False


@dataclass(frozen=True)
class Choice:
    """Narrow a list to rows with one of some values.

    ``from_rows``: the values are rows of the database. They are read when somebody opens the filter, or when it narrows, and not
    for every list.
    """

    name: str
    label: Any
    options: Callable[[], list[tuple[str, Any]]]
    condition: Callable[[str], Any]
    key: str | tuple[str, ...] | None = None
    from_rows: bool = False

    def read(self, arguments: dict[str, str]) -> "ShownFilter":
        """Read the filter off the address; a value that is not offered narrows to nothing rather than to everything."""
        chosen = arguments.get(self.name, "")
        is_open = arguments.get("choices") == self.name
        if self.from_rows and not chosen and not is_open:
            return ShownFilter(self.name, str(self.label), "choice", conditions=[], active=False, waits=True)
        options = [(value, str(label)) for value, label in self.options()]
        known = dict(options)
        condition = self.condition(chosen) if chosen in known else None
        return ShownFilter(
            self.name,
            str(self.label),
            "choice",
            conditions=[condition] if condition is not None else [],
            active=chosen in known and chosen != "",
            active_label=known.get(chosen, ""),
            is_open=is_open,
            options=[{"value": value, "label": label, "selected": value == chosen} for value, label in options],
        )


@dataclass(frozen=True)
class DateRange:
    """Narrow a list to dates or moments from one day to another, both included."""

    name: str
    label: Any
    column: Any
    is_moment: bool = False
    key: str | tuple[str, ...] | None = None

    def read(self, arguments: dict[str, str]) -> "ShownFilter":
        """Read both days off the address; what is no date is left out."""
        first, last = (_day(arguments.get(f"{self.name}_{edge}", "")) for edge in ("from", "to"))
        conditions = []
        if first:
            conditions.append(self.column >= (start_of_day(first) if self.is_moment else first))
        if last:
            conditions.append(
                self.column < start_of_day(last + timedelta(days=1)) if self.is_moment else self.column <= last
            )
        label = " – ".join(show_day(day) if day else "…" for day in (first, last))
        return ShownFilter(
            self.name,
            str(self.label),
            "date_range",
            conditions=conditions,
            active=bool(conditions),
            active_label=label,
            from_value=first.isoformat() if first else "",
            to_value=last.isoformat() if last else "",
        )


@dataclass(frozen=True)
class AmountRange:
    """Narrow a list to amounts from one to another, typed in taka."""

    name: str
    label: Any
    column: Any
    key: str | tuple[str, ...] | None = None

    def read(self, arguments: dict[str, str]) -> "ShownFilter":
        """Read both amounts off the address; what is no amount is left out."""
        typed = {edge: arguments.get(f"{self.name}_{edge}", "")[:30] for edge in ("from", "to")}
        least, most = _paisa(typed["from"]), _paisa(typed["to"])
        conditions = [] if least is None else [self.column >= least]
        conditions += [] if most is None else [self.column <= most]
        label = " – ".join("…" if paisa is None else show_taka(paisa) for paisa in (least, most))
        return ShownFilter(
            self.name,
            str(self.label),
            "amount_range",
            conditions=conditions,
            active=bool(conditions),
            active_label=label,
            from_value=typed["from"],
            to_value=typed["to"],
        )


@dataclass(frozen=True)
class Word:
    """Narrow a list to rows that fit a typed word or number, in either digits; ``condition`` is None for what fits no row."""

    name: str
    label: Any
    condition: Callable[[str], Any]
    key: str | tuple[str, ...] | None = None

    def read(self, arguments: dict[str, str]) -> "ShownFilter":
        """Read the word off the address."""
        typed = normalise(arguments.get(self.name, ""))[:LONGEST_SEARCH]
        condition = self.condition(to_ascii_digits(typed)) if typed else None
        return ShownFilter(
            self.name,
            str(self.label),
            "word",
            conditions=[false() if condition is None else condition] if typed else [],
            active=bool(typed),
            active_label=in_digits(to_ascii_digits(typed), reader_digits()),
            value=typed,
        )


Filter = Choice | DateRange | AmountRange | Word


@dataclass
class ShownFilter:
    """A filter as one request shows it."""

    name: str
    label: str
    kind: str
    conditions: list[Any]
    active: bool
    active_label: str = ""
    options: list[dict[str, Any]] = field(default_factory=list)
    from_value: str = ""
    to_value: str = ""
    value: str = ""
    multiple: bool = False
    clear_url: str = ""
    waits: bool = False
    is_open: bool = False
    choices_url: str = ""


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(to_ascii_digits(text)) if len(text) <= 40 else None
    except ValueError:
        return None
    # at the ends of the calendar there is no day before or after to reckon with
    return day if day and 1900 <= day.year <= 2200 else None


def _paisa(text: str) -> int | None:
    try:
        return parse_amount(text, allow_zero=True) if text.strip() else None
    except Refused:
        return None


@dataclass
class ListRequest:
    """What the address asks of a list: ``conditions`` narrow ``every`` row; ``row_conditions`` say the same of a row that is at hand."""

    every: Select[Any]
    conditions: list[Any]
    row_conditions: list[Any]
    filters: list[ShownFilter]
    query: str
    page: int
    page_size: int
    sort: str
    descending: bool
    after: int | None = None
    adds_up_all: bool = False

    @property
    def statement(self) -> Select[Any]:
        """The rows that the filters leave."""
        return self.every.where(*self.conditions)


@dataclass(frozen=True)
class Spots:
    """Which column is a card's title, amount and status: said by ``card``, else the first text, the last amount, the first status."""

    title: str
    amount: str
    status: str

    @classmethod
    def of(cls, columns: list[Column]) -> "Spots":
        """Find the spots among a list's columns."""
        said = {column.card: column.name for column in columns if column.card}
        free = [column for column in columns if not column.card]
        names = [column.name for column in columns]
        return cls(
            title=said.get("title") or _first(free, "text", "data") or (names[0] if names else ""),
            amount=said.get("amount") or _first(free[::-1], "money", "due"),
            status=said.get("status") or _first(free, "status"),
        )

    def place(self, column: Column, is_blank: bool) -> str:
        """Return the class of a cell: where it stands on a card."""
        if column.name == self.title:
            return "c-title"
        if (column.name == self.amount or column.card == "amount") and not is_blank:
            return "c-amount"
        if column.name == self.status:
            return "c-status"
        if is_blank or column.card == "hide" or column.kind == "phone" and not column.card:
            return "c-hide"
        return "c-meta"


def _first(columns: list[Column], *kinds: str) -> str:
    return next((column.name for column in columns if column.kind in kinds), "")


@dataclass
class Row:
    """A row as the template draws it: its cells are HTML already."""

    id: int
    html: Markup
    is_linked: bool
    tone: str | None = None
    actions: list[Any] = field(default_factory=list)


class _Drawing:
    """What all rows of a list share while they are drawn."""

    def __init__(
        self,
        columns: list[Column],
        row_url: Callable[[Any], str | None] | None,
        row_tone: Callable[[Any], str | None] | None,
    ) -> None:
        self.row_url, self.row_tone = row_url, row_tone
        self.spots = Spots.of(columns)
        self.columns = [(column, is_right(column.align, column.kind), self._label(column)) for column in columns]

    @staticmethod
    def _label(column: Column) -> str:
        if column.card == "bare" or column.kind not in LABELLED:
            return ""
        return f'<span class="phone-only-label">{escape(str(column.label))} </span>'

    def row(self, row: Any) -> Row:
        """Draw a row."""
        url, tone = self.row_url(row) if self.row_url else None, self.row_tone(row) if self.row_tone else None
        contents = [_plain(column.value(row)) for column, _right, _label in self.columns]
        places = [
            self.spots.place(column, content is None or content == "")
            for (column, _right, _label), content in zip(self.columns, contents, strict=True)
        ]
        last_meta = max((at for at, place in enumerate(places) if place == "c-meta"), default=-1)
        is_linked, cells = url is not None, []
        for at, ((column, right, label), content, place) in enumerate(zip(self.columns, contents, places, strict=True)):
            own_url = column.url(row) if column.url else None
            is_linked |= own_url is not None
            css, inner = place, ""
            if place == "c-meta":
                css += " c-more" if at < last_meta else ""
                inner = label
            if right:
                css += " num" + (" strikes" if tone == "void" and not column.running else "")
            if not right or (content is not None and content != ""):
                is_title = place == "c-title"
                inner += html_of(
                    content,
                    column.kind,
                    own_url or (url if is_title else None),
                    column.tone(row) if column.tone else None,
                    "who" if is_title else "",
                )
            if column.secondary and (second := column.secondary(row)):
                inner += f'<div class="muted small second" translate="no">{escape(second)}</div>'
            cells.append(f'<td class="{css}">{inner}</td>')
        return Row(row.id, Markup("".join(cells)), is_linked, tone)


def _plain(content: Any) -> Any:
    # a sentence that waits for its reader is looked up anew at every use
    return str(content) if isinstance(content, LazyString) else content


LABELLED = ("date", "moment", "money", "due", "number", "yes_no")
"""Kinds whose values do not say by themselves what they are: a card names them."""


def is_right(align: str | None, kind: str) -> bool:
    """Tell whether a column stands at the right edge: amounts do."""
    return align in ("right", "end") or not align and kind in ("money", "due")


@dataclass
class ShownColumn:
    """A column's head as the template draws it."""

    name: str
    label: str
    kind: str
    sort_url: str | None
    sorted: str | None
    card: str | None
    align: str | None
    running: bool


@dataclass
class Listing:
    """A list as the template draws it."""

    columns: list[ShownColumn]
    rows: list[Row]
    filters: list[ShownFilter]
    query: str
    searchable: bool
    search_label: str
    clear_url: str
    count: int
    count_text: str
    page_size: int
    page_sizes: list[dict[str, Any]]
    previous_url: str | None
    next_url: str | None
    totals: dict[str, int]
    totals_label: str
    hidden: list[tuple[str, str]]
    add_up_url: str | None = None
    export_url: str | None = None
    pdf_url: str | None = None
    add_url: str | None = None
    add_label: str = ""
    empty_text: str = ""
    empty_icon: str = "list"
    bulk_actions: Sequence[Any] = ()
    title: str = ""


def opens(key: str | tuple[str, ...] | None, actor: Actor) -> bool:
    """Tell whether a column or filter opens to the viewer: no key, the key, or any of several."""
    if key is None:
        return True
    return any(actor.may(one) for one in ((key,) if isinstance(key, str) else key))


def readable_columns(columns: tuple[Column, ...], actor: Actor) -> list[Column]:
    """Return the columns the viewer's keys open."""
    return [column for column in columns if opens(column.key, actor)]


def read_request(
    statement: Select[Any],
    columns: list[Column],
    filters: tuple[Filter, ...],
    actor: Actor,
    *,
    search: Callable[[str], Any] | None,
    search_row: Callable[[str], Any] | None,
    default_sort: str,
    default_descending: bool = True,
) -> ListRequest:
    """Read filters, search, order and page off the address; nonsense falls back to the default.

    ``search`` is the condition that an index answers, ``search_row`` the same for a row that is read anyway, where that differs.
    """
    arguments = {name: value.replace("\x00", "") for name, value in request.args.items()}
    shown = [one.read(arguments) for one in filters if opens(one.key, actor)]
    conditions = [condition for one in shown for condition in one.conditions]
    row_conditions = list(conditions)
    query = normalise(arguments.get("q", ""))[:LONGEST_SEARCH] if search else ""
    if query and search:
        conditions.append(search(query))
        row_conditions.append((search_row or search)(query))
    sortable = {column.name for column in columns if column.sort is not None}
    sort = arguments.get("sort", "")
    descending = arguments.get("dir") == "desc"
    if sort not in sortable:
        sort, descending = default_sort, default_descending
    return ListRequest(
        statement,
        conditions,
        row_conditions,
        shown,
        query,
        page=_whole(arguments.get("page", ""), 1, LAST_PAGE) or 1,
        page_size=size if (size := _whole(arguments.get("page_size", ""), 1, 100)) in PAGE_SIZES else actor.page_size,
        sort=sort,
        descending=descending,
        after=_whole(arguments.get("after", ""), 0, LARGEST_KEY) if sort in _key_columns(columns) else None,
        adds_up_all=arguments.get("totals") == "all",
    )


def _key_columns(columns: list[Column]) -> dict[str, Column]:
    return {column.name: column for column in columns if column.is_key}


def _whole(text: str, least: int, most: int) -> int | None:
    text = to_ascii_digits(text)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return min(max(int(text), least), most)


def ordered(asked: ListRequest, columns: list[Column], identity: Any) -> Select[Any]:
    """Return the statement in the order asked for; among equals newer rows come first, or last where the order ascends."""
    return asked.statement.order_by(*_order(asked, columns, identity))


def _order(asked: ListRequest, columns: list[Column], identity: Any) -> list[Any]:
    order = next((column.sort for column in columns if column.name == asked.sort), identity)
    expressions = order if isinstance(order, tuple) else (order,)
    # all in one direction: an index can be read backwards, but not half of it
    return [expression.desc() if asked.descending else expression.asc() for expression in (*expressions, identity)]


def page_of_rows(
    asked: ListRequest, columns: list[Column], identity: Any, options: tuple[Any, ...]
) -> tuple[list[Any], int, dict[str, int]]:
    """Return the rows of the page and, where there is a next one, its first row; how many rows the filters leave; their sums.

    The keys come first, from an index, and only the rows of the page are joined and read whole. Count and sums come with them:
    one statement. Under filters the count comes before: how the rows are best found hangs on how many there are.
    """
    model, order = identity.class_, _order(asked, columns, identity)
    keys = _keys(asked, asked.statement, order, identity)
    counted, names = _count_and_sums(asked, columns, identity)
    if not _is_of_one_table(asked.statement, identity):
        # the order may be that of another table, which the second statement does not join
        ids = list(db.session.execute(keys).scalars())
        found = db.session.execute(select(model).where(identity.in_(ids)).options(*options)).scalars().unique()
        by_id = {row.id: row for row in found}
        count, *sums = db.session.execute(counted).one()
        return [by_id[one] for one in ids if one in by_id], count, _by_name(names, sums)
    if asked.conditions and asked.sort in _key_columns(columns):
        count, *sums = db.session.execute(counted).one()
        rows: list[Any] = []
        if count > COUNTED and not by_owner(model):
            rows = _read_rows(_walk(asked, order, identity), order, identity, options)
        if len(rows) <= asked.page_size:
            if count <= COUNTED:
                # so few are put in order in no time; an index of the order would be walked past a million others for them
                first = order[0].element + 0
                few = [first.desc() if asked.descending else first.asc(), *order[1:]]
                keys = _keys(asked, asked.statement, few, identity)
            rows = _read_rows(keys, order, identity, options)
        return rows, count, _by_name(names, sums)
    figures, chosen = counted.subquery(), keys.subquery()
    read = (
        select(model, *figures.c)
        .select_from(figures)
        .outerjoin(chosen, true())
        .outerjoin(model, identity == chosen.c.id)
        .order_by(*order)
        .options(*options)
    )
    found_with_figures = db.session.execute(read).unique().all()
    _row, count, *sums = found_with_figures[0]
    return [row for row, *_figures in found_with_figures if row is not None], count, _by_name(names, sums)


def _is_of_one_table(statement: Select[Any], identity: Any) -> bool:
    froms = statement.with_only_columns(identity, maintain_column_froms=True).get_final_froms()
    return [source.name for source in froms] == [identity.class_.__tablename__]


def _keys(asked: ListRequest, statement: Select[Any], order: list[Any], identity: Any) -> Select[Any]:
    """Return the statement of the page's keys, and of one more."""
    keys = statement.with_only_columns(identity, maintain_column_froms=True)
    size, before = asked.page_size + 1, (asked.page - 1) * asked.page_size
    if asked.after is not None:
        # the page after the row with this key: nothing before it is read again
        edge, before = order[0].element, 0
        keys = keys.where(edge < asked.after if asked.descending else edge > asked.after)
    owners = by_owner(identity.class_)
    if 0 < len(owners) <= MOST_OWNERS and _is_of_one_table(keys, identity):
        return _of_each(asked, keys, order, identity, owners).limit(size).offset(before)
    return keys.order_by(*order).limit(size).offset(before)


def _of_each(asked: ListRequest, keys: Select[Any], order: list[Any], identity: Any, owners: list[Any]) -> Select[Any]:
    """Return the keys in order, from the index of each owner: no index has the rows of several in one order."""
    most = (0 if asked.after is not None else (asked.page - 1) * asked.page_size) + asked.page_size + 1
    marks = [part.element.label(f"mark_{at}") for at, part in enumerate(order)]
    first = [keys.with_only_columns(*marks).where(owner).order_by(*order).limit(most).subquery() for owner in owners]
    found = union_all(*(select(*one.c) for one in first)).subquery()
    directed = [mark.desc() if asked.descending else mark.asc() for mark in found.c]
    return select(list(found.c)[-1].label("id")).order_by(*directed)


def _walk(asked: ListRequest, order: list[Any], identity: Any) -> Select[Any]:
    """Return the statement of the page's keys that goes along the list's order for a while and looks at each row.

    Where filters leave one row in so many, that is a short way; to look all of them up and put them in order takes the longer
    the more customers there are. What it does not find within WALKED rows it leaves out.
    """
    key = order[0].element
    every = asked.every
    if asked.after is not None:
        every = every.where(key < asked.after if asked.descending else key > asked.after)
    last = every.with_only_columns(key).order_by(order[0]).limit(1).offset(WALKED).correlate(None).scalar_subquery()
    is_near = key > func.coalesce(last, -1) if asked.descending else key < func.coalesce(last, LARGEST_KEY + 1)
    # in this shape no index offers itself for the conditions
    fits = case((and_(*asked.row_conditions), 1), else_=0) == 1
    return _keys(asked, asked.every.where(is_near, fits), order, identity)


def _read_rows(keys: Select[Any], order: list[Any], identity: Any, options: tuple[Any, ...]) -> list[Any]:
    chosen = keys.subquery()
    read = select(identity.class_).join(chosen, identity == chosen.c.id).order_by(*order).options(*options)
    return list(db.session.execute(read).scalars().unique())


def _by_name(names: list[str], sums: Iterable[Any]) -> dict[str, int]:
    return {name: int(total) for name, total in zip(names, sums, strict=True)}


def _count_and_sums(asked: ListRequest, columns: list[Column], identity: Any) -> tuple[Select[Any], list[str]]:
    """Return the statement that counts what the filters leave, COUNTED + 1 at the most, and adds up, and the names of its sums."""
    totalled = [column for column in columns if column.total is not None]
    narrowed = asked.statement.with_only_columns(
        identity.label("key"),
        *(column.total.label(f"total_{column.name}") for column in totalled),
        maintain_column_froms=True,
    ).order_by(None)
    found = (narrowed if asked.adds_up_all else narrowed.limit(COUNTED + 1)).subquery()
    sums = (func.coalesce(func.sum(one), 0).label(one.name) for one in list(found.c)[1:])
    return select(func.count(found.c.key).label("count_of_rows"), *sums), [column.name for column in totalled]


def build(
    asked: ListRequest,
    columns: list[Column],
    identity: Any,
    *,
    options: tuple[Any, ...] = (),
    row_url: Callable[[Any], str | None] | None = None,
    row_tone: Callable[[Any], str | None] | None = None,
    searchable: bool,
    search_label: str = "",
) -> Listing:
    """Run the list's statements and return what the template draws."""
    shown = [column for column in columns if not column.only_csv]
    rows, count, totals = page_of_rows(asked, shown, identity, options)
    has_next = len(rows) > asked.page_size
    rows = rows[: asked.page_size]
    is_more = count > COUNTED and not asked.adds_up_all
    arguments = {name: value for name, value in request.args.items() if name not in (*ABOUT_THE_PAGE, "_l_") and value}
    for one in asked.filters:
        dropped = {one.name, f"{one.name}_from", f"{one.name}_to"}
        one.clear_url = _address({name: value for name, value in arguments.items() if name not in dropped})
        one.choices_url = _address({**arguments, "choices": one.name}) if one.waits else ""
    kept = {name: value for name, value in arguments.items() if name in ("sort", "dir", "page_size", "tab")}
    following = {**arguments, "page": str(asked.page + 1)}
    if has_next and (key := _key_columns(shown).get(asked.sort)):
        following["after"] = str(key.value(rows[-1]))
    return Listing(
        columns=[_head(column, asked, arguments) for column in shown],
        rows=list(map(_Drawing(shown, row_url, row_tone).row, rows)),
        filters=asked.filters,
        query=asked.query,
        searchable=searchable,
        search_label=search_label,
        clear_url=_address(kept),
        count=count,
        count_text=_count_text(asked, len(rows), count, is_more),
        page_size=asked.page_size,
        page_sizes=[{"size": size, "url": _address({**arguments, "page_size": str(size)})} for size in PAGE_SIZES],
        previous_url=_address({**arguments, "page": str(asked.page - 1)}) if asked.page > 1 else None,
        next_url=_address(following) if has_next else None,
        totals=totals if rows and not is_more else {},
        totals_label=ngettext(
            "Total of %(count)s row under these filters",
            "Total of all %(count)s rows under these filters",
            count,
            count=show_number(count),
        ),
        hidden=list(kept.items()),
        add_up_url=_address({**arguments, "page": str(asked.page), "totals": "all"}) if is_more and totals else None,
    )


def _count_text(asked: ListRequest, on_page: int, count: int, is_more: bool) -> str:
    if is_more:
        return _(
            "Page %(page)s · %(shown)s of more than %(count)s",
            page=show_number(asked.page),
            shown=show_number(on_page),
            count=show_number(COUNTED),
        )
    return _(
        "Page %(page)s · %(shown)s of %(count)s",
        page=show_number(asked.page),
        shown=show_number(on_page),
        count=show_number(count),
    )


def _head(column: Column, asked: ListRequest, arguments: dict[str, str]) -> ShownColumn:
    direction = None
    sort_url = None
    if column.sort is not None:
        if asked.sort == column.name:
            direction = "desc" if asked.descending else "asc"
        turned = "desc" if direction == "asc" else "asc"
        sort_url = _address({**arguments, "sort": column.name, "dir": turned})
    return ShownColumn(
        column.name, str(column.label), column.kind, sort_url, direction, column.card, column.align, column.running
    )


def _address(arguments: dict[str, str]) -> str:
    return request.path + ("?" + urlencode(arguments) if arguments else "")


def csv_rows(asked: ListRequest, columns: list[Column], identity: Any, options: tuple[Any, ...]) -> Iterator[list[Any]]:
    """Yield the cells of every row the filters leave, a chunk of rows at a time."""
    statement = ordered(asked, columns, identity).options(*options).execution_options(yield_per=500)
    written = [column for column in columns if not column.only_page]
    for row in db.session.execute(statement).scalars():
        yield [(column.csv or column.value)(row) for column in written]


def csv_statement(
    asked: ListRequest, columns: list[Column], identity: Any, cells: Mapping[str, Callable[[], Any]]
) -> Select[Any] | None:
    """Return the statement whose cells the database writes, or None where a column's can only be written in Python."""
    names = [column.name for column in columns if not column.only_page]
    if not set(names) <= set(cells):
        return None
    written = [cells[name]().label(f"cell_{name}") for name in names]
    return ordered(asked, columns, identity).with_only_columns(*written, maintain_column_froms=True)


def simple_listing(
    columns: tuple[Column, ...],
    rows: list[Any],
    *,
    row_url: Callable[[Any], str | None] | None = None,
    row_tone: Callable[[Any], str | None] | None = None,
    empty_text: str = "",
) -> Listing:
    """Return rows that are at hand as a list without filters, orders or pages: a tab of a profile."""
    return Listing(
        columns=[
            ShownColumn(
                column.name, str(column.label), column.kind, None, None, column.card, column.align, column.running
            )
            for column in columns
        ],
        rows=list(map(_Drawing(list(columns), row_url, row_tone).row, rows)),
        filters=[],
        query="",
        searchable=False,
        search_label="",
        clear_url="",
        count=len(rows),
        count_text="",
        page_size=0,
        page_sizes=[],
        previous_url=None,
        next_url=None,
        totals={},
        totals_label="",
        hidden=[],
        empty_text=empty_text,
    )
