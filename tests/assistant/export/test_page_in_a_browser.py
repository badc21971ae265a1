"""The exported page in the system's Chromium: hostile strings run nothing, load nothing and fit a telephone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.export import export
from tests.assistant.export.hostile import STRINGS
from tests.assistant.export.test_export import hostile_turn

pytestmark = pytest.mark.browser


def test_hostile_strings_run_and_load_nothing(tmp_path: Path, browser: Any) -> None:
    page = tmp_path / "talk.html"
    turns = [replace(hostile_turn(text), n=n) for n, text in enumerate(STRINGS, 1)]
    page.write_text(export(turns, "html", title=STRINGS[0]), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(page.as_uri())
    assert tab.locator("article").count() == len(STRINGS)
    assert tab.evaluate("window.pwned") is None
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).marginTop") == "0px", "its style counts"
    tab.close()
    assert asked == [page.as_uri()]
    assert said == []
