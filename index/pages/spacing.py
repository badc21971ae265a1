"""Takes away the spaces that letterspaced and monospaced type is read with: "A B S T R A C T", "p r i n t ( x )".

pdfium puts a space wherever two letters stand apart; here a line with a space behind about every letter is judged again
by its own distances. Knows nothing of words.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.index.geometry import turn
from assistant.index.pages.pdf import RawPage, Style

_SPACES, _SHARE = 4, 0.3
"""Spaces in a line, and spaces for each character, from which it may be letterspaced; English has one for five."""
_LEAST = 6
"""Letters of a letterspaced line, at least."""
_LETTERS, _CLOSE = 0.8, 0.25
"""Share of letters in a line that may be letterspaced, and of neighbours without a space that tell whether it is."""
_EVEN = 0.75
"""Share of the neighbours that stand at one distance, or a multiple of it, in monospaced type."""
_WIDE = 0.7
"""Font sizes between two letters, as the median, from which they are cells of a table."""
_LOOSE = 0.12
"""Font sizes between two letters, as the median, below which type is set as usual."""
_JUMP = 0.1
"""Font sizes by which a gap between words is wider than one between letters, at least."""
_FAR = 1.2
"""Font sizes between two letters that always part words."""
_PITCH = 0.12
"""Share of that distance by which it varies."""


def without_false_spaces(page: RawPage, styles: list[Style]) -> RawPage:
    """The page without the spaces inside the words of letterspaced lines."""
    blank = (page.codes == 0x20) | (page.codes == 0xA0)
    ends = np.flatnonzero((page.codes == 0x0D) | (page.codes == 0x0A))
    edges = np.concatenate([[0], ends + 1, [len(page.codes)]])
    spaces = np.add.reduceat(np.append(blank, False), edges[:-1]) if len(blank) else np.zeros(0)
    lengths = np.diff(edges)
    likely = np.flatnonzero((spaces >= _SPACES) & (spaces >= _SHARE * (lengths - spaces)))
    dropped = np.zeros(len(page.codes), dtype=np.bool_)
    for i in likely.tolist():
        start, end = int(edges[i]), int(edges[i + 1])
        dropped[start:end] = _false(page, styles, blank, start, end)
    if not dropped.any():
        return page
    return page.only(~dropped)


def _false(page: RawPage, styles: list[Style], blank: NDArray[np.bool_], start: int, end: int) -> NDArray[np.bool_]:
    """Which characters of a line are spaces between two letters of one word."""
    none = np.zeros(end - start, dtype=np.bool_)
    at = np.flatnonzero((page.boxes[start:end] != 0).any(axis=1) & ~blank[start:end])
    codes = page.codes[start + at]
    if len(at) < _LEAST or np.mean((codes >= 0x30) & (codes <= 0x39)) > 0.5:
        return none
    style = styles[int(page.styles[start + at[0]])]
    boxes = turn(page.boxes[start + at].astype(np.float64), style.turned)
    limit = _word_gap(boxes, max(1.0, style.size), np.diff(at) == 1, "".join(map(chr, codes.tolist())))
    if limit is None:
        return none
    joined = boxes[1:, 0] - boxes[:-1, 2] < limit
    between = np.clip(np.searchsorted(at, np.arange(end - start)) - 1, 0, len(joined) - 1)
    return np.asarray(blank[start:end] & joined[between], dtype=np.bool_)


def _word_gap(boxes: NDArray[np.float64], size: float, close: NDArray[np.bool_], text: str) -> float | None:
    """The free distance in points from which two letters are of two words, None for a line that is not letterspaced.

    `close` says of each two neighbours that no space was read between them.
    """
    gaps = boxes[1:, 0] - boxes[:-1, 2]
    usual = float(np.median(gaps))
    if not 0 < usual <= _WIDE * size:
        return None
    middles = np.diff((boxes[:, 0] + boxes[:, 2]) / 2)
    pitch = float(np.median(middles))
    if pitch > 0 and np.mean(np.abs(middles / pitch - np.maximum(1, np.rint(middles / pitch))) < _PITCH) > _EVEN:
        wide = gaps[middles > 1.5 * pitch]
        return float(wide.min()) if len(wide) else _FAR * size
    if usual < _LOOSE * size or not _is_spread(gaps[close], size, text):
        return None
    above = np.sort(gaps[(gaps >= usual) & (gaps < _FAR * size)])
    jumps = [(b - a, (a + b) / 2) for a, b in pairwise(above.tolist())]
    jump, middle = max(jumps, default=(0.0, 0.0))
    return middle if jump > _JUMP * size else _FAR * size


def _is_spread(close: NDArray[np.float64], size: float, text: str) -> bool:
    """Whether letters within words stand apart too; a row of capitals, not in the order of the alphabet, has none."""
    letters = [c for c in text if c.isalpha()]
    if len(letters) < _LETTERS * len(text):
        return False
    if len(close) >= _CLOSE * len(text):
        return bool(np.quantile(close, 0.25) >= _LOOSE * size)
    return all(c.isupper() for c in letters) and letters != sorted(letters)
