"""Character boxes: how they are stored, and which rectangles mark a run of text on its page.

Pure numpy. Knows nothing of PDF files: a page's text and the boxes of its characters are all it sees.
"""

from __future__ import annotations

import zlib
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.types import Box, Page

Floats = NDArray[np.float64]
"""Points, or boxes of shape (n, 4): x0, y0, x1, y1; a row of zeros is a character without a place."""

UNITS = 100
"""Stored units per point. A hundredth of a point is a tenth of what a screen can show at 400 %."""
_LIMIT = 2**31 - 1
_COMPRESSION = 1
"""zlib level: 6 gives 8 % smaller boxes for four times the time."""
_CHARACTER_BYTES = 16
_SLACK = 0.01
"""Points added on every side, since stored boxes are rounded to half of it."""


def pack(boxes: NDArray[np.floating]) -> bytes:
    """Floats of shape (n, 4) in points -> the bytes kept in `Page.char_boxes`. What is not finite becomes zero."""
    scaled = np.nan_to_num(np.asarray(boxes, dtype=np.float64).reshape(-1, 4), posinf=0.0, neginf=0.0) * UNITS
    rounded = np.clip(np.rint(scaled), -_LIMIT, _LIMIT).astype("<i4")
    return zlib.compress(rounded.tobytes(), _COMPRESSION)


def unpack(data: bytes) -> Floats:
    """The bytes of `Page.char_boxes` -> boxes of shape (n, 4) in points. Raises ValueError for damaged bytes."""
    if not data:
        return np.zeros((0, 4))
    try:
        raw = zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(f"character boxes cannot be unpacked ({error})") from error
    if len(raw) % _CHARACTER_BYTES:
        raise ValueError(f"character boxes are {len(raw)} bytes, not a multiple of {_CHARACTER_BYTES}")
    return np.frombuffer(raw, dtype="<i4").reshape(-1, 4) / UNITS


def unpacked_size(data: bytes, limit: int) -> int:
    """Number of characters that `data` holds boxes for, unpacking no more than `limit` of them.

    Raises ValueError for damaged bytes and for more than `limit` characters: bytes from an untrusted process are
    asked this first, since 1 KB can unpack to 1 MB.
    """
    unzip = zlib.decompressobj()
    try:
        raw = unzip.decompress(data, limit * _CHARACTER_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"character boxes cannot be unpacked ({error})") from error
    if not unzip.eof or unzip.unused_data or len(raw) % _CHARACTER_BYTES:
        raise ValueError("character boxes do not end where they should")
    return len(raw) // _CHARACTER_BYTES


def turn(boxes: Floats, quarter: int) -> Floats:
    """Boxes seen with the page turned clockwise by `quarter` right angles about the origin.

    Text that runs upward (a quarter turn counter-clockwise) reads left to right after `turn(boxes, 1)`.
    """
    x0, y0, x1, y1 = boxes.T
    turned = {0: (x0, y0, x1, y1), 1: (y0, -x1, y1, -x0), 2: (-x1, -y1, -x0, -y0), 3: (-y1, x0, -y0, x1)}
    return np.stack(turned[quarter % 4], axis=1)


def line_boxes(page: Page, start: int, end: int) -> tuple[Box, ...]:
    """The rectangles that mark `page.text[start:end]`: one per line of the run, in reading order.

    Where the rectangle around a line would take in the centre of a character outside the run (tight leading,
    superscripts, a formula's limits), it is trimmed or split until it does not, down to single characters.
    """
    boxes = unpack(page.char_boxes)
    placed = (boxes != 0).any(axis=1)
    inside = start + np.flatnonzero(placed[start:end])
    if not len(inside):
        return ()
    placed[start:end] = False
    run = boxes[inside]
    foreign = _foreign(boxes, np.flatnonzero(placed), run, page.text)
    pieces: list[Floats] = []
    for first, last in _lines(run, inside, page.text):
        pieces += _split(run[first:last], foreign)
    return tuple(
        (x0 - _SLACK, y0 - _SLACK, x1 + _SLACK, y1 + _SLACK)
        for x0, y0, x1, y1 in (p.tolist() for p in _merge(pieces, foreign, _em(run)))
    )


def _foreign(boxes: Floats, others: NDArray[np.intp], run: Floats, text: str) -> Floats:
    """Centres, shape (k, 2), of the characters other than white space outside the run that lie where the run lies."""
    centres = _centres(boxes[others])
    box = _union(run)
    near = ((centres >= box[:2]) & (centres <= box[2:])).all(axis=1)
    seen = [not text[i].isspace() for i in others[near].tolist()]
    return centres[near][np.array(seen, dtype=np.bool_)]


def _centres(boxes: Floats) -> Floats:
    """Shape (n, 2)."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _union(boxes: Floats) -> Floats:
    """Shape (4,)."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _near(points: Floats, line: Floats) -> Floats:
    box = _union(line)
    return points[((points >= box[:2]) & (points <= box[2:])).all(axis=1)]


def _em(boxes: Floats) -> float:
    """A letter's size: the median of the longer sides, in points, at least 1."""
    return max(1.0, float(np.median(np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]))))


def _lines(run: Floats, at: NDArray[np.intp], text: str) -> list[tuple[int, int]]:
    """Cut a run where a block ends and where a character lies far from the one before it.

    Far is measured as the free distance between the two rectangles, so that it holds for any direction of writing.
    """
    gap = np.maximum(run[1:, :2] - run[:-1, 2:], run[:-1, :2] - run[1:, 2:])
    em = _em(run)
    far = (gap[:, 0] > 3 * em) | (gap[:, 1] > 0.75 * em) | ((gap[:, 0] > em) & (gap[:, 1] > 0))
    for i in np.flatnonzero(np.diff(at) > 1).tolist():
        far[i] |= "\n" in text[at[i] : at[i + 1]]
    edges = [0, *(np.flatnonzero(far) + 1).tolist(), len(run)]
    return list(pairwise(edges))


def _split(line: Floats, foreign: Floats) -> list[Floats]:
    """Rectangles that hold every centre of `line` and none of `foreign` where that can be."""
    box = _union(line)
    inner = _near(foreign, line)
    if not len(inner) or len(line) == 1:
        return [box]
    trimmed = _trim(box, _centres(line), inner)
    if trimmed is not None:
        return [trimmed]
    half = len(line) // 2
    return _split(line[:half], inner) + _split(line[half:], inner)


def _trim(box: Floats, own: Floats, foreign: Floats) -> Floats | None:
    """`box` cut back on one axis so that it holds all of `own` and none of `foreign`; None where that cannot be."""
    for axis in (1, 0):
        low, high = own[:, axis].min(), own[:, axis].max()
        below, above = foreign[foreign[:, axis] < low, axis], foreign[foreign[:, axis] > high, axis]
        if len(below) + len(above) < len(foreign):
            continue
        cut = box.copy()
        if len(below):
            cut[axis] = (below.max() + low) / 2
        if len(above):
            cut[axis + 2] = (above.min() + high) / 2
        return cut
    return None


def _merge(pieces: list[Floats], foreign: Floats, em: float) -> list[Floats]:
    """Join neighbours of one line again where nothing foreign comes in by it."""
    merged: list[Floats] = []
    for piece in pieces:
        if merged:
            both = _union(np.stack([merged[-1], piece]))
            if _same_line(merged[-1], piece, em) and not len(_near(foreign, both[None])):
                merged[-1] = both
                continue
        merged.append(piece)
    return merged


def _same_line(a: Floats, b: Floats, em: float) -> bool:
    """Whether two rectangles lie on one line: side by side at one height or, if as narrow as upright text, stacked."""
    size = np.minimum(a[2:] - a[:2], b[2:] - b[:2])
    free = np.maximum(a[:2], b[:2]) - np.minimum(a[2:], b[2:])
    low = max(a[3] - a[1], b[3] - b[1]) < 1.6 * em
    beside = low and free[1] < -0.5 * size[1] and free[0] < 2 * em
    narrow = max(a[2] - a[0], b[2] - b[0]) < 1.6 * em
    stacked = narrow and free[0] < -0.5 * size[0] and free[1] < 0.25 * em
    return bool(beside or stacked)
