"""Which characters of a page leave ink on it: the page is drawn with its text and without, and the two are compared.

So invisible, background-coloured, covered, transparent and clipped text and text off the page are all found by one
test. A scan's text layer is told from hidden text by the picture of letters under it. What it cannot tell: text that
says something else than the picture it lies on, and text that a reader's own comments cover.

Runs in the limited process of `assistant.index.worker`. Knows nothing of lines or words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from assistant.index.pages.sheet import (
    Bar,
    Contents,
    Picture,
    Rectangles,
    Sheet,
    active,
    bars,
    contents,
    inactive,
    is_faint,
)
from assistant.types import Box, PageQuality

HIDDEN_RUN = 20
"""Characters on end without ink that count as hidden; fewer are a stray ligature or a marker for machines."""
_DOUBTED_RUN = 10
"""Characters on end that the first look must doubt for a second: what lies near may make a run's others look seen."""
_CONTRAST = 16
"""Levels of 255 that ink must differ by from its ground: a contrast of about 1.1 to 1, on white as on black."""
_EDGE = 40
"""Levels between neighbours that are the edge of a letter in a picture, and not the grain of its paper."""
_COARSE, _FINE = 1.0, 2.0
"""Pixels per point of the first look, and of the second at what the first one doubts."""
_MAX_PIXELS = 8_000_000
"""A page that would have more is drawn smaller."""
_GAP, _ROUND_GAP = 3, 5
"""Letters with ink that do not end a run of letters without, where so many as the second number lie on both sides:
what the strokes of another line reach into."""
_LAYERS = 8
"""Drawings at most to tell apart text that lies on other text."""
_LAYER_SHARE, _SCAN_SHARE = 0.5, 0.8
"""Share of a page that images cover at least where text without ink is their text layer, and where there is hardly
any text."""
_STAMP = 100
"""Letters; a scan with fewer has no text layer, but a library's stamp or a page number."""
_MARKED_SHARE = 0.005
"""Share of a page without text that is drawn on if it is not to count as empty."""
_CELLS = 64
"""Cells a side in which that share is counted."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Letters:
    """A page's characters; all arrays have one entry per character.

    `objects` are the addresses of pdfium's text objects (0: none), `boxes` shape (n, 4) in user space; `printed` says
    which are more than white space, `tiny` which are too small to be seen, `shapeless` which have no glyph because
    their font is neither in the file nor on this machine.
    """

    objects: NDArray[np.uint64]
    boxes: NDArray[np.float32]
    printed: Mask
    tiny: Mask
    shapeless: Mask


def look(page: pdfium.PdfPage, bounds: Box, turned: int, letters: Letters) -> tuple[Mask, PageQuality]:
    """Which characters are hidden (runs of HIDDEN_RUN and more that a reader of the page does not see), and what kind
    of page it is.

    `bounds` is the visible part of the page in user space, `turned` its /Rotate in quarter turns clockwise. Raises
    ReadError where the page cannot be drawn.
    """
    hidden, is_scan = np.zeros(len(letters.printed), dtype=np.bool_), False
    if letters.printed.any():
        hidden, is_scan = _unseen(page, bounds, turned, letters)
    if is_scan:
        return hidden, PageQuality.OCR
    seen = int((letters.printed & ~hidden).sum())
    if seen >= _STAMP:
        return hidden, PageQuality.TEXT
    return hidden, _quality_of_little(page, bounds, turned, seen)


def guess(bounds: Box, letters: Letters) -> Mask:
    """Which characters are hidden, of a page that cannot be drawn: told by size, place, colour and mode of the text.

    White text on a dark ground is taken for hidden too: where it cannot be seen what is shown, nothing doubtful is
    quoted.
    """
    at = np.flatnonzero(letters.printed)
    objects = letters.objects[at]
    faint = [owner for owner in np.unique(objects).tolist() if is_faint(owner)]
    centres = (letters.boxes[at, :2] + letters.boxes[at, 2:]) / 2
    off = ((centres < bounds[:2]) | (centres > bounds[2:])).any(axis=1)
    unseen = letters.tiny[at] | off | np.isin(objects, np.array(faint, dtype=objects.dtype))
    return _filled(_in_runs(unseen, at, HIDDEN_RUN), at, len(letters.printed))


def _quality_of_little(page: pdfium.PdfPage, bounds: Box, turned: int, seen: int) -> PageQuality:
    """What a page with hardly a letter is."""
    if _image_share(contents(page).images, bounds) >= _SCAN_SHARE:
        return PageQuality.PICTURE
    if seen:
        return PageQuality.TEXT
    picture = Sheet(page, bounds, turned, _COARSE, most=_MAX_PIXELS).draw()
    marked = _differ(picture, np.full_like(picture, int(np.median(picture)))).mean()
    return PageQuality.PICTURE if marked >= _MARKED_SHARE else PageQuality.EMPTY


def _unseen(page: pdfium.PdfPage, bounds: Box, turned: int, letters: Letters) -> tuple[Mask, bool]:
    """Which characters are hidden, and whether the page is a scan with a text layer."""
    at = np.flatnonzero(letters.printed)
    tiny = letters.tiny[at]
    uncertain = tiny | ~_first_look(Sheet(page, bounds, turned, _COARSE, most=_MAX_PIXELS), letters, at)
    if not _in_runs(uncertain, at, _DOUBTED_RUN).any():
        return np.zeros(len(letters.printed), dtype=np.bool_), False
    doubted = np.isin(letters.objects[at], letters.objects[at[uncertain]])
    sheet, found = Sheet(page, bounds, turned, _FINE, most=_MAX_PIXELS), contents(page)
    with inactive(found.texts):
        ground = sheet.draw(colour=True)
        doubted[doubted] = ~_second_look(sheet, ground, letters, at[doubted], found)
    gone = _in_runs(doubted | tiny, at, HIDDEN_RUN)
    pictured = gone & ~tiny & _on_picture(sheet, ground, letters, at)
    is_scan = int(pictured.sum()) > int((~gone).sum()) and _image_share(found.images, bounds) >= _LAYER_SHARE
    if is_scan:
        gone = _in_runs(gone & ~pictured, at, HIDDEN_RUN)
    return _filled(gone, at, len(letters.printed)), is_scan


def _first_look(sheet: Sheet, letters: Letters, at: NDArray[np.intp]) -> Mask:
    """Which of the letters `at` leave ink for certain: most of that in their box lies in no other letter's."""
    seen = np.zeros(len(at), dtype=np.bool_)
    rectangles = sheet.rectangles(letters.boxes[at])
    areas = (rectangles[:, 2:] - rectangles[:, :2]).prod(axis=1, dtype=np.int64)
    placed = areas > 0
    if areas.sum() > _MAX_PIXELS or not placed.any():
        return seen
    with_text = sheet.draw()
    with inactive(np.unique(letters.objects[at]).tolist()):
        without = sheet.draw()
    places = _places(rectangles[placed], sheet.width)
    inked = _differ(with_text, without).ravel()[places]
    own = inked & (np.bincount(places, minlength=sheet.width * sheet.height)[places] == 1)
    starts = np.cumsum(areas[placed]) - areas[placed]
    all_ink, own_ink = (np.add.reduceat(mask, starts, dtype=np.int32) for mask in (inked, own))
    seen[placed] = (all_ink > 0) & (2 * own_ink >= all_ink)
    return seen


def _places(rectangles: Rectangles, width: int) -> NDArray[np.intp]:
    """The pixels of one rectangle after the other, counted row by row over a picture of this width."""
    left, top, right, bottom = rectangles.T.astype(np.intp)
    rows = _counted(top * width + left, bottom - top, width)
    return _counted(rows, np.repeat(right - left, bottom - top), 1)


def _counted(first: NDArray[np.intp], lengths: NDArray[np.intp], step: int) -> NDArray[np.intp]:
    """For each first number that many in steps from it."""
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.repeat(first - before * step, lengths) + np.arange(lengths.sum()) * step, dtype=np.intp)


def _second_look(sheet: Sheet, ground: Picture, letters: Letters, at: NDArray[np.intp], found: Contents) -> Mask:
    """Which of the letters `at` leave ink, both among all text and without the text that lies over or under them.

    All text objects are inactive; `ground` is the page without them.
    """
    rectangles, owners = sheet.rectangles(letters.boxes[at]), letters.objects[at]
    shapeless = letters.shapeless[at]
    stand_ins = _stand_ins(letters.boxes[at][shapeless], owners[shapeless], found)
    inked = np.zeros(len(at), dtype=np.bool_)
    for layer in _layers(rectangles, owners, sheet):
        mine = np.isin(owners, np.array(list(layer), dtype=np.uint64))
        with active(layer), bars(sheet.page, [bar for bar in stand_ins if bar.owner in layer]):
            inked[mine] = _count(_differ(sheet.draw(colour=True), ground), rectangles[mine]) > 0
    with active(found.texts), bars(sheet.page, stand_ins):
        inked &= _count(_differ(sheet.draw(colour=True), ground), rectangles) > 0
    unknown = [owner for owner in set(owners[shapeless].tolist()) if found.texts.get(owner, -1) < 0]
    return inked | (shapeless & np.isin(owners, np.array(unknown, dtype=np.uint64)))


def _stand_ins(boxes: NDArray[np.float32], owners: NDArray[np.uint64], found: Contents) -> list[Bar]:
    """A bar for each text object on the page itself whose letters have no glyph."""
    result = []
    for owner in np.unique(owners).tolist():
        if (number := found.texts.get(owner, -1)) >= 0:
            mine = boxes[owners == owner]
            sides = (*mine[:, :2].min(axis=0).tolist(), *mine[:, 2:].max(axis=0).tolist())
            result.append(Bar(owner, number, sides))
    return result


def _layers(rectangles: Rectangles, owners: NDArray[np.uint64], sheet: Sheet) -> list[set[int]]:
    """Text objects in groups within which none lies on another; what would need too many goes into the last."""
    order = np.argsort(owners, kind="stable")
    starts = np.flatnonzero(np.diff(owners[order], prepend=0))
    low = np.minimum.reduceat(rectangles[order, :2], starts, axis=0)
    high = np.maximum.reduceat(rectangles[order, 2:], starts, axis=0)
    layers: list[set[int]] = []
    taken: list[Mask] = []
    for i in np.argsort(order[starts]).tolist():
        place = slice(low[i, 1], high[i, 1]), slice(low[i, 0], high[i, 0])
        n = next((n for n, mask in enumerate(taken) if not mask[place].any()), min(len(taken), _LAYERS - 1))
        if n == len(taken):
            layers.append(set())
            taken.append(np.zeros((sheet.height, sheet.width), dtype=np.bool_))
        layers[n].add(int(owners[order[starts[i]]]))
        taken[n][place] = True
    return layers


def _on_picture(sheet: Sheet, ground: Picture, letters: Letters, at: NDArray[np.intp]) -> Mask:
    """Which of the letters `at` belong to text objects most of whose letters lie on edges of a picture."""
    levels = ground.astype(np.int16)
    edges = np.zeros(ground.shape[:2], dtype=np.bool_)
    edges[:, 1:] |= (np.abs(np.diff(levels, axis=1)) >= _EDGE).any(axis=2)
    edges[1:] |= (np.abs(np.diff(levels, axis=0)) >= _EDGE).any(axis=2)
    lies = _count(edges, sheet.rectangles(letters.boxes[at])) > 1
    _, owner = np.unique(letters.objects[at], return_inverse=True)
    share = np.bincount(owner, weights=lies) / np.bincount(owner)
    return np.asarray(share[owner] > 0.5)


def _differ(a: Picture, b: Picture) -> Mask:
    """Shape (height, width): where two pictures differ by a contrast that can be seen."""
    return np.asarray((np.maximum(a, b) - np.minimum(a, b) >= _CONTRAST).any(axis=2))


def _count(mask: Mask, rectangles: Rectangles) -> NDArray[np.int32]:
    """How many pixels of `mask` lie in each rectangle (summed-area table)."""
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), dtype=np.int32)
    sums[1:, 1:] = _sums(mask)
    left, top, right, bottom = rectangles.T
    return np.asarray(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left])


def _sums(values: NDArray[np.generic]) -> NDArray[np.int32]:
    """Sums over all that lies above and to the left of each place, itself included."""
    sums = np.cumsum(values, axis=1, dtype=np.int32)
    for above, row in pairwise(sums):  # a third of the time of np.cumsum along this axis
        np.add(above, row, row)
    return sums


def _in_runs(unseen: Mask, at: NDArray[np.intp], length: int) -> Mask:
    """The letters in runs of unseen ones that span `length` characters or more; `at` are the letters' places."""
    result = np.zeros(len(at), dtype=np.bool_)
    for first, last in _runs(_closed(unseen)):
        result[first:last] = at[last - 1] + 1 - at[first] >= length
    return result


def _closed(unseen: Mask) -> Mask:
    """The runs with short gaps filled where enough lies on both sides."""
    closed = unseen.copy()
    runs = _runs(unseen)
    for (a, b), (c, d) in pairwise(runs):
        if c - b <= _GAP and b - a >= _ROUND_GAP and d - c >= _ROUND_GAP:
            closed[b:c] = True
    return closed


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """(start, end) of each run of true values."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _filled(gone: Mask, at: NDArray[np.intp], count: int) -> Mask:
    """Of all `count` characters those that are gone, with the white space among them."""
    hidden = np.zeros(count, dtype=np.bool_)
    for first, last in _runs(gone):
        hidden[at[first] : at[last - 1] + 1] = True
    return hidden


def _image_share(images: Iterable[Box], bounds: Box) -> float:
    """Share of the page, 0..1, that its images cover together."""
    x0, y0, x1, y1 = bounds
    x, y = np.meshgrid(np.linspace(x0, x1, _CELLS), np.linspace(y0, y1, _CELLS))
    covered = np.zeros(x.shape, dtype=np.bool_)
    for left, bottom, right, top in images:
        covered |= (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    return float(covered.mean())
