"""Charts: figures of a page as bars or lines, with a table of the same figures for who cannot see or run the drawing.

A view builds a `Chart`, hands it to its template, and serves the same chart at a JSON route of its own, behind its own key::

    def _collection(self) -> Chart:
        days = collected_by_day(...)
        return Chart(
            "collection",
            _("Collection by day"),
            category_label=_("Day"),
            categories=[show_day(day) for day in days],
            series=(Series(_("Collected"), [row.amount for row in days], links=[...]),),
            unit="taka",
        )

    @expose("/reports/collection.json")
    def collection_json(self) -> Response:
        return chart_response(self._collection())

In the template, which needs nothing else (script and library load by themselves, the library once a chart comes into view)::

    {% from "charts.html" import chart_figure with context %}
    {{ chart_figure(chart, url_for("ReportPage.collection_json")) }}

Values are whole numbers: paisa, rows, or bytes. What a reader sees of them (table, tooltip) is written here, in the reader's language and digits;
the script writes the marks of the axis alone, by the steps it is given. A page may show any number of charts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import jsonify
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access.actor import reader_digits
from app.core.money import NO_BREAK_SPACE, PAISA
from app.web.formats import show_bytes, show_number, show_taka

LAKH = 100_000 * PAISA
CRORE = 100 * LAKH
SHAPES = ("bars", "bars-across", "lines", "areas")


@dataclass(frozen=True)
class Series:
    """Values of one name, one for each category; ``links`` lead from a value to the rows that make it up.

    ``tone`` is "ok", "due", "warn", "accent" or "muted"; without one the chart gives each series a colour. ``tones`` colours the values one by one.
    """

    name: str
    values: Sequence[int]
    links: Sequence[str | None] = ()
    tone: str = ""
    tones: Sequence[str] = ()


@dataclass(frozen=True)
class Chart:
    """Figures to draw. ``unit`` is "taka" (paisa), "count" or "bytes"; ``shape`` "bars", "bars-across" (names on the left), "lines" or "areas".

    ``categories`` are written for the reader; ``marks`` are shorter words for the axis, "" for none. With ``stacked`` the series stand on each other.
    ``names_data`` says that the categories are data (names of people) and no words of the page. Raises ValueError when lengths do not fit.
    """

    name: str
    title: str
    category_label: str
    categories: Sequence[str]
    series: Sequence[Series]
    unit: str = "count"
    shape: str = "bars"
    stacked: bool = False
    marks: Sequence[str] = ()
    names_data: bool = False
    note: str = ""
    empty_text: str = ""

    def __post_init__(self) -> None:
        wanted = len(self.categories)
        lengths = [len(one.values) for one in self.series] + [
            len(given) for one in self.series for given in (one.links, one.tones) if given
        ]
        if any(length != wanted for length in lengths) or (self.marks and len(self.marks) != wanted):
            raise ValueError(f"the chart {self.name} has {wanted} categories, and something of another length")
        if self.unit not in _WRITERS or self.shape not in SHAPES:
            raise ValueError(f"the chart {self.name} has an unknown unit or shape")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for one in self.series for value in one.values)

    @property
    def height(self) -> int:
        """The height of the drawing in pixels, in steps of 40: names on the left want a row each."""
        return min(max(40 + 40 * len(self.categories), 160), 800) if self.shape == "bars-across" else 240

    def write(self, value: int) -> str:
        """Write a value in the reader's language and digits."""
        return _WRITERS[self.unit](value)

    def rows(self) -> list[dict[str, Any]]:
        """Return the table of the figures: a row for each category with the written value and link of each series."""
        return [
            {
                "label": category,
                "cells": [
                    {"text": self.write(one.values[at]), "url": one.links[at] if one.links else None}
                    for one in self.series
                ],
            }
            for at, category in enumerate(self.categories)
        ]

    def as_json(self) -> dict[str, Any]:
        """Return what the script draws from."""
        return {
            "shape": self.shape,
            "stacked": self.stacked,
            "categories": list(self.categories),
            "marks": list(self.marks or self.categories),
            "steps": _steps(self.unit),
            "least": PAISA if self.unit == "taka" else 1,
            "digits": reader_digits(),
            "series": [
                {
                    "name": one.name,
                    "tone": one.tone,
                    "tones": list(one.tones),
                    "values": list(one.values),
                    "texts": [self.write(value) for value in one.values],
                    "links": list(one.links),
                }
                for one in self.series
            ],
        }


def chart_response(chart: Chart) -> Response:
    """Answer a chart's JSON route."""
    return jsonify(chart.as_json())


_WRITERS = {"taka": show_taka, "count": show_number, "bytes": show_bytes}


def _steps(unit: str) -> list[dict[str, Any]]:
    """Return how the marks of the axis are written: from which value on, divided by what, in which words."""
    if unit == "taka":
        return [
            {"from": CRORE, "by": CRORE, "words": _("৳ {n} crore")},
            {"from": LAKH, "by": LAKH, "words": _("৳ {n} lakh")},
            {"from": 0, "by": PAISA, "words": f"৳{NO_BREAK_SPACE}{{n}}"},
        ]
    if unit == "bytes":
        return [
            {"from": 10**9, "by": 10**9, "words": _("{n} GB")},
            {"from": 10**6, "by": 10**6, "words": _("{n} MB")},
            {"from": 0, "by": 10**3, "words": _("{n} kB")},
        ]
    return [{"from": 0, "by": 1, "words": "{n}"}]
