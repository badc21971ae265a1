"""Pages that are pictures -> characters with places, read by the system's tesseract in a process of its own.

Tesseract gives words with boxes, line by line; a word's box is shared out evenly among its characters. What comes out
is a page like any other, so that columns, headings and paragraphs are found as ever. Nothing is written to disk, and
nothing asks the network. Runs in the limited process of `assistant.index.worker`, whose limits tesseract inherits.

hOCR, the form of tesseract's answer: http://kba.github.io/hocr-spec/1.2/
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ReadError
from assistant.index.formats.markup import Element, attribute, children, descendants, parse_xhtml, text_of
from assistant.index.pages.pdf import RawPage, Style
from assistant.index.pages.raster import Raster
from assistant.index.pages.scans import PROGRAM
from assistant.types import PageQuality

DPI = 300.0
"""Pixels an inch: what tesseract was trained at; at 200 small type is read worse, and 400 takes longer for nothing."""
CPU_SECONDS, PAGE_SECONDS = 60, 90.0
"""Processor time of one run of tesseract, and wall time of a page's runs: an ordinary page takes 3 s, a crowded one 15.
The second stays below the 120 s after which the parent takes the reader for hung."""
_SURE, _UNSURE = 50, 70
"""Tesseract's confidence in 0..100, on average: a line below the first is taken for specks or a piece of a drawing; a
page below the second may stand on its side or be in another script. Single words are kept, however unsure: a letter
misread can be seen, a word left out cannot."""
_LATIN = ("eng", "deu", "fra", "spa", "ita", "por", "nld")
_MOST_LATIN = 3
"""Languages that one page is read in, at most: each takes a third of the time more."""
_SCRIPTS = {
    "Han": ("chi_sim", "eng"),
    "HanS": ("chi_sim", "eng"),
    "HanT": ("chi_tra", "eng"),
    "Japanese": ("jpn", "eng"),
    "Korean": ("kor", "eng"),
    "Cyrillic": ("rus", "eng"),
    "Greek": ("ell", "eng"),
    "Arabic": ("ara", "eng"),
}
"""Scripts as tesseract names them, and the languages they are read in where these are installed."""
_TURN_SURE = 2.0
"""Tesseract's confidence in the way a page is turned, from which it is believed."""
_SAME_SIZE = 0.12
"""Share by which a line's measured size may differ from the page's usual one and count as it."""
_BOLD = 1.25
"""Thickness of strokes against the page's usual one from which a line is bold."""
_FONT = 1.12
"""Points of a font's size for each point from its ascenders to its descenders, for the usual book faces."""
_LEVELS = 128
"""Grey below which a pixel is ink."""
_HYPHEN = 0x02
"""What pdfium gives for a hyphen at a line's end."""

Boxes = NDArray[np.float64]


@dataclass(slots=True)
class Engine:
    """This machine's tesseract. `languages` are those installed, `chosen` the last that a page was read well in."""

    program: str
    languages: frozenset[str]
    chosen: str = ""

    def best_latin(self) -> str:
        found = [name for name in _LATIN if name in self.languages][:_MOST_LATIN]
        return "+".join(found or sorted(self.languages - {"osd"})[:1])


@dataclass(frozen=True, slots=True)
class _Word:
    """`box` in pixels of the picture as it was read: left, top, right, bottom."""

    text: str
    box: tuple[float, float, float, float]
    confidence: float


@dataclass(slots=True)
class _Line:
    """`size` in pixels from ascenders to descenders; `bold` tells thick strokes."""

    words: list[_Word]
    size: float
    last: bool = False
    bold: bool = False


@dataclass(slots=True)
class _Characters:
    """Characters as they are put together; `boxes` in pixels."""

    codes: list[int] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    styles: list[int] = field(default_factory=list)
    generated: list[bool] = field(default_factory=list)

    def add(self, code: int, style: int, box: tuple[float, float, float, float] | None = None) -> None:
        self.codes.append(code)
        self.boxes.append(box or (0.0, 0.0, 0.0, 0.0))
        self.styles.append(style)
        self.generated.append(box is None)


def find_engine() -> Engine | None:
    """The machine's tesseract, None where there is none or it knows no language."""
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    try:
        told = _run([program, "--list-langs"], b"", time.monotonic() + PAGE_SECONDS).decode("utf-8", "replace")
    except ReadError:
        return None
    languages = frozenset(line.strip() for line in told.splitlines()[1:] if line.strip())
    return Engine(program, languages) if languages - {"osd"} else None


def ocr_page(engine: Engine, page: RawPage, raster: Raster, style_number: Callable[[Style], int]) -> RawPage:
    """The page with the characters that tesseract sees in its picture; as it was, where it sees none.

    Raises ReadError where tesseract fails or takes too long.
    """
    deadline = time.monotonic() + PAGE_SECONDS
    grey = _grey(raster)
    lines, turned = _read(engine, grey, deadline)
    if not lines:
        return page
    _mark_bold(lines, np.rot90(grey, -turned))
    per_point = raster.width / max(1.0, _shown_width(page))
    found = _characters(lines, per_point, lambda style: style_number(replace(style, turned=_direction(page, turned))))
    boxes = _on_page(np.array(found.boxes, dtype=np.float64), raster, turned)
    boxes[np.array(found.generated)] = 0.0
    return replace(
        page,
        codes=np.array(found.codes, dtype=np.int32),
        boxes=boxes.astype(np.float32),
        styles=np.array(found.styles, dtype=np.int32),
        generated=np.array(found.generated, dtype=np.bool_),
        hidden=np.zeros(len(found.codes), dtype=np.bool_),
        quality=PageQuality.OCR,
    )


def _shown_width(page: RawPage) -> float:
    """Points across the page as it is shown."""
    x0, y0, x1, y1 = page.bounds
    return y1 - y0 if page.turned % 2 else x1 - x0


def _direction(page: RawPage, turned: int) -> int:
    """Quarter turns counter-clockwise of the text in user space: the page's own, and those of the picture on it."""
    return (page.turned + turned) % 4


def _grey(raster: Raster) -> NDArray[np.uint8]:
    colours = np.frombuffer(raster.pixels, dtype=np.uint8).reshape(raster.height, raster.width, 3)
    return np.asarray(colours.mean(axis=2, dtype=np.float32).astype(np.uint8))


def _read(engine: Engine, grey: NDArray[np.uint8], deadline: float) -> tuple[list[_Line], int]:
    """The lines, and by how many quarter turns clockwise the picture was turned to read them.

    Upright and in the language of the pages before first; where that reads badly, as tesseract says the page lies.
    """
    language = engine.chosen or engine.best_latin()
    lines = _recognise(engine, grey, language, deadline)
    sure = _confidence(lines)
    if sure >= _UNSURE:
        engine.chosen = language
        return lines, 0
    turned, other = _orientation(engine, grey, deadline)
    if (turned, other) == (0, language):
        return lines, 0
    again = _recognise(engine, np.rot90(grey, -turned), other, deadline)
    if _confidence(again) <= sure:
        return lines, 0
    if _confidence(again) >= _UNSURE:
        engine.chosen = other
    return again, turned


def _confidence(lines: list[_Line]) -> float:
    """Mean over the characters, 0..100; 0 for none."""
    words = [word for line in lines for word in line.words]
    total = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / total if total else 0.0


def _orientation(engine: Engine, grey: NDArray[np.uint8], deadline: float) -> tuple[int, str]:
    """Quarter turns clockwise that set the picture upright, and the languages of its script."""
    language = engine.best_latin()
    if "osd" not in engine.languages:
        return 0, language
    try:
        told = _tesseract(engine, grey, ["--psm", "0", "-l", "osd"], deadline).decode("utf-8", "replace")
    except ReadError:
        return 0, language  # too few characters to tell
    values = dict(re.findall(r"^([\w ]+): (.+)$", told, re.MULTILINE))
    sure = float(values.get("Orientation confidence", 0)) >= _TURN_SURE
    turned = int(values.get("Rotate", 0)) // 90 % 4 if sure else 0
    wished = _SCRIPTS.get(values.get("Script", ""))
    if wished is None or wished[0] not in engine.languages:
        return turned, language
    return turned, "+".join(name for name in wished if name in engine.languages)


def _recognise(engine: Engine, grey: NDArray[np.uint8], language: str, deadline: float) -> list[_Line]:
    told = _tesseract(engine, grey, ["--psm", "3", "-l", language, "hocr"], deadline)
    return list(_lines(parse_xhtml(told))) if told.strip() else []


def _tesseract(engine: Engine, grey: NDArray[np.uint8], options: list[str], deadline: float) -> bytes:
    """What tesseract says to a picture. The picture goes in as PGM, which needs no library and no file."""
    height, width = grey.shape
    picture = b"P5 %d %d 255\n" % (width, height) + np.ascontiguousarray(grey).tobytes()
    return _run([engine.program, "stdin", "stdout", "--dpi", f"{DPI:.0f}", *options], picture, deadline)


def _run(command: list[str], given: bytes, deadline: float) -> bytes:
    """Raises ReadError where the program fails or takes too long; it is ended then."""
    environment = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
    try:
        ended = subprocess.run(
            command,
            input=given,
            capture_output=True,
            timeout=max(0.1, deadline - time.monotonic()),
            env=environment | {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"},
            preexec_fn=_limit,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise ReadError("OCR took too long") from error
    if ended.returncode:
        raise ReadError("OCR failed")
    return ended.stdout


def _limit() -> None:
    """Processor time for this one run."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = CPU_SECONDS if hard == resource.RLIM_INFINITY else min(CPU_SECONDS, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _lines(page: Element) -> Iterator[_Line]:
    """The lines of an hOCR page that hold a word, in its order."""
    for paragraph in descendants(page, "p"):
        found = [line for child in children(paragraph, "span") if _confidence([line := _line(child)]) >= _SURE]
        if found:
            found[-1].last = True
        yield from found


def _line(element: Element) -> _Line:
    words = [_word(child) for child in children(element, "span")]
    kept = [w for w in words if w.text and w.box[0] < w.box[2] and w.box[1] < w.box[3]]
    sizes = _numbers(attribute(element, "title"), "x_size")
    return _Line(kept, sizes[0] if sizes else max((w.box[3] - w.box[1] for w in kept), default=0.0))


def _word(element: Element) -> _Word:
    title = attribute(element, "title")
    x0, y0, x1, y1 = (*_numbers(title, "bbox"), 0.0, 0.0, 0.0, 0.0)[:4]
    confidence = _numbers(title, "x_wconf")
    return _Word("".join(text_of(element).split()), (x0, y0, x1, y1), confidence[0] if confidence else 0.0)


def _numbers(title: str, name: str) -> list[float]:
    """The numbers of one property in an hOCR title ("bbox 210 135 392 158; x_wconf 96")."""
    found = re.search(rf"\b{name}((?: -?\d+(?:\.\d+)?)+)", title)
    return [float(number) for number in found[1].split()] if found else []


def _mark_bold(lines: list[_Line], grey: NDArray[np.uint8]) -> None:
    """Tell bold lines by the thickness of their strokes, measured against their size and the page's usual ratio."""
    ratios = [_thickness(line, grey) for line in lines]
    weights = [sum(len(word.text) for word in line.words) for line in lines]
    usual = _weighted_median(ratios, weights)
    for line, ratio in zip(lines, ratios, strict=True):
        line.bold = usual > 0 and ratio > _BOLD * usual


def _thickness(line: _Line, grey: NDArray[np.uint8]) -> float:
    """Mean length of the runs of ink along the rows of a line, in its own size."""
    ink = edges = 0
    for word in line.words:
        left, top, right, bottom = (int(side) for side in word.box)
        dark = grey[top:bottom, left:right] < _LEVELS
        ink += int(dark.sum())
        edges += int((dark[:, 1:] & ~dark[:, :-1]).sum()) + int(dark[:, :1].sum())
    return ink / edges / line.size if edges and line.size else 0.0


def _weighted_median(values: list[float], weights: list[int]) -> float:
    order = np.argsort(values)
    sums = np.cumsum(np.array(weights)[order])
    return float(np.array(values)[order][np.searchsorted(sums, sums[-1] / 2)])


def _characters(lines: list[_Line], per_point: float, number: Callable[[Style], int]) -> _Characters:
    """The characters in reading order, with what pdfium would put between words and lines."""
    usual = _weighted_median([line.size for line in lines], [sum(len(w.text) for w in x.words) for x in lines])
    found = _Characters()
    for line in lines:
        size = usual if abs(line.size - usual) <= _SAME_SIZE * usual else line.size
        style = number(Style("OCR", round(2 * _FONT * size / per_point) / 2, bold=line.bold))
        for n, word in enumerate(line.words):
            if n:
                found.add(0x20, style)
            _spread(found, word, style)
        if not line.last and found.codes[-1] in (0x2D, 0x2010) and len(line.words[-1].text) > 1:
            found.codes[-1] = _HYPHEN
        found.add(0x0D, style)
        found.add(0x0A, style)
    return found


def _spread(found: _Characters, word: _Word, style: int) -> None:
    """A word's box in equal parts, one for each character."""
    left, top, right, bottom = word.box
    step = (right - left) / len(word.text)
    for i, character in enumerate(word.text):
        found.add(ord(character), style, (left + i * step, top, left + (i + 1) * step, bottom))


def _on_page(boxes: Boxes, raster: Raster, turned: int) -> Boxes:
    """Boxes in pixels of the picture as it was read -> page user space."""
    corners = np.stack([_turned_back(boxes[:, i : i + 2], raster, turned) for i in (0, 2)])
    a, b, c, d, e, f = raster.matrix
    back = np.linalg.inv(np.array([[a, c], [b, d]]))
    places = (corners - np.array([e, f])) @ back.T
    return np.concatenate([places.min(axis=0), places.max(axis=0)], axis=1)


def _turned_back(points: Boxes, raster: Raster, turned: int) -> Boxes:
    """Points of a picture turned clockwise by `turned` quarters, where they lie in the picture before."""
    u, v = points[:, 0], points[:, 1]
    width, height = float(raster.width), float(raster.height)
    places = {0: (u, v), 1: (v, height - u), 2: (width - u, height - v), 3: (width - v, u)}
    return np.stack(places[turned % 4], axis=1)
