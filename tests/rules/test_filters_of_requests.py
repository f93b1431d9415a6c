"""What two requests ask at the same moment never mixes: FAB keeps one filter object per process, the house one per request."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

import app.web.page as page_module
from app.web.page import Page
from tests.cast import GA, NORTH, PADMA_GA
from tests.rules.house import WORDS, House, Visitor

PATIENCE_SECONDS = 30


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Ask two addresses in two threads, each having read its filters before either uses them; return the pages."""

    def ask(*questions: tuple[Visitor, str]) -> list[str]:
        both_have_read = Barrier(len(questions), timeout=PATIENCE_SECONDS)
        read_filters = page_module.get_filter_args

        def read_and_wait(filters: Any) -> None:
            read_filters(filters)
            both_have_read.wait()

        monkeypatch.setattr(page_module, "get_filter_args", read_and_wait)
        pages = [""] * len(questions)

        def look(place: int, visitor: Visitor, address: str) -> None:
            answer = visitor.send("GET", address)
            pages[place] = f"{answer.status_code}\n{answer.text}"

        threads = [Thread(target=look, args=(place, *question)) for place, question in enumerate(questions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        monkeypatch.setattr(page_module, "get_filter_args", read_filters)
        return pages

    return ask


def _has(page: str, word: str) -> bool:
    assert page.startswith("200"), page[:200]
    return word in page.partition("<table")[2]


QUESTIONS = ("/customers/list/?_flt_2_name=Rahima&page_size=100", "/customers/list/?_flt_2_name=Jasim&page_size=100")


def test_two_people_who_ask_at_once_get_each_what_they_asked_for(
    house: House, visitor: Callable[[str], Visitor], at_once: Any
) -> None:
    alone = [visitor(GA).page(question) for question in QUESTIONS]
    assert ["Rahima of" in alone[0], "Jasim of" in alone[0]] == [True, False], "the filter narrows by itself"
    first, second = at_once((visitor(GA), QUESTIONS[0]), (visitor(GA), QUESTIONS[1]))
    assert (_has(first, "Rahima of"), _has(first, "Jasim of")) == (True, False)
    assert (_has(second, "Rahima of"), _has(second, "Jasim of")) == (False, True)


def test_with_fab_s_one_object_they_would_get_each_other_s(
    house: House, visitor: Callable[[str], Visitor], at_once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Page._filters
    monkeypatch.setattr(Page, "_filters", property(lambda self: self.__dict__["_filter_model"], kept.fset))
    first, second = at_once((visitor(GA), QUESTIONS[0]), (visitor(GA), QUESTIONS[1]))
    assert (_has(first, "Rahima of"), _has(second, "Jasim of")) != (True, True)


def test_who_acts_and_whose_rows_are_seen_do_not_mix_either(
    house: House, visitor: Callable[[str], Visitor], at_once: Any
) -> None:
    question = "/customers/list/?_flt_2_name=Rahman&page_size=100"
    pages = dict(
        zip((NORTH, PADMA_GA), at_once((visitor(NORTH), question), (visitor(PADMA_GA), question)), strict=True)
    )
    assert _has(pages[NORTH], WORDS[NORTH]) and not _has(pages[NORTH], WORDS[PADMA_GA])
    assert _has(pages[PADMA_GA], WORDS[PADMA_GA]) and not _has(pages[PADMA_GA], WORDS[NORTH])


def test_a_filter_of_one_request_is_gone_in_the_next(
    house: House, visitor: Callable[[str], Visitor], app: Flask
) -> None:
    boss = visitor(GA)
    boss.page(QUESTIONS[0])
    assert "Jasim of" in boss.page("/customers/list/?page_size=100")
