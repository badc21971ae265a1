"""The library screen in the system's Chromium, by keyboard alone; and what outlives a tab and the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.index import ingest as ingest_module
from assistant.types import Document
from tests.ui.conftest import WAIT_MS, _serve
from tests.ui.scripted import HOSTILE
from tests.ui.shelf import SAMPLES, open_library, settled, until

pytestmark = pytest.mark.browser

ROWS = "#jobs tbody tr"
UNNAMED = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, textarea')]
  .filter(e => e.offsetParent && !e.innerText && !e.ariaLabel && ![...(e.labels ?? [])].some(l => l.innerText))
  .map(e => e.outerHTML)"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Assistant]]:
    """A served page over a real library with one paper."""
    before = dict(os.environ)
    with open_library(tmp_path_factory.mktemp("browsed") / "library") as assistant:
        assistant.ingest(SAMPLES / "velorite-greenhouse.pdf")
        with _serve(assistant) as served:  # type: ignore[arg-type]
            yield served.url, assistant
    for name in set(os.environ) - set(before):
        del os.environ[name]


@pytest.fixture
def tab(browser: Any, shelf: tuple[str, Assistant]) -> Iterator[Any]:
    """The library screen at phone width; at the end no request has left the page and no hostile text has run."""
    url, assistant = shelf
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{url}#library")
    page.wait_for_selector(".papers tbody tr")
    yield page
    if not page.is_closed():
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
    assert [r for r in requests if not r.startswith((url, "data:", "blob:"))] == []
    settled(assistant)
    assistant.intake().take_back()
    for task in assistant.intake().tasks():
        assistant.intake().forget(task.id)


def test_by_keyboard_a_file_is_handed_in_read_and_listed(
    tab: Any, shelf: tuple[str, Assistant], tmp_path: Path
) -> None:
    bad = tmp_path / f"{HOSTILE[0].replace('/', '')}.pdf"
    bad.write_bytes(b"")
    assert tab.evaluate(UNNAMED) == []
    tab.locator("#library-files").focus()
    with tab.expect_file_chooser() as chooser:
        tab.keyboard.press("Enter")
    chooser.value.set_files([SAMPLES / "velorite-review.pdf", bad])
    tab.wait_for_selector(f'{ROWS}[data-state="indexed"]')
    tab.wait_for_selector(f'{ROWS}[data-state="failed"]')
    assert "empty (0 bytes)" in tab.locator("#jobs").inner_text()
    tab.wait_for_selector(".papers tbody tr:nth-child(2)")
    assert len(shelf[1].papers()) == 2
    assert tab.evaluate(UNNAMED) == []


def test_by_keyboard_a_paper_is_deleted_and_brought_back(tab: Any, shelf: tuple[str, Assistant]) -> None:
    before = [paper.id for paper in shelf[1].papers()]
    tab.locator(f"#choose-{before[0]}").focus()
    tab.keyboard.press("Space")
    tab.locator("#delete").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function("document.activeElement.id === 'undo'")
    assert [paper.id for paper in shelf[1].papers()] == before[1:]
    tab.keyboard.press("Enter")
    tab.wait_for_selector(f"#choose-{before[0]}")
    assert [paper.id for paper in shelf[1].papers()] == before


def test_a_tab_closed_while_a_file_is_read_finds_the_same_table_afterwards(
    tab: Any, shelf: tuple[str, Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(ingest_module, "read_paper", _held(ingest_module.read_paper, gate))
    tab.set_input_files(
        "#library-files", [SAMPLES / "velorite-sandy-soil.pdf", SAMPLES / "velorite-nitrate-leaching.pdf"]
    )
    until(shelf[1], lambda found: len(found) == 2 and any(t.state == "reading" for t in found))
    tab.wait_for_selector(f'{ROWS}[data-state="reading"]')
    other = tab.context.new_page()
    tab.close()
    other.goto(f"{shelf[0]}#library")
    other.wait_for_selector(f'{ROWS}[data-state="reading"]')
    assert other.locator(ROWS).count() == 2
    gate.set()
    other.wait_for_function(f"document.querySelectorAll('{ROWS}[data-state=indexed]').length === 2")


def test_by_keyboard_a_title_is_corrected_and_what_was_extracted_is_looked_at(
    tab: Any, shelf: tuple[str, Assistant]
) -> None:
    paper = shelf[1].papers()[0]
    tab.locator(f'a[href="#library/edit/{paper.id}"]').focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#edit-title")
    tab.locator("#edit-title").focus()
    tab.keyboard.press("Control+A")
    evil = " ".join(HOSTILE[:10])
    tab.keyboard.insert_text(evil)
    tab.locator(".edit button").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".papers")
    assert HOSTILE[0] in tab.locator(f'a[href="#library/paper/{paper.id}"]').inner_text()
    tab.locator(f'a[href="#library/paper/{paper.id}"]').focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".extracted .passage")
    tab.wait_for_function("document.querySelector('.side-by-side img').naturalWidth > 0")
    assert tab.evaluate(UNNAMED) == []
    shelf[1].edit(paper.id, title="")


def _held(read: Callable[..., Document], gate: threading.Event) -> Callable[..., Document]:
    def held(path: Path, **options: Any) -> Document:
        options["on_page"](1, 2)
        assert gate.wait(WAIT_MS / 1000)
        return read(path, **options)

    return held


@pytest.mark.soak
def test_the_program_killed_while_it_reads_goes_on_at_the_next_start(tmp_path: Path) -> None:
    """The real command, ended by SIGKILL; and `assistant ingest` beside the page."""
    folder, port = tmp_path / "library", 7990
    files = sorted(SAMPLES.glob("*.pdf"))
    for n in range(2):
        with Program(folder, port) as program:
            if n == 0:
                for file in files:
                    _upload(port, file)
            with open_library(folder) as watcher:
                until(watcher, lambda found: any(t.state in ("reading", "embedding") for t in found))
                names = [t.name for t in watcher.intake().tasks()]
            if n == 0:
                program.send_signal(signal.SIGKILL)
                program.wait()
                continue
            assert names == [file.name for file in reversed(files)]
            beside = [sys.executable, "-m", "assistant", "ingest", str(files[0]), "--library", str(folder)]
            done = subprocess.run(beside, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            with open_library(folder) as watcher:
                found = settled(watcher)
                assert {t.state for t in found} <= {"indexed", "unchanged"}
                assert len(watcher.papers()) == len(files)


def _upload(port: int, file: Path) -> None:
    address = f"http://127.0.0.1:{port}/screens/library/upload?name={file.name}&size={file.stat().st_size}"
    asked = urllib.request.Request(address, file.read_bytes(), {"X-Asked-By": "page"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.status == 200


class Program:
    """`assistant chat` while it lasts, once it answers."""

    def __init__(self, folder: Path, port: int) -> None:
        options = ["--library", str(folder), "--port", str(port), "--no-browser"]
        self._process = subprocess.Popen([sys.executable, "-m", "assistant", "chat", *options])
        self._address = f"http://127.0.0.1:{port}/screens/library"

    def __enter__(self) -> subprocess.Popen[bytes]:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(self._address, timeout=5).close()
                return self._process
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the page never answered")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
