"""Charts: the drawing and its table tell the same figures, in the reader's language and digits (spec §10)."""

import re
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale

from app.core.language import to_ascii_digits
from app.web.charts import Chart, Series, chart_response

PAGE = '{% from "charts.html" import chart_figure with context %}{{ chart_figure(chart, "/somewhere.json") }}'


def chart(**changes: Any) -> Chart:
    """Make a chart of two days."""
    given: dict[str, Any] = dict(
        name="collection",
        title="Collection",
        category_label="Day",
        categories=["21 Nov", "22 Nov"],
        series=(Series("Cash", [1_00_000_00, 250_50], links=["/payments/list/?paid_on_from=2026-11-21", None]),),
        unit="taka",
    )
    return Chart(**(given | changes))


def figure(app: Flask, shown: Chart, language: str = "en") -> str:
    """Draw a chart's figure in a language."""
    with app.test_request_context(), force_locale(language):
        return render_template_string(PAGE, chart=shown)


class TestAChart:
    """What a view hands over."""

    def test_table_and_drawing_show_the_same_figures(self, app: Flask) -> None:
        with app.test_request_context(), force_locale("en"):
            drawn = chart_response(chart()).get_json()
        page = figure(app, chart())
        assert drawn["series"][0]["values"] == [1_00_000_00, 250_50]
        assert drawn["series"][0]["texts"] == ["৳\u00a01,00,000.00", "৳\u00a0250.50"]
        for category, text in zip(drawn["categories"], drawn["series"][0]["texts"], strict=True):
            assert re.search(rf'<th scope="row">{category}</th><td class="num">.*{re.escape(text)}', page)

    def test_a_value_leads_to_its_rows(self, app: Flask) -> None:
        assert 'href="/payments/list/?paid_on_from=2026-11-21"' in figure(app, chart())

    def test_a_bengali_reader_gets_bengali_digits_and_words(self, app: Flask) -> None:
        with app.test_request_context(), force_locale("bn"):
            drawn = chart_response(chart()).get_json()
        assert drawn["digits"] == "beng"
        assert drawn["series"][0]["texts"][0] == "৳\u00a0১,০০,০০০.০০"
        assert [re.search("[A-Za-z]", step["words"].replace("{n}", "")) for step in drawn["steps"]] == [None] * 3

    @pytest.mark.parametrize(
        ("size", "text"), [(0, "0.0 kB"), (1_250, "1.3 kB"), (7_340_000, "7.3 MB"), (10**12, "1000.0 GB")]
    )
    def test_amounts_of_data_are_written_by_their_size(self, size: int, text: str, app: Flask) -> None:
        with app.test_request_context(), force_locale("en"):
            assert chart(unit="bytes").write(size) == text
        with app.test_request_context(), force_locale("bn"):
            assert to_ascii_digits(chart(unit="bytes").write(size)).split()[0] == text.split()[0]

    def test_a_chart_of_nothing_says_so_and_draws_nothing(self, app: Flask) -> None:
        page = figure(app, chart(series=(Series("Cash", [0, 0]),), empty_text="Nobody has paid yet."))
        assert "Nobody has paid yet." in page
        assert "data-chart" not in page

    @pytest.mark.parametrize(
        "wrong",
        [
            {"series": (Series("Cash", [1]),)},
            {"series": (Series("Cash", [1, 2], links=[None]),)},
            {"marks": ["21"]},
            {"unit": "euro"},
            {"shape": "cake"},
        ],
    )
    def test_what_does_not_fit_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="the chart collection"):
            chart(**wrong)

    def test_a_name_is_shown_as_data_and_no_markup(self, app: Flask) -> None:
        page = figure(app, chart(categories=["<b>Rahim", "Karim"], names_data=True))
        assert '<th scope="row" translate="no">&lt;b&gt;Rahim</th>' in page
