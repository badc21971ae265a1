"""A PDF file as pdfium sees it: its pages' characters, its outline, its labels, its information.

Runs in the limited process of `assistant.index.worker`. Knows nothing of lines, paragraphs or reading order: pages come
out as arrays of characters in the order of the file's content. Never runs scripts or actions, never follows links.

pdfium's functions: https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdf_text.h
"""

from __future__ import annotations

import ctypes
import math
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from assistant.errors import ReadError
from assistant.index.pages.graphics import Graphics, read_graphics
from assistant.index.pages.ink import Letters, guess, look
from assistant.index.pages.legible import NO_CHARACTER, not_text
from assistant.index.pages.mending import mended
from assistant.index.pages.sheet import by_address
from assistant.types import Box, PageQuality

MAX_CHARACTERS = 20_000_000
_TINY = 1.0
"""Text below this size in points cannot be seen."""
_FLAT = 0.03
"""Points: the height or width of a box that holds no glyph."""
_NO_INK = (0x20, 0xA0, 0xAD, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F, 0x2060, 0x3000, 0xFEFF)
"""Spaces and characters of no width, beside the controls."""
_MAX_SIZE, _FAR = 9999.0, 1e6
"""Points: the largest font size, and the farthest place, that are kept as they are."""
_MAX_STYLES = 2000
"""Styles told apart in one file; papers have some dozens. What comes later counts as the first."""
_MAX_OUTLINE, _MAX_DEPTH, _MAX_ENTRY = 2000, 9, 300
"""Entries of an outline, levels of it and characters of an entry that are looked at; papers have some dozens."""
_SLANT = 0.18
"""Tangent of ten degrees: a scan may be turned by a few."""
_BOLD_FLAG, _ITALIC_FLAG = 1 << 18, 1 << 6
_BOLD_WEIGHT = 600


_pointer, _int = ctypes.c_void_p, ctypes.c_int
_NOT_ENCRYPTED = -1
"""pdfium's revision of the security handler of a file that has none."""
_unicode = by_address(raw.FPDFText_GetUnicode, ctypes.c_uint, _pointer, _int)
_char_box = by_address(raw.FPDFText_GetCharBox, _int, _pointer, _int, *[_pointer] * 4)
_text_object = by_address(raw.FPDFText_GetTextObject, _pointer, _pointer, _int)
_is_unmapped = by_address(raw.FPDFText_HasUnicodeMapError, _int, _pointer, _int)


@dataclass(frozen=True, slots=True)
class Style:
    """How a character is set. `size` in points as printed, `turned` in quarter turns counter-clockwise; `tiny` text is
    set under one point high or wide (some fonts' glyphs are larger all the same), `slanted` text runs over the page at
    an angle, as a watermark does."""

    font: str
    size: float
    bold: bool = False
    italic: bool = False
    turned: int = 0
    tiny: bool = False
    slanted: bool = False


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """One bookmark: its depth from 0, its words, and the 1-based page that it leads to."""

    level: int
    title: str
    page: int


@dataclass(slots=True)
class RawPage:
    """One page's characters in content order. All arrays have one entry per character.

    `number` is 1-based. `boxes` are tight, shape (n, 4), page user space in points; `styles` index `RawFile.styles`.
    `generated` marks white space and line ends that pdfium put in. `bounds` is the visible part of the page in user
    space, `turned` its /Rotate in quarter turns clockwise. `hidden` marks characters of runs that a reader of the page
    does not see; `quality` says how far its text can be trusted, and `drawn` that the page was drawn to tell both.
    `graphics` is what is drawn besides text.
    """

    number: int
    label: str
    bounds: Box
    turned: int
    codes: NDArray[np.int32]
    boxes: NDArray[np.float32]
    styles: NDArray[np.int32]
    generated: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    quality: PageQuality = PageQuality.TEXT
    drawn: bool = True
    graphics: Graphics = field(default_factory=Graphics)

    def only(self, kept: NDArray[np.bool_]) -> RawPage:
        """The page with those of its characters that are marked."""
        arrays = ("codes", "boxes", "styles", "generated", "hidden")
        return replace(self, **{name: getattr(self, name)[kept] for name in arrays})


@dataclass(frozen=True, slots=True)
class _Characters:
    """Characters as pdfium gives them; all arrays have one entry per character.

    `objects` are the addresses of text objects (0: none); `unmapped` characters have a code of their font's own in
    place of Unicode; `flat` ones have no glyph, and the box of their line instead of their own.
    """

    codes: NDArray[np.int32]
    boxes: NDArray[np.float32]
    styles: NDArray[np.int32]
    generated: NDArray[np.bool_]
    objects: NDArray[np.uint64]
    unmapped: NDArray[np.bool_]
    flat: NDArray[np.bool_]


class PdfFile:
    """An open file. `styles` is the table that the style numbers of its pages refer to; it grows as pages are read."""

    def __init__(self, document: pdfium.PdfDocument, *, repaired: bool = False) -> None:
        self._document = document
        self.repaired = repaired
        self._numbers: dict[Style, int] = {}
        self.styles: list[Style] = []
        self.page_count = len(document)
        self.information = _information(document)

    @property
    def encrypted(self) -> bool:
        """Only while it is open."""
        return bool(raw.FPDF_GetSecurityHandlerRevision(self._document.raw) != _NOT_ENCRYPTED)

    @property
    def outline(self) -> tuple[OutlineEntry, ...]:
        """The file's bookmarks, in order; empty where it has none or they cannot be read. Only while it is open."""
        return _outline(self._document)

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
        found = _characters(text.raw, min(text.count_chars(), limit), self.style_number)
        label, turned, bounds = _page_label(self._document, number - 1), page.get_rotation() // 90 % 4, _bounds(page)
        letters = _letters(found, self.styles)
        graphics = read_graphics(page.raw, bounds)
        quality, drawn = PageQuality.TEXT, True
        try:
            hidden, quality = look(page, bounds, turned, letters)
        except ReadError:
            hidden, drawn = guess(bounds, letters), False
        unknown, is_unreadable = not_text(found.codes, found.unmapped, letters.printed)
        if is_unreadable:
            quality = PageQuality.UNREADABLE
        codes = np.where(unknown, NO_CHARACTER, found.codes).astype(np.int32)
        return RawPage(
            number,
            label,
            bounds,
            turned,
            codes,
            found.boxes,
            found.styles,
            found.generated,
            hidden,
            quality,
            drawn,
            graphics,
        )


@contextmanager
def open_pdf(path: Path, password: str = "") -> Iterator[PdfFile]:
    """The file, opened; a copy mended in memory where it is damaged. Raises ReadError with the reason where it cannot
    be."""
    secret = password.encode("utf-8", "surrogateescape") or None
    data = b""
    handle = raw.FPDF_LoadDocument(os.fsencode(path), secret)
    if not handle:
        code = raw.FPDF_GetLastError()
        data = mended(path, password) if code == raw.FPDF_ERR_FORMAT else b""
        handle = raw.FPDF_LoadMemDocument64(data, len(data), secret) if data else None
        if not handle:
            # With another password the same file may open, so the next ingest is to try it again.
            raise ReadError(_open_error(code, password), transient=code == raw.FPDF_ERR_PASSWORD)
    document = pdfium.PdfDocument(handle)
    try:
        yield PdfFile(document, repaired=bool(data))
    finally:
        document.close()


def _open_error(code: int, password: str) -> str:
    reasons = {
        raw.FPDF_ERR_FILE: "cannot be opened",
        raw.FPDF_ERR_PASSWORD: "encrypted: the password is wrong"
        if password
        else "encrypted: it needs a password (give it with --password)",
        raw.FPDF_ERR_SECURITY: "encrypted in a way that is not supported",
    }
    return reasons.get(code, "damaged: the PDF's structure cannot be read; download it or export it again")


def _information(document: pdfium.PdfDocument) -> dict[str, str]:
    """The document information that is filled in ("Title", "Author", ...), at most 2,000 characters an entry."""
    keys = ("Title", "Author", "Subject", "Keywords", "Producer", "CreationDate")
    found = {key: _text(raw.FPDF_GetMetaText, document, key.encode())[:2000] for key in keys}
    return {key: value for key, value in found.items() if value}


def _outline(document: pdfium.PdfDocument) -> tuple[OutlineEntry, ...]:
    """The bookmarks that lead to a page of the file and have a title, within the limits."""
    found = []
    try:
        for bookmark in islice(document.get_toc(max_depth=_MAX_DEPTH), _MAX_OUTLINE):
            title = " ".join("".join(c if c.isprintable() else " " for c in bookmark.get_title()).split())
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            if title and page is not None and 0 <= page < len(document):
                found.append(OutlineEntry(bookmark.level, title[:_MAX_ENTRY], page + 1))
    except (pdfium.PdfiumError, UnicodeError):
        return ()
    return tuple(found)


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


def _characters(text: object, count: int, number: Callable[[Style], int]) -> _Characters:
    """A text page's first `count` characters."""
    page = _address(text)
    codes = _codes(text, count)
    objects = np.array([a or 0 for a in map(_text_object, repeat(page), range(count))], dtype=np.uint64)
    generated = np.zeros(count, dtype=np.bool_)
    for i in np.flatnonzero((codes >= 0) & (codes <= 0x20)).tolist():
        generated[i] = raw.FPDFText_IsGenerated(text, i) == 1
    objects[generated] = 0
    boxes = _boxes(page, count)
    flat = _has_ink(codes) & (objects != 0) & (np.minimum(*(boxes[:, 2:] - boxes[:, :2]).T) < _FLAT)
    for i in np.flatnonzero(flat).tolist():
        boxes[i] = _loose_box(text, i)
    real = np.flatnonzero(~generated)
    begins = real[np.diff(objects[real], prepend=np.uint64(0)) != 0]
    return _Characters(
        codes,
        boxes,
        _styles(text, count, begins, objects, number),
        generated,
        objects,
        _unmapped(page, count, begins),
        flat,
    )


def _address(handle: Any) -> int | None:
    """Of one of pdfium's handles."""
    return ctypes.cast(handle, _pointer).value


def _codes(text: object, count: int) -> NDArray[np.int32]:
    """Unicode of each character: all by one call where that gives one unit for each, which is nearly always."""
    units = (ctypes.c_uint16 * (count + 1))()
    pointer = ctypes.cast(units, ctypes.POINTER(ctypes.c_ushort))
    if raw.FPDFText_GetText(text, 0, count, pointer) == count + 1:
        codes = np.frombuffer(memoryview(units).cast("B"), dtype=np.uint16)[:count].astype(np.int32)
        if not (codes & ~0x7FF == 0xD800).any():
            return codes
    page = _address(text)
    found = np.fromiter(map(_unicode, repeat(page), range(count)), dtype=np.uint32, count=count)
    return np.asarray(found.astype(np.int32))


def _boxes(page: int | None, count: int) -> NDArray[np.float32]:
    """Tight boxes, shape (count, 4)."""
    corners = (ctypes.c_double * (4 * max(count, 1)))()
    first = ctypes.addressof(corners)
    places = [range(first + 8 * k, first + 8 * k + 32 * count, 32) for k in range(4)]
    deque(map(_char_box, repeat(page), range(count), *places), maxlen=0)
    sides = np.frombuffer(memoryview(corners).cast("B"), dtype=np.float64).reshape(-1, 4)[:count, [0, 2, 1, 3]]
    return np.clip(np.nan_to_num(sides), -_FAR, _FAR).astype(np.float32)


def _styles(
    text: object, count: int, begins: NDArray[np.intp], objects: NDArray[np.uint64], number: Callable[[Style], int]
) -> NDArray[np.int32]:
    """Style number of each character; what pdfium put in has that of what stands before. `begins` are the characters
    with which another text object begins."""
    fonts: dict[int | None, tuple[str, bool, bool]] = {}
    none = Style("", 0.0)
    found = [number(none), *(number(_style(text, i, fonts) if objects[i] else none) for i in begins.tolist())]
    return np.array(found, dtype=np.int32)[np.searchsorted(begins, np.arange(count), side="right")]


def _unmapped(page: int | None, count: int, begins: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which characters have a code of their font's own; all are asked only where the first of a text object has."""
    if not any(map(_is_unmapped, repeat(page), begins.tolist())):
        return np.zeros(count, dtype=np.bool_)
    return np.asarray(np.fromiter(map(_is_unmapped, repeat(page), range(count)), dtype=np.int32, count=count) == 1)


def _has_ink(codes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which characters are more than white space."""
    return np.asarray((codes > 0x20) & ~np.isin(codes, _NO_INK))


def _loose_box(text: object, i: int) -> tuple[float, ...]:
    """From the font's height and the character's width; zeros where there is none."""
    sides = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(text, i, sides):
        return (0.0, 0.0, 0.0, 0.0)
    box = (sides.left, sides.bottom, sides.right, sides.top)
    return tuple(min(max(side, -_FAR), _FAR) if math.isfinite(side) else 0.0 for side in box)


def _letters(found: _Characters, styles: list[Style]) -> Letters:
    """What `assistant.index.pages.ink` looks at."""
    printed = _has_ink(found.codes) & (found.objects != 0)
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    tiny = np.array([style.tiny for style in styles], dtype=np.bool_)[found.styles]
    for style in np.unique(found.styles[tiny]).tolist():
        # A font whose unit is no thousandth of its size may be set at a hundredth of a point and be large.
        mine = found.styles == style
        tiny[mine] = np.median(sides[mine & printed].min(axis=1, initial=_FAR)) < _TINY
    shapeless = found.flat.copy()
    for owner in np.unique(found.objects[shapeless]).tolist():
        font = raw.FPDFTextObj_GetFont(ctypes.cast(owner, raw.FPDF_PAGEOBJECT))
        if font and raw.FPDFFont_GetIsEmbedded(font) == 1:
            shapeless[found.objects == owner] = False
    return Letters(found.objects, found.boxes, printed, tiny, shapeless)


def _style(text: object, i: int, fonts: dict[int | None, tuple[str, bool, bool]]) -> Style:
    """How character `i` is set; `fonts` are those of the page met so far."""
    pointer = raw.FPDFText_GetTextObject(text, i)
    matrix = raw.FS_MATRIX()
    size = ctypes.c_float()
    raw.FPDFTextObj_GetFontSize(pointer, size)
    scale = narrow = 1.0
    turned, slanted = 0, False
    if raw.FPDFText_GetMatrix(text, i, matrix):
        scale = abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5
        narrow = min(math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d))
        # A negative size turns the letters round, as many flipped pages have it.
        turned = _quarter(matrix.a, matrix.b) + (2 if size.value < 0 else 0)
        slanted = min(abs(matrix.a), abs(matrix.b)) > _SLANT * max(abs(matrix.a), abs(matrix.b))
    font = raw.FPDFTextObj_GetFont(pointer)
    address = _address(font)
    if address not in fonts:
        fonts[address] = _font(font)
    points = abs(size.value) * scale
    points = min(round(points, 1), _MAX_SIZE) if math.isfinite(points) else _MAX_SIZE
    tiny = abs(size.value) * narrow < _TINY
    return Style(*fonts[address][:1], points, *fonts[address][1:], turned % 4, tiny, slanted)


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
