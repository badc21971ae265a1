"""A PDF file's characters as pdfium sees them; the only importer of pypdfium2.

Runs in the limited process of `assistant.index.worker`. Knows nothing of lines, paragraphs or reading order: pages come
out as arrays of characters in the order of the file's content. Never runs scripts or actions, never follows links.

pdfium's functions: https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdf_text.h
"""

from __future__ import annotations

import ctypes
import math
import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from assistant.errors import ReadError
from assistant.types import Box

MAX_CHARACTERS = 20_000_000
_WHITE = 250
"""A fill whose red, green and blue are all at least this is white on paper."""
_INVISIBLE = 3
_TEXT, _PATH, _IMAGE, _SHADING = 1, 2, 3, 4
_MAX_OBJECTS = 20_000
"""Page objects looked at when asking what lies under white or invisible text."""
_MAX_SIZE, _FAR = 9999.0, 1e6
"""Points: the largest font size, and the farthest place, that are kept as they are."""
_MAX_STYLES = 2000
"""Styles told apart in one file; papers have some dozens. What comes later counts as the first."""
_BOLD_FLAG, _ITALIC_FLAG = 1 << 18, 1 << 6
_BOLD_WEIGHT = 600


def _by_address(function: object, result: type | None, arguments: int) -> Callable[..., int]:
    """A pdfium function that takes and gives plain addresses: a third of the time of typed pointers a call."""
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    kinds = [ctypes.c_void_p, ctypes.c_int, *[ctypes.c_void_p] * (arguments - 2)]
    return ctypes.CFUNCTYPE(result, *kinds)(address)  # type: ignore[arg-type]


_unicode = _by_address(raw.FPDFText_GetUnicode, ctypes.c_uint, 2)
_char_box = _by_address(raw.FPDFText_GetCharBox, ctypes.c_int, 6)
_text_object = _by_address(raw.FPDFText_GetTextObject, ctypes.c_void_p, 2)


@dataclass(frozen=True, slots=True)
class Style:
    """How a character is set. `size` in points as printed, `turned` in quarter turns counter-clockwise."""

    font: str
    size: float
    bold: bool = False
    italic: bool = False
    turned: int = 0
    white: bool = False
    invisible: bool = False


@dataclass(slots=True)
class RawPage:
    """One page's characters in content order. All arrays have one entry per character.

    `number` is 1-based. `boxes` are tight, shape (n, 4), page user space in points; `styles` index `RawFile.styles`.
    `generated` marks white space and line ends that pdfium put in. `bounds` is the visible part of the page in user
    space, `turned` its /Rotate in quarter turns clockwise. `covers` are the rectangles, shape (k, 4), of coloured areas
    and `images` those of images; both are filled only where some text is white or invisible.
    """

    number: int
    label: str
    bounds: Box
    turned: int
    codes: NDArray[np.int32]
    boxes: NDArray[np.float32]
    styles: NDArray[np.int32]
    generated: NDArray[np.bool_]
    covers: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    images: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))


class PdfFile:
    """An open file. `styles` is the table that the style numbers of its pages refer to; it grows as pages are read."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document = document
        self._numbers: dict[Style, int] = {}
        self.styles: list[Style] = []
        self.page_count = len(document)
        self.information = _information(document)

    def style_number(self, style: Style) -> int:
        known = self._numbers.get(style)
        if known is None and len(self.styles) >= _MAX_STYLES:
            return 0
        if known is None:
            known = self._numbers[style] = len(self.styles)
            self.styles.append(style)
        return known

    def read_page(self, number: int, *, limit: int = MAX_CHARACTERS) -> RawPage:
        """The first `limit` characters of page `number` (1-based). Raises ReadError where pdfium cannot load it."""
        with self.page(number) as page:
            text = page.get_textpage()
            result = self._read(number, page, text, limit)
            text.close()
            return result

    @contextmanager
    def page(self, number: int) -> Iterator[pdfium.PdfPage]:
        """pdfium's own page. Raises ReadError where it cannot be loaded, or what is done with it fails."""
        try:
            page = self._document[number - 1]
        except (pdfium.PdfiumError, IndexError) as error:
            raise ReadError(f"page {number} could not be read (damaged)") from error
        try:
            yield page
        except pdfium.PdfiumError as error:
            raise ReadError(f"page {number} could not be read (damaged)") from error
        finally:
            page.close()

    def _read(self, number: int, page: pdfium.PdfPage, text: pdfium.PdfTextPage, limit: int) -> RawPage:
        codes, boxes, styles, generated = _characters(text.raw, min(text.count_chars(), limit), self.style_number)
        label = _page_label(self._document, number - 1)
        turned = page.get_rotation() // 90 % 4
        result = RawPage(number, label, _bounds(page), turned, codes, boxes, styles, generated)
        used = [self.styles[n] for n in np.unique(styles).tolist()]
        if any(style.white or style.invisible for style in used):
            result.covers, result.images = _areas(page)
        return result


@contextmanager
def open_pdf(path: Path, password: str = "") -> Iterator[PdfFile]:
    """The file, opened. Raises ReadError with the reason where it cannot be."""
    handle = raw.FPDF_LoadDocument(os.fsencode(path), password.encode() or None)
    if not handle:
        raise ReadError(_open_error(raw.FPDF_GetLastError()))
    document = pdfium.PdfDocument(handle)
    try:
        yield PdfFile(document)
    finally:
        document.close()


def _open_error(code: int) -> str:
    reasons = {
        raw.FPDF_ERR_FILE: "cannot be opened",
        raw.FPDF_ERR_PASSWORD: "encrypted: it needs a password",
        raw.FPDF_ERR_SECURITY: "encrypted in a way that is not supported",
    }
    return reasons.get(code, "damaged: the PDF's structure cannot be read")


def _information(document: pdfium.PdfDocument) -> dict[str, str]:
    """The document information that is filled in ("Title", "Author", ...), at most 2,000 characters an entry."""
    keys = ("Title", "Author", "Subject", "Keywords", "Producer", "CreationDate")
    found = {key: _text(raw.FPDF_GetMetaText, document, key.encode())[:2000] for key in keys}
    return {key: value for key, value in found.items() if value}


def _page_label(document: pdfium.PdfDocument, index: int) -> str:
    """The label printed on the 0-based page, or its number where the file gives none or one that is no label."""
    label = _text(raw.FPDF_GetPageLabel, document, index).strip()
    return label if 0 < len(label) <= 20 and label.isprintable() else str(index + 1)


def _text(call: Callable[..., int], *arguments: object) -> str:
    """What a pdfium call that fills a UTF-16 buffer says."""
    size = call(*arguments, None, 0)
    if not 2 < size < 1 << 20:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(*arguments, buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", errors="ignore").replace("\0", "")


def _bounds(page: pdfium.PdfPage) -> Box:
    """The visible part of a page, in user space; an empty or endless one becomes US Letter."""
    x0, y0, x1, y1 = page.get_bbox()
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    sane = all(math.isfinite(side) and abs(side) < _FAR for side in box) and box[0] < box[2] and box[1] < box[3]
    return box if sane else (0.0, 0.0, 612.0, 792.0)


def _characters(
    text: object, count: int, number: Callable[[Style], int]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]:
    """Codes, boxes, style numbers and generated flags of a text page's first `count` characters."""
    codes, styles, generated = (
        array("I", bytes(4 * count)),
        array("i", bytes(4 * count)),
        np.zeros(count, dtype=np.bool_),
    )
    corners = (ctypes.c_double * (4 * max(count, 1)))()
    at, page = ctypes.addressof(corners), ctypes.cast(text, ctypes.c_void_p).value  # type: ignore[arg-type]
    before, style = 0, number(Style("", 0.0))
    for i in range(count):
        code = codes[i] = _unicode(page, i)
        _char_box(page, i, at, at + 8, at + 16, at + 24)
        at += 32
        if code <= 0x20 and raw.FPDFText_IsGenerated(text, i) == 1:
            generated[i] = True
        elif (here := _text_object(page, i) or 0) != before:
            before, style = here, number(_style(text, i) if here else Style("", 0.0))
        styles[i] = style
    corner_array = np.frombuffer(memoryview(corners).cast("B"), dtype=np.float64).reshape(-1, 4)
    sides = np.clip(np.nan_to_num(corner_array[:count, [0, 2, 1, 3]]), -_FAR, _FAR).astype(np.float32)
    numbers = np.frombuffer(codes, dtype=np.uint32).astype(np.int32), np.frombuffer(styles, dtype=np.int32)
    return numbers[0], sides, numbers[1], generated


def _style(text: object, i: int) -> Style:
    pointer = raw.FPDFText_GetTextObject(text, i)
    matrix = raw.FS_MATRIX()
    size = ctypes.c_float()
    raw.FPDFTextObj_GetFontSize(pointer, size)
    scale, turned = 1.0, 0
    if raw.FPDFText_GetMatrix(text, i, matrix):
        scale = abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5
        # A negative size turns the letters round, as many flipped pages have it.
        turned = _quarter(matrix.a, matrix.b) + (2 if size.value < 0 else 0)
    name, bold, italic = _font(raw.FPDFTextObj_GetFont(pointer))
    white, transparent = _fill(pointer)
    mode = raw.FPDFTextObj_GetTextRenderMode(pointer)
    points = abs(size.value) * scale
    points = min(round(points, 1), _MAX_SIZE) if math.isfinite(points) else _MAX_SIZE
    return Style(
        name, points, bold, italic, turned % 4, white and mode in (0, 2, 4, 6), mode == _INVISIBLE or transparent
    )


def _quarter(a: float, b: float) -> int:
    """The direction (a, b) of a line of text in quarter turns counter-clockwise, rounded."""
    if abs(a) >= abs(b):
        return 0 if a >= 0 else 2
    return 1 if b > 0 else 3


def _font(font: object) -> tuple[str, bool, bool]:
    """Name without its subset prefix, bold, italic."""
    if not font:
        return "", False, False
    buffer = ctypes.create_string_buffer(128)
    raw.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    name = buffer.value.decode("utf-8", errors="replace")
    name = name[7:] if len(name) > 7 and name[6] == "+" else name
    flags, weight, low = raw.FPDFFont_GetFlags(font), raw.FPDFFont_GetWeight(font), name.lower()
    bold = (
        weight >= _BOLD_WEIGHT or bool(flags & _BOLD_FLAG) or any(w in low for w in ("bold", "black", "heavy", "cmbx"))
    )
    italic = bool(flags & _ITALIC_FLAG) or any(w in low for w in ("italic", "oblique", "cmti"))
    return name, bold, italic


def _fill(pointer: object) -> tuple[bool, bool]:
    """Whether an object is filled with white, and whether it is filled with nothing at all."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(pointer, red, green, blue, alpha):
        return False, False
    return min(red.value, green.value, blue.value) >= _WHITE, alpha.value == 0


def _areas(page: pdfium.PdfPage) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rectangles of what is not white and not text on a page (shapes and images), and of the images alone."""
    covers, images = [], []
    sides = [ctypes.c_float() for _ in range(4)]
    for i in range(min(raw.FPDFPage_CountObjects(page.raw), _MAX_OBJECTS)):
        pointer = raw.FPDFPage_GetObject(page.raw, i)
        kind = raw.FPDFPageObj_GetType(pointer)
        if kind == _TEXT or (kind == _PATH and _fill(pointer)[0]):
            continue
        if raw.FPDFPageObj_GetBounds(pointer, *sides):
            box = tuple(side.value for side in sides)
            covers.append(box)
            if kind != _PATH and kind != _SHADING:
                images.append(box)
    return np.array(covers, dtype=np.float64).reshape(-1, 4), np.array(images, dtype=np.float64).reshape(-1, 4)
