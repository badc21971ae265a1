"""History, feedback and review in the system's Chromium, by the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.history import Asked, History, review
from assistant.types import Label, Verdict
from tests.ui.conftest import WAIT_MS, _serve
from tests.ui.scripted import make_answer, make_evidence

pytestmark = pytest.mark.browser

CLAIM = "Velorite raises yield."


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, History]]:
    """The address of the page over a folder in which only a history is kept, and that history: a claim and an item."""
    with Assistant(tmp_path_factory.mktemp("kept")) as assistant, _serve(assistant) as served:  # type: ignore[arg-type]
        history = assistant.history()
        evidence = make_evidence(stance=Label.REFUTES)
        answer = replace(
            make_answer("No.", [evidence]), verdicts=(Verdict(CLAIM, Label.REFUTES, evidence=(evidence,)),)
        )
        turn = history.begin("", CLAIM, standalone="", mode="check", asked=Asked(CLAIM), state=0)
        history.finish(turn, answer)
        review.add_feedback(history, turn.id, "wrong verdict", evidence=1, text="it did rise")
        yield served.url, history


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(WAIT_MS)
    yield tab
    context.close()


def test_an_item_is_labelled_blind_then_for_good_by_two_keys(tab: Any, kept: tuple[str, History]) -> None:
    url, history = kept
    tab.goto(f"{url}#review")
    tab.wait_for_selector("#screen-review .item")
    assert "it did rise" not in tab.inner_text("#screen-review")
    tab.focus("#review-note")
    tab.keyboard.type("srn")  # what is typed is no label
    assert review.items(history)[0].blind is None
    tab.focus("#screen-review")
    tab.keyboard.press("s")
    tab.wait_for_selector("#screen-review .revealed")
    shown = tab.inner_text("#screen-review .revealed")
    assert "Refutes" in shown
    assert "it did rise" in shown
    tab.keyboard.press("R")
    tab.wait_for_selector("#screen-review .card")
    (item,) = review.items(history, reviewed=True)
    assert (item.blind, item.label, item.note) == (Label.SUPPORTS, Label.REFUTES, "srn")


def test_a_conversation_is_found_renamed_kept_and_deleted_by_keyboard(tab: Any, kept: tuple[str, History]) -> None:
    url, history = kept
    tab.goto(f"{url}#history")
    tab.wait_for_selector("#screen-history .threads")
    tab.focus("#history-sought")
    tab.keyboard.type("yield")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#screen-history .hit mark")
    tab.get_by_role("button", name="Show all conversations").press("Enter")
    tab.locator(".rename summary").press("Enter")
    tab.locator(".rename input[name=title]").fill("Tomatoes")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".threads .title:text-is('Tomatoes')")
    assert history.threads()[0].title == "Tomatoes"
    tab.locator(".export summary").press("Enter")
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Markdown").press("Enter")
    assert download.value.suggested_filename.startswith("Tomatoes-c-")
    assert CLAIM in Path(download.value.path()).read_text("utf-8").replace("\\", "")
    asked: list[str] = []
    tab.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    tab.get_by_role("button", name="Delete").press("Enter")
    assert "Tomatoes" in asked[0]
    assert len(history.threads()) == 1
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.get_by_role("button", name="Delete").press("Enter")
    tab.wait_for_selector("#screen-history .card")
    assert history.threads() == []
