"""The page in the system's Chromium: what a reader does, and what a hostile paper must not."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest

from assistant.types import Label, Verdict
from tests.ui.conftest import Served
from tests.ui.scripted import HOSTILE, make_evidence

pytestmark = pytest.mark.browser

UNNAMED = """() => [...document.querySelectorAll('button, input, textarea')].filter(e => e.offsetParent
  && !e.innerText && !e.ariaLabel && !e.title && ![...(e.labels ?? [])].some(l => l.innerText)).map(e => e.outerHTML)"""
"""The buttons and fields that a screen reader could not name."""


def test_enter_asks_steps_stream_and_each_citation_leads_to_its_passage(page: Any, served: Served) -> None:
    question = "Does it help? " + " ".join(HOSTILE[:10])
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.wait_for_selector(".answer")
    assert served.assistant.asked == [(question, "ask")]
    assert page.locator(".steps li").count() == 2
    assert HOSTILE[0] in page.locator("#answer h2").inner_text()
    assert HOSTILE[1] in page.locator("#cite-2 cite").inner_text()
    assert page.locator("#answer img, #passages img, #answer script, #passages iframe").count() == 0

    page.locator('.answer a[href="#cite-2"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#cite-2').matches(':target')")
    box = page.locator("#cite-2").bounding_box()
    assert 0 <= box["y"] < 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_by_named_controls_a_claim_is_checked_with_a_badge_of_icon_and_word(page: Any, served: Served) -> None:
    evidence = make_evidence(stance=Label.REFUTES)
    served.assistant.events = [evidence, Verdict("c", Label.REFUTES, 0.7, n_against=1, evidence=(evidence,))]
    page.wait_for_selector("#question")
    assert page.evaluate(UNNAMED) == []
    page.get_by_label("Check a claim").check()
    page.fill("#question", "It helps.")
    page.click("#ask")
    page.wait_for_selector(".verdict")
    assert served.assistant.asked == [("It helps.", "check")]
    assert page.locator(".verdict .badge").inner_text() == "✗ Refuted"


def test_stop_ends_the_answer(page: Any, served: Served) -> None:
    page.fill("#question", "wait")
    page.press("#question", "Enter")
    page.wait_for_selector(".steps li")
    page.click("#stop")
    page.wait_for_selector(".notice")
    assert "Stopped" in page.locator(".notice").inner_text()
    assert served.assistant.cancelled.is_set()
    page.wait_for_selector("#stop[disabled]")


def test_closing_the_tab_ends_the_answer(page: Any, served: Served) -> None:
    page.fill("#question", "wait")
    page.press("#question", "Enter")
    page.wait_for_selector(".steps li")
    page.close()
    assert served.assistant.cancelled.wait(10)


def test_an_empty_library_has_no_dead_question_box(page: Any, served: Served) -> None:
    served.assistant.__init__()  # type: ignore[misc]
    page.reload()
    page.wait_for_selector("#card .card")
    page.wait_for_selector("#question", state="detached")
    assert "assistant ingest FOLDER" in page.locator("#card").inner_text()


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
