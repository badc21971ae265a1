"""Citations clicked in a browser, over the sample papers and real ones: the right page, and the rectangle where pdfium
itself finds the words again.

Run by `make soak`. The oracle is pdfium's own text of the page, read here without any of our reading.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray

from assistant import Assistant
from assistant.types import Evidence, Filters
from tests.ui.conftest import _serve

pytestmark = [pytest.mark.soak, pytest.mark.browser]

CLICKS = 100
SAMPLES = Path(__file__).parents[2] / "examples" / "papers"
GRID = 1000
"""Squares along each side of a page, on which areas are measured."""
FINE = 100_000
"""Steps along each side of a page to which pdfium rounds."""
LEAST_IOU, LEAST_SHARE = 0.5, 0.95
ALIKE = 0.8
"""Share of the quote's words that must stand under the rectangles for them not to mark another sentence."""
BOXES = """() => [...document.querySelectorAll('#evidence-page .evidence-box')].map(
  e => ['left', 'top', 'width', 'height'].map(side => parseFloat(e.style[side])))"""


@dataclass(frozen=True)
class Click:
    """One citation that was opened: what it should be, and what came."""

    quote: Evidence
    address: str
    boxes: Sequence[Sequence[float]]
    iou: float | None
    alike: float

    @property
    def right_page(self) -> bool:
        return self.address.split("?")[0].endswith(f"/page/{self.quote.page}.png")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Assistant]:
    with Assistant(tmp_path_factory.mktemp("real") / "library", history=True) as assistant:
        assistant.ingest(SAMPLES, shared / "pdfs" / "ground_truth")
        yield assistant


def test_a_hundred_citations_open_at_their_line(library: Assistant, browser: Any, capsys: Any) -> None:
    asked = _ask_each_paper(library)
    with _serve(library) as served:  # type: ignore[arg-type]
        tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        tab.set_default_timeout(60_000)
        clicks = [c for conversation, quotes in asked for c in _click(tab, served.url, conversation, quotes)][:CLICKS]
    found = [c for c in clicks if c.iou is not None]
    good = sum(c.iou >= LEAST_IOU for c in found if c.iou is not None)
    wrong = [c for c in clicks if c.boxes and c.alike < ALIKE]
    with capsys.disabled():
        print(
            f"\n{len(clicks)} clicks on {len({c.quote.paper.id for c in clicks})} papers: right page "
            f"{sum(c.right_page for c in clicks)}, drawn {sum(bool(c.boxes) for c in clicks)}, found again by pdfium "
            f"{len(found)}, IoU >= {LEAST_IOU} {good}, another sentence marked {len(wrong)}"
        )
        for c in [*wrong, *(c for c in found if c.iou is not None and c.iou < LEAST_IOU)]:
            print(
                f"  {c.quote.paper.title[:50]!r} p. {c.quote.page}, IoU {c.iou}, alike {c.alike:.2f}: {c.quote.text!r}"
            )
    assert len(clicks) == CLICKS
    assert all(c.right_page for c in clicks)
    assert not wrong
    assert good >= LEAST_SHARE * CLICKS


def _ask_each_paper(library: Assistant) -> list[tuple[str, tuple[Evidence, ...]]]:
    """A conversation for each paper, its title asked of it alone, and the quotes of the answer."""
    asked = []
    for paper in library.papers():
        if not paper.paged:
            continue
        talk = library.conversation()
        answer = talk.ask(f"{paper.title}?", filters=Filters(papers=(paper.id,)))
        asked.append((talk.id, answer.evidence))
    return asked


def _click(tab: Any, url: str, conversation: str, quotes: Sequence[Evidence]) -> Iterator[Click]:
    tab.goto("about:blank")
    tab.goto(f"{url}#chat/{conversation}")
    tab.wait_for_selector(".turn .cite")
    for quote in quotes:
        tab.locator(f'.turn a.cite[href$="-{quote.n}"]:visible').last.click()
        tab.wait_for_selector(f'#evidence-page .reading[data-n="{quote.n}"] .stage')
        boxes = tab.evaluate(BOXES)
        picture = tab.locator("#evidence-page img")
        address = picture.get_attribute("src") if picture.count() else ""
        yield _judged(quote, address or "", boxes)


def _judged(quote: Evidence, address: str, boxes: Sequence[Sequence[float]]) -> Click:
    assert quote.path is not None
    assert quote.page is not None
    with pypdfium2.PdfDocument(quote.path) as file:
        page = file[quote.page - 1]
        places, letters = _letters(page)
        text = "".join(letters)
        # A quote that runs over a page break is looked for by what stands on its first page.
        wanted = _squeezed(_on_first_page(quote))
        at = text.find(wanted)
        drawn = _area(boxes)
        iou = None if at < 0 else _iou(drawn, _area(places[at : at + len(wanted)]))
        under = "".join(c for c, place in zip(letters, places, strict=True) if _covers(drawn, place))
    return Click(quote, address, boxes, iou, _share_of(wanted, under))


def _on_first_page(quote: Evidence) -> str:
    span = quote.spans[0]
    return quote.text[: span.end - span.start]


def _squeezed(text: str) -> str:
    """Only letters and digits, ligatures taken apart: hyphens at the end of lines and blanks are no matter."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _letters(page: Any) -> tuple[list[tuple[float, float, float, float]], list[str]]:
    """(place in per cent of the page as it is shown, letter) of every letter and digit, in pdfium's order."""
    text = page.get_textpage()
    places, letters = [], []
    for i in range(text.count_chars()):
        shown = _squeezed(text.get_text_range(i, 1))
        if shown:
            place = _shown(page, text.get_charbox(i))
            places += [place] * len(shown)
            letters += list(shown)
    return places, letters


def _shown(page: Any, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """left, top, width, height in per cent, by pdfium's own way from the page to a device of FINE x FINE."""
    corners = []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        across, down = ctypes.c_int(), ctypes.c_int()
        pypdfium2.raw.FPDF_PageToDevice(page, 0, 0, FINE, FINE, 0, x, y, ctypes.byref(across), ctypes.byref(down))
        corners.append((across.value / FINE * 100, down.value / FINE * 100))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)


def _area(boxes: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """The squares of the page under the boxes; those of one line joined, since letters have gaps between them."""
    area = np.zeros((GRID, GRID), dtype=np.bool_)
    for left, top, width, height in _lines(boxes):
        x0, x1 = (round(v / 100 * GRID) for v in (left, left + width))
        y0, y1 = (round(v / 100 * GRID) for v in (top, top + height))
        area[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)] = True
    return area


def _lines(boxes: Sequence[Sequence[float]]) -> list[list[float]]:
    """Boxes that follow one another on a line as one."""
    lines: list[list[float]] = []
    for left, top, width, height in boxes:
        if lines:
            x, y, w, h = lines[-1]
            overlap = min(y + h, top + height) - max(y, top)
            if overlap > 0.3 * min(h, height) and -1 < left - (x + w) < 3:
                right, bottom = max(x + w, left + width), max(y + h, top + height)
                lines[-1] = [min(x, left), min(y, top), right - min(x, left), bottom - min(y, top)]
                continue
        lines.append([left, top, width, height])
    return lines


def _iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    either = int((a | b).sum())
    return int((a & b).sum()) / either if either else 0.0


def _covers(area: NDArray[np.bool_], place: tuple[float, float, float, float]) -> bool:
    """Whether the centre of a letter lies under the area."""
    x, y = place[0] + place[2] / 2, place[1] + place[3] / 2
    row, column = (min(max(int(v / 100 * GRID), 0), GRID - 1) for v in (y, x))
    return bool(area[row, column])


def _share_of(wanted: str, under: str) -> float:
    """The share of a quote's runs of three letters that stand under the rectangles."""
    runs = {wanted[i : i + 3] for i in range(len(wanted) - 2)}
    return len(runs & {under[i : i + 3] for i in range(len(under) - 2)}) / max(1, len(runs))
