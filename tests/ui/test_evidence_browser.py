"""The evidence panel in the browser, over the sample papers: a page, its line, the keyboard, and the same after a
reload."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from tests.ui.conftest import WAIT_MS, Served, _serve

pytestmark = pytest.mark.browser

HREFS = """() => [...document.querySelectorAll('#turns a[href^="#cite-"]')].map(a => a.getAttribute('href'))"""
SHOWN = """() => { const turns = document.querySelector('#turns').cloneNode(true);
  for (const e of turns.querySelectorAll('[id^="step-"]')) e.removeAttribute('id');
  return turns.querySelector('.turn').innerHTML; }"""
"""The answer as it stands on the page, but for the names by which the page keeps steps unfolded."""
DRAWN = "() => { const i = document.querySelector('#evidence-page img'); return i && i.complete && i.naturalWidth; }"


@pytest.fixture(scope="module")
def asked(sample_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A page over a library in which one question was asked, and that conversation."""
    folder = shutil.copytree(sample_library, tmp_path_factory.mktemp("clicked") / "library")
    with Assistant(folder, history=True) as assistant:
        talk = assistant.conversation()
        talk.ask("Does velorite increase tomato yield?")
        with _serve(assistant) as served:  # type: ignore[arg-type]
            yield served, talk.id


@pytest.fixture(params=[1440, 390])
def tab(request: pytest.FixtureRequest, browser: Any, asked: tuple[Served, str]) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(WAIT_MS)
    tab.goto(f"{asked[0].url}#chat/{asked[1]}")
    tab.wait_for_selector(".turn .cite")
    yield tab
    context.close()


def test_enter_on_a_citation_shows_its_line_on_its_page_and_escape_goes_back(tab: Any) -> None:
    cite = tab.locator('.answer a[href^="#cite-"]').first
    cite.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function(DRAWN)
    sheet, box = (tab.locator(s).first.bounding_box() for s in ("#evidence-page .sheet", ".evidence-box"))
    assert sheet["x"] <= box["x"]
    assert box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1
    assert 0 <= box["y"] < 900
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#evidence-page", state="hidden")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == cite.get_attribute("href")


def test_pages_are_turned_and_enlarged_and_j_and_k_walk_the_citations(tab: Any) -> None:
    tab.locator('.answer a[href^="#cite-"]').first.click()
    tab.wait_for_function(DRAWN)
    width = tab.locator(".sheet").bounding_box()["width"]
    tab.click("#evidence-larger")
    assert tab.locator(".sheet").bounding_box()["width"] == pytest.approx(1.5 * width, rel=0.05)
    first = tab.locator("#evidence-page img").get_attribute("src")
    tab.click("#evidence-leaf-after")
    tab.wait_for_function("src => document.querySelector('#evidence-page img')?.getAttribute('src') !== src", arg=first)
    assert tab.locator(".evidence-box").count() == 0
    for key, n in (("j", "2"), ("k", "1"), ("k", "6")):
        tab.keyboard.press(key)
        tab.wait_for_selector(f'#evidence-page .reading[data-n="{n}"]')


def test_an_answer_is_the_same_after_a_reload_with_its_own_citations(tab: Any) -> None:
    before, links = tab.evaluate(SHOWN), tab.evaluate(HREFS)
    assert links
    tab.reload()
    tab.wait_for_selector(".turn .cite")
    assert tab.evaluate(HREFS) == links
    assert tab.evaluate(SHOWN) == before


def test_an_answer_just_given_is_the_same_after_a_reload(browser: Any, asked: tuple[Served, str]) -> None:
    tab = browser.new_context().new_page()
    tab.set_default_timeout(WAIT_MS)
    tab.goto(asked[0].url)
    tab.fill("#question", "How much does velorite change nitrate leaching?")
    tab.press("#question", "Enter")
    tab.wait_for_selector('.turn[data-conversation^="c-"]:not([data-running]) .cite')
    before, links = tab.evaluate(SHOWN), tab.evaluate(HREFS)
    tab.reload()
    tab.wait_for_selector(".turn .cite")
    assert tab.evaluate(HREFS) == links
    assert tab.evaluate(SHOWN) == before
    tab.context.close()
