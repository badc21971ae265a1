"""Draws a page, with some of its objects or without: pdfium's page objects by address, and pictures as arrays.

Runs in the limited process of `assistant.index.worker`. Never draws comments or form fields, never runs anything.

pdfium's functions: https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdf_edit.h and fpdf_progressive.h
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from assistant.errors import ReadError
from assistant.types import Box

DRAWING_SECONDS = 3.0
"""Processor time after which a drawing is given up; papers take hundredths."""
_MAX_OBJECTS, _MAX_DEPTH = 200_000, 8
"""Page objects looked at, and forms within forms."""
_BAR_LINE = 1.0
"""Points: the width of the outline of a bar that stands for outlined text."""
_FILLING = (
    raw.FPDF_TEXTRENDERMODE_FILL,
    raw.FPDF_TEXTRENDERMODE_FILL_STROKE,
    raw.FPDF_TEXTRENDERMODE_FILL_CLIP,
    raw.FPDF_TEXTRENDERMODE_FILL_STROKE_CLIP,
)
_STROKING = (
    raw.FPDF_TEXTRENDERMODE_STROKE,
    raw.FPDF_TEXTRENDERMODE_FILL_STROKE,
    raw.FPDF_TEXTRENDERMODE_STROKE_CLIP,
    raw.FPDF_TEXTRENDERMODE_FILL_STROKE_CLIP,
)

Picture = NDArray[np.uint8]
"""Shape (height, width, 1) in grey, (height, width, 4) in colour."""
Rectangles = NDArray[np.int32]
"""Pixels, shape (n, 4): left, top, and right, bottom, both outside; empty off the page."""


_PALE = 240
"""Red, green and blue of 255 from which a colour cannot be told from white paper."""


def by_address(function: object, result: type | None, *arguments: type) -> Callable[..., int]:
    """A pdfium function that takes and gives plain addresses: a third of the time of typed pointers a call."""
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    return ctypes.CFUNCTYPE(result, *arguments)(address)  # type: ignore[arg-type]


_set_active = by_address(raw.FPDFPageObj_SetIsActive, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_kind = by_address(raw.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_page_object = by_address(raw.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_form_object = by_address(raw.FPDFFormObj_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)


@dataclass(slots=True)
class Contents:
    """What is on a page: the addresses of its text objects, each with its number on the page (-1 for one in a form),
    and the rectangles of its images; an image in a form has the form's."""

    texts: dict[int, int] = field(default_factory=dict)
    images: list[Box] = field(default_factory=list)
    left: int = _MAX_OBJECTS


class Sheet:
    """A page to be drawn as if not turned, over `bounds` (user space), at `scale` pixels per point, or fewer where that
    would be more than `most` in all. `turned` is its /Rotate in quarter turns clockwise.
    """

    def __init__(self, page: pdfium.PdfPage, bounds: Box, turned: int, scale: float, *, most: int) -> None:
        width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
        scale = min(scale, (most / (width * height)) ** 0.5)
        self.page, self.bounds, self._back = page, bounds, -turned % 4
        self.width, self.height = (min(max(1, int(side * scale)), most) for side in (width, height))

    def draw(self, *, colour: bool = False) -> Picture:
        """The page on white. Raises ReadError where that takes too long."""
        channels = 4 if colour else 1
        picture = np.full((self.height, self.width, channels), 255, dtype=np.uint8)
        memory = picture.ctypes.data_as(ctypes.c_void_p)
        kind = raw.FPDFBitmap_BGRx if colour else raw.FPDFBitmap_Gray
        bitmap = raw.FPDFBitmap_CreateEx(self.width, self.height, kind, memory, self.width * channels)
        if not bitmap:
            raise MemoryError
        try:
            self._draw(bitmap, 0 if colour else raw.FPDF_GRAYSCALE)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return picture

    def _draw(self, bitmap: object, flags: int) -> None:
        end = time.process_time() + DRAWING_SECONDS
        pause = raw.IFSDK_PAUSE(version=1)
        pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _: time.process_time() > end)
        size = (0, 0, self.width, self.height)
        state = raw.FPDF_RenderPageBitmap_Start(bitmap, self.page.raw, *size, self._back, flags, pause)
        raw.FPDF_RenderPage_Close(self.page.raw)
        if state != raw.FPDF_RENDER_DONE:
            raise ReadError("the page cannot be drawn (it takes too long)")

    def rectangles(self, boxes: NDArray[np.floating]) -> Rectangles:
        """The pixels whose centres lie in each box, or the one in its middle."""
        x0, y0, x1, y1 = self.bounds
        scale = np.array([self.width / (x1 - x0), self.height / (y1 - y0)])
        upper = np.stack([boxes[:, 0] - x0, y1 - boxes[:, 3]], axis=1) * scale
        lower = np.stack([boxes[:, 2] - x0, y1 - boxes[:, 1]], axis=1) * scale
        first, last, middle = np.ceil(upper - 0.5), np.ceil(lower - 0.5), np.floor((upper + lower) / 2)
        thin = last <= first
        first[thin], last[thin] = middle[thin], middle[thin] + 1
        sides = [np.clip(side, 0, (self.width, self.height)) for side in (first, last)]
        return np.concatenate(sides, axis=1).astype(np.int32)


def contents(page: pdfium.PdfPage) -> Contents:
    """Text and images of a page, those in its forms too."""
    found = Contents()
    handle = ctypes.cast(page.raw, ctypes.c_void_p).value
    for number in range(min(raw.FPDFPage_CountObjects(page.raw), _MAX_OBJECTS)):
        _take(found, _page_object(handle, number), number, None, 0)
    return found


def _take(found: Contents, address: int, number: int, box: Box | None, depth: int) -> None:
    """Note one object, and what is in it; `box` is that of the outermost form it is in."""
    found.left -= 1
    kind = _kind(address)
    if kind == raw.FPDF_PAGEOBJ_TEXT:
        found.texts[address] = number
    elif kind == raw.FPDF_PAGEOBJ_IMAGE:
        found.images.append(box or _box(address))
    elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
        box = box or _box(address)
        for i in range(min(raw.FPDFFormObj_CountObjects(_pointer(address)), max(0, found.left))):
            _take(found, _form_object(address, i), -1, box, depth + 1)


def is_faint(address: int) -> bool:
    """Whether the settings of the text object at this address alone say that it leaves no ink on white paper."""
    pointer = _pointer(address)
    mode = raw.FPDFTextObj_GetTextRenderMode(pointer)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE or not raw.FPDFPageObj_GetFillColor(pointer, red, green, blue, alpha):
        return bool(mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    pale = min(red.value, green.value, blue.value) >= _PALE and mode == raw.FPDF_TEXTRENDERMODE_FILL
    return pale or alpha.value == 0


def _pointer(address: int) -> object:
    return ctypes.cast(address, raw.FPDF_PAGEOBJECT)


def _box(address: int) -> Box:
    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(_pointer(address), *sides)
    x0, y0, x1, y1 = (side.value for side in sides)
    return (x0, y0, x1, y1)


@contextmanager
def inactive(objects: Iterable[int]) -> Iterator[None]:
    """Within, these objects are not drawn."""
    objects = list(objects)
    for address in objects:
        _set_active(address, 0)
    try:
        yield
    finally:
        for address in objects:
            _set_active(address, 1)


@contextmanager
def active(objects: Iterable[int]) -> Iterator[None]:
    """Within `inactive`, these objects are drawn again."""
    objects = list(objects)
    for address in objects:
        _set_active(address, 1)
    try:
        yield
    finally:
        for address in objects:
            _set_active(address, 0)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle to be drawn in place of a text object that no font is there for: beneath it, in its colour."""

    owner: int
    number: int
    box: Box


@contextmanager
def bars(page: pdfium.PdfPage, wanted: Collection[Bar]) -> Iterator[None]:
    """Within, the bars are on the page; those of text that is set as invisible are not."""
    placed = []
    for bar in sorted(wanted, key=lambda bar: -bar.number):  # from above, so that the numbers below stay right
        if shape := _bar(bar):
            raw.FPDFPage_InsertObjectAtIndex(page.raw, shape, bar.number)
            placed.append(shape)
    try:
        yield
    finally:
        for shape in placed:
            raw.FPDFPage_RemoveObject(page.raw, shape)
            raw.FPDFPageObj_Destroy(shape)


def _bar(bar: Bar) -> Any:
    """The rectangle as pdfium's object; None for text that is not painted."""
    text = _pointer(bar.owner)
    mode = raw.FPDFTextObj_GetTextRenderMode(text)
    if mode not in _FILLING and mode not in _STROKING:
        return None
    x0, y0, x1, y1 = bar.box
    shape = raw.FPDFPageObj_CreateNewRect(x0, y0, x1 - x0, y1 - y0)
    raw.FPDFPageObj_SetFillColor(shape, *_colour(raw.FPDFPageObj_GetFillColor, text))
    raw.FPDFPageObj_SetStrokeColor(shape, *_colour(raw.FPDFPageObj_GetStrokeColor, text))
    filling = raw.FPDF_FILLMODE_WINDING if mode in _FILLING else raw.FPDF_FILLMODE_NONE
    raw.FPDFPageObj_SetStrokeWidth(shape, _BAR_LINE)
    raw.FPDFPath_SetDrawMode(shape, filling, mode in _STROKING)
    return shape


def _colour(ask: Callable[..., int], text: object) -> list[int]:
    """Red, green, blue and opacity, 0..255; black where there is no answer."""
    parts = [ctypes.c_uint(0), ctypes.c_uint(0), ctypes.c_uint(0), ctypes.c_uint(255)]
    ask(text, *parts)
    return [part.value for part in parts]
