"""What is drawn on a PDF's page besides its text: ruling lines, filled areas, images, other shapes.

Runs in the limited process of `assistant.index.worker`, on pages that `pdf` has opened. Knows nothing of tables or
figures. What it does is bounded: a map with a million strokes costs no more than a page of text.

pdfium's functions: https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdf_edit.h
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pypdfium2.raw as raw
from numpy.typing import NDArray

from assistant.index.pages.sheet import by_address
from assistant.types import Box

Boxes = NDArray[np.float64]
"""Shape (n, 4): x0, y0, x1, y1 in points of the page's user space."""
Matrix = tuple[float, float, float, float, float, float]

MAX_OBJECTS = 20_000
"""Objects looked at on one page, those inside forms included."""
MAX_SHAPES = 5_000
"""Shapes kept of one kind on a page."""
_MAX_SEGMENTS, _ALL_SEGMENTS = 200, 8_000
"""Segments up to which a path is looked at piece by piece (a longer one is a drawing), and those of a whole page."""
_MAX_DEPTH = 4
"""Forms within forms."""
_THIN = 2.6
"""Points: the thickest ruling line; journals use up to 2."""
_LONG = 4.0
"""How many times as long as thick a ruling line is at least, and its least length in points."""
_WHITE = 250
"""A fill whose red, green and blue are all at least this is white on paper."""
_PATH, _IMAGE, _SHADING, _FORM = 2, 3, 4, 5
_MOVE, _LINE, _CURVE = 2, 0, 1
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _empty() -> Boxes:
    return np.zeros((0, 4))


@dataclass(frozen=True, slots=True)
class Graphics:
    """What is drawn on a page, as boxes of shape (n, 4) in page user space.

    `rules` are thin lines across or along the page, `areas` what is filled with a colour, `images` pictures, `shapes`
    every path with its bounds (rules and areas included).
    """

    rules: Boxes = field(default_factory=_empty)
    areas: Boxes = field(default_factory=_empty)
    images: Boxes = field(default_factory=_empty)
    shapes: Boxes = field(default_factory=_empty)


_P, _I, _F = ctypes.c_void_p, ctypes.c_int, ctypes.c_float
_count_objects = by_address(raw.FPDFPage_CountObjects, _I, _P)
_get_object = by_address(raw.FPDFPage_GetObject, _P, _P, _I)
_count_inner = by_address(raw.FPDFFormObj_CountObjects, _I, _P)
_get_inner = by_address(raw.FPDFFormObj_GetObject, _P, _P, ctypes.c_ulong)
_kind = by_address(raw.FPDFPageObj_GetType, _I, _P)
_get_bounds = by_address(raw.FPDFPageObj_GetBounds, _I, _P, _P, _P, _P, _P)
_get_matrix = by_address(raw.FPDFPageObj_GetMatrix, _I, _P, _P)
_count_segments = by_address(raw.FPDFPath_CountSegments, _I, _P)
_get_segment = by_address(raw.FPDFPath_GetPathSegment, _P, _P, _I)
_segment_kind = by_address(raw.FPDFPathSegment_GetType, _I, _P)
_segment_close = by_address(raw.FPDFPathSegment_GetClose, _I, _P)
_get_point = by_address(raw.FPDFPathSegment_GetPoint, _I, _P, _P, _P)
_get_mode = by_address(raw.FPDFPath_GetDrawMode, _I, _P, _P, _P)
_get_fill = by_address(raw.FPDFPageObj_GetFillColor, _I, _P, _P, _P, _P, _P)


def read_graphics(page: object, bounds: Box) -> Graphics:
    """What is drawn on an open page (pdfium's handle) within `bounds`, its visible part."""
    look = _Look(bounds)
    look.page(ctypes.cast(page, ctypes.c_void_p).value or 0)  # type: ignore[arg-type]
    return Graphics(*(_boxes(kept, bounds) for kept in (look.rules, look.areas, look.images, look.shapes)))


def _boxes(kept: list[Box], bounds: Box) -> Boxes:
    """Those that lie on the page, cut to it."""
    boxes = np.array(kept, dtype=np.float64).reshape(-1, 4)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    cut = np.concatenate([np.maximum(boxes[:, :2], bounds[:2]), np.minimum(boxes[:, 2:], bounds[2:])], axis=1)
    return cut[(cut[:, 0] <= cut[:, 2]) & (cut[:, 1] <= cut[:, 3])]


class _Look:
    """One look over a page's objects; what it finds gathers in its lists."""

    def __init__(self, bounds: Box) -> None:
        self.rules: list[Box] = []
        self.areas: list[Box] = []
        self.images: list[Box] = []
        self.shapes: list[Box] = []
        self._bounds = bounds
        self._left = MAX_OBJECTS
        self._segments = _ALL_SEGMENTS
        self._sides = (ctypes.c_float * 6)()
        self._at = [ctypes.addressof(self._sides) + 4 * i for i in range(6)]
        self._colour = (ctypes.c_uint * 4)()
        self._colour_at = [ctypes.addressof(self._colour) + 4 * i for i in range(4)]

    def page(self, page: int) -> None:
        for i in range(min(_count_objects(page), self._left)):
            self._object(_get_object(page, i), _IDENTITY, 0)

    def _object(self, pointer: int, matrix: Matrix, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or not pointer:
            return
        kind = _kind(pointer)
        if kind == _PATH and len(self.shapes) < MAX_SHAPES:
            self._path(pointer, matrix)
        elif kind in (_IMAGE, _SHADING) and len(self.images) < MAX_SHAPES:
            if box := self._box(pointer, matrix):
                self.images.append(box)
        elif kind == _FORM and depth < _MAX_DEPTH and _get_matrix(pointer, self._at[0]):
            inner = _product(self._matrix(), matrix)
            for i in range(min(_count_inner(pointer), max(0, self._left))):
                self._object(_get_inner(pointer, i), inner, depth + 1)

    def _matrix(self) -> Matrix:
        a, b, c, d, e, f = self._sides
        return (a, b, c, d, e, f)

    def _box(self, pointer: int, matrix: Matrix) -> Box | None:
        """Where an object lies on the page; None for one without a place."""
        if not _get_bounds(pointer, *self._at[:4]):
            return None
        x0, y0, x1, y1 = self._sides[:4]
        return (x0, y0, x1, y1) if matrix is _IDENTITY else _moved((x0, y0, x1, y1), matrix)

    def _path(self, pointer: int, matrix: Matrix) -> None:
        box = self._box(pointer, matrix)
        if box is None:
            return
        fill, stroke = self._mode(pointer)
        white = fill and self._is_white(pointer)
        if not stroke and (white or not fill):
            return
        self.shapes.append(box)
        if is_rule(box):
            self.rules.append(box)
            return
        count = _count_segments(pointer)
        self._segments -= count
        if count > _MAX_SEGMENTS or self._segments < 0:
            return
        edges, filled = self._pieces(pointer, count, matrix)
        if stroke:
            self.rules += edges
        elif all(is_rule(piece) for piece in filled):
            self.rules += filled
        if fill and not white and filled:
            self.areas += [piece for piece in filled if not is_rule(piece)]

    def _mode(self, pointer: int) -> tuple[bool, bool]:
        """Whether a path is filled, and whether it is drawn along its edge."""
        _get_mode(pointer, self._colour_at[0], self._colour_at[1])
        return self._colour[0] != 0, self._colour[1] != 0

    def _is_white(self, pointer: int) -> bool:
        known = _get_fill(pointer, *self._colour_at)
        return bool(known) and (min(self._colour[:3]) >= _WHITE or self._colour[3] == 0)

    def _pieces(self, pointer: int, count: int, matrix: Matrix) -> tuple[list[Box], list[Box]]:
        """The straight edges of a path that are ruling lines, and the box of each of its parts; nothing for curves."""
        own = _product(self._matrix(), matrix) if _get_matrix(pointer, self._at[0]) else matrix
        edges: list[Box] = []
        parts: list[list[tuple[float, float]]] = []
        for i in range(count):
            segment = _get_segment(pointer, i)
            kind = _segment_kind(segment)
            if kind == _CURVE or not _get_point(segment, self._at[0], self._at[1]):
                return [], []
            point = _point(self._sides[0], self._sides[1], own)
            if kind == _MOVE or not parts:
                parts.append([])
            parts[-1].append(point)
            if _segment_close(segment):
                parts[-1].append(parts[-1][0])
        for part in parts:
            edges += [box for a, b in pairwise(part) if is_rule(box := _around([a, b]))]
        return edges, [_around(part) for part in parts if len(part) > 1]


def is_rule(box: Box) -> bool:
    """Whether a box is a thin line across or along the page."""
    width, height = box[2] - box[0], box[3] - box[1]
    thin, long = min(width, height), max(width, height)
    return thin <= _THIN and long >= _LONG * max(1.0, thin)


def _around(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


def _point(x: float, y: float, matrix: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return (a * x + c * y + e, b * x + d * y + f)


def _moved(box: Box, matrix: Matrix) -> Box:
    x0, y0, x1, y1 = box
    return _around([_point(x, y, matrix) for x in (x0, x1) for y in (y0, y1)])


def _product(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that does `first`, then `then`. What is not finite becomes the identity."""
    a, b, c, d, e, f = first
    (g, h), (i, j), (k, m) = (
        _point(a, b, (*then[:4], 0.0, 0.0)),
        _point(c, d, (*then[:4], 0.0, 0.0)),
        _point(e, f, then),
    )
    result = (g, h, i, j, k, m)
    return result if all(map(math.isfinite, result)) else _IDENTITY
