"""Drawn pages of papers, kept for a while: a page costs a process of its own to draw.

What is kept is named by the hash of the paper's file, so it is right for whoever may see that paper. Whether a reader
may is not asked here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant import Assistant

Box = tuple[float, float, float, float]
Place = tuple[float, float, float, float]
"""Left, top, width and height of a rectangle, in per cent of the page."""

KEPT = 40
"""Pages, at 0.2 to 1.5 MB each."""
AT_ONCE = 2
"""Pages drawn at the same time: as many as the smallest machine has cores."""
PLAIN_DPI, FINE_DPI = 110, 200
"""Resolution of a page as wide as its column, and of one that is looked at closely."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A drawn page: its size in pixels, the matrix from the page's user space to them, the PNG file."""

    width: int
    height: int
    matrix: tuple[float, ...]
    png: bytes

    def place(self, box: Box) -> Place | None:
        """Where a box of user space lies, cut to the page; None where it lies outside."""
        a, b, c, d, e, f = self.matrix
        corners = [(a * x + c * y + e, b * x + d * y + f) for x in (box[0], box[2]) for y in (box[1], box[3])]
        left, right = (_share(m(x for x, _ in corners), self.width) for m in (min, max))
        top, bottom = (_share(m(y for _, y in corners), self.height) for m in (min, max))
        return (left, top, right - left, bottom - top) if left < right and top < bottom else None


def _share(pixels: float, whole: int) -> float:
    return min(max(100 * pixels / whole, 0.0), 100.0)


class Pages:
    """The pages drawn last. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], Leaf] = OrderedDict()
        self._guard = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def leaf(self, assistant: Assistant, paper_id: str, path: Path, number: int, *, dpi: int = PLAIN_DPI) -> Leaf:
        """Page `number` (from 1) of the paper whose file lies at `path`. Raises ReadError."""
        key = (paper_id, number, dpi)
        if leaf := self._held(key):
            return leaf
        with self._places:
            if leaf := self._held(key):  # drawn for another while this one waited
                return leaf
            picture = assistant.draw(path, number, dpi=dpi)
            leaf = Leaf(picture.width, picture.height, picture.matrix, picture.png())
        with self._guard:
            self._kept[key] = leaf
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return leaf

    def _held(self, key: tuple[str, int, int]) -> Leaf | None:
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)
