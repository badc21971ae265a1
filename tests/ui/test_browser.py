"""The page in the system's Chromium: what a reader does, and what a hostile paper must not."""

from __future__ import annotations

import contextlib
import re
import socket
from dataclasses import replace
from typing import Any

import pytest

from assistant.types import Answer, Label, Verdict
from tests.ui.conftest import Served
from tests.ui.scripted import HOSTILE, make_evidence

pytestmark = pytest.mark.browser

UNNAMED = """() => [...document.querySelectorAll('button, input, textarea')].filter(e => e.offsetParent
  && !e.innerText && !e.ariaLabel && !e.title && ![...(e.labels ?? [])].some(l => l.innerText)).map(e => e.outerHTML)"""
"""The buttons and fields that a screen reader could not name."""


def ask(page: Any, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")


def test_enter_asks_steps_stream_and_each_citation_opens_its_passage(page: Any, served: Served) -> None:
    question = "Does it help? " + " ".join(HOSTILE[:10])
    ask(page, question)
    page.wait_for_selector(".answer")
    assert served.assistant.asked == [(question, "ask")]
    assert page.locator(".steps > ol > li").count() == 2
    assert HOSTILE[0] in page.locator(".turn .asked").inner_text()
    assert page.locator("#turns img, #turns script, #turns iframe").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.locator('.answer a[href^="#cite-"]').nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#evidence-page blockquote")
    assert HOSTILE[1] in page.locator("#evidence-page h2").inner_text()
    assert page.locator("#evidence-page script, #evidence-page iframe").count() == 0
    assert "changed since it was read" in page.locator("#evidence-page .notice").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_escape_closes_the_passage_and_the_focus_goes_back(page: Any, served: Served) -> None:
    ask(page, "Does it help?")
    page.wait_for_selector(".answer")
    cite = page.locator('.answer a[href^="#cite-"]').first
    cite.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#evidence-page blockquote")
    page.keyboard.press("j")
    page.wait_for_selector('#evidence-page .reading[data-n="2"]')
    page.keyboard.press("k")
    page.wait_for_selector('#evidence-page .reading[data-n="1"]')
    page.keyboard.press("Escape")
    page.wait_for_selector("#evidence-page", state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('href')") == cite.get_attribute("href")


def test_by_named_controls_a_claim_is_checked_with_a_badge_of_icon_and_word(page: Any, served: Served) -> None:
    evidence = make_evidence(stance=Label.REFUTES)
    served.assistant.events = [evidence, Verdict("c", Label.REFUTES, 0.7, n_against=1, evidence=(evidence,))]
    page.wait_for_selector("#question")
    assert page.evaluate(UNNAMED) == []
    page.get_by_label("Check a claim").check()
    page.get_by_role("textbox", name="Question or claim").fill("It helps.")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_selector(".judged .verdict")
    assert served.assistant.asked == [("It helps.", "check")]
    assert page.locator(".judged .badge").inner_text() == "✗ Refuted"


def test_the_papers_chosen_are_the_papers_asked(page: Any, served: Served) -> None:
    page.wait_for_selector("#question")
    page.click("#scope summary")
    page.fill("#scope-find", "tomato")
    page.locator(".choices li:not([hidden]) input").first.check()
    page.keyboard.press("Escape")
    assert page.locator("#scope-now").inner_text() == "Papers chosen: 1"
    ask(page, "Does it help?")
    page.wait_for_selector(".answer")
    assert served.assistant.chosen == [("a" * 64,)]


def test_a_follow_up_is_a_button_that_asks(page: Any, served: Served) -> None:
    *_, answer = served.assistant.events
    assert isinstance(answer, Answer)
    served.assistant.events[-1] = replace(answer, follow_ups=("And in sand?",))
    ask(page, "Does it help?")
    page.get_by_role("button", name="And in sand?").click()
    page.wait_for_function("document.querySelectorAll('.turn:not([data-running])').length === 2")
    assert [question for question, _ in served.assistant.asked] == ["Does it help?", "And in sand?"]


def test_a_new_question_begins_on_an_empty_page(page: Any, served: Served) -> None:
    ask(page, "Does it help?")
    page.wait_for_selector(".answer")
    page.click("#new")
    page.wait_for_selector(".welcome")
    assert page.locator(".turn").count() == 0


def test_a_claim_is_checked_by_keyboard_alone(page: Any, served: Served) -> None:
    evidence = make_evidence(stance=Label.REFUTES)
    served.assistant.events = [evidence, Verdict("c", Label.REFUTES, 0.7, n_against=1, evidence=(evidence,))]
    page.focus("#question")
    for _ in range(5):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.type === 'radio'"):
            break
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("Check a claim").is_checked()
    while page.evaluate("document.activeElement.id") != "question":
        page.keyboard.press("Tab")
    page.keyboard.type("It helps.")
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict")
    assert served.assistant.asked == [("It helps.", "check")]


def test_stop_ends_the_answer(page: Any, served: Served) -> None:
    ask(page, "wait")
    page.wait_for_selector(".steps li")
    page.click("#stop")
    page.wait_for_selector(".turn .notice")
    assert "Stopped" in page.locator(".turn .notice").inner_text()
    assert served.assistant.cancelled.is_set()
    page.wait_for_selector("#stop[disabled]", state="hidden")


def test_closing_the_tab_ends_the_answer(page: Any, served: Served) -> None:
    ask(page, "wait")
    page.wait_for_selector(".steps li")
    page.close()
    assert served.assistant.cancelled.wait(10)


def test_an_empty_library_has_no_dead_question_box(page: Any, served: Served) -> None:
    served.assistant.__init__()  # type: ignore[misc]
    page.reload()
    page.wait_for_selector(".card.empty")
    page.wait_for_selector("#question", state="hidden")
    assert page.get_by_role("link", name="Add PDFs").get_attribute("href") == "#library"


def test_what_gradio_itself_says_is_in_the_language_of_the_page(page: Any, served: Served) -> None:
    page.goto(f"{served.url}zh/")
    page.wait_for_selector(".welcome")
    names = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea')].filter(e => e.getClientRects().length)
        .map(e => [e.ariaLabel, e.title, e.placeholder, e.innerText, ...[...(e.labels ?? [])].map(l => l.innerText)])
        .flat().filter(Boolean)"""
    )
    assert names
    assert [n for n in names if not re.search("[\u4e00-\u9fff]", n)] == []


def test_the_browser_itself_lets_nothing_out(browser: Any, served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        leak = f"http://127.0.0.1:{outside.getsockname()[1]}/leak"
        tab = browser.new_page()
        tab.goto(served.url)
        tab.evaluate(
            """leak => { new Image().src = leak; fetch(leak).catch(() => 0); navigator.sendBeacon(leak);
            document.body.insertAdjacentHTML('beforeend',
              `<img src="${leak}"><iframe src="${leak}"></iframe><video src="${leak}"></video>
               <link rel=stylesheet href="${leak}"><p style="background:url(${leak})">x</p>`); }""",
            leak,
        )
        tab.wait_for_timeout(500)
        tab.close()
        assert _heard(outside) == b""


def _heard(listener: socket.socket) -> bytes:
    """What was sent to the listener. Chromium opens a connection for a frame before it asks the policy, but sends
    nothing over it."""
    heard = b""
    listener.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(0.5)
                heard += connection.recv(1000)
    return heard
