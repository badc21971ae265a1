"""What a paper's ordinary text looks like: its font, its size, the width of a column, the distance of lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from assistant.index.pages.lines import Line
from assistant.index.pages.pdf import RawPage, Style

_SAME_SIZE = 0.35
"""Points: fonts that a typesetter stretches to fill a line vary by this much."""
_STRETCH = 0.025
"""Share of its size by which a stretched font's size varies; microtype's default is 2 % either way."""
_OFTEN, _SHARE = 8, 0.05
"""Full lines, and share of them, from which a font counts as one of the body's."""
_WIDE = 0.8
"""Quantile of the widths of body lines that is taken for the width of a column."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`size` and `leading` in points; `column` is the usual width of a full line.

    `fonts` are all that full lines of body text are set in: one font has several names in some files.
    """

    fonts: frozenset[str]
    size: float
    column: float
    leading: float
    bold: bool = False

    def is_body(self, line: Line) -> bool:
        """Whether a line is set as the body is, italic and bold words allowed."""
        return abs(line.size - self.size) <= _SAME_SIZE

    def is_smaller(self, line: Line) -> bool:
        return line.size < self.size - _SAME_SIZE

    def differs(self, line: Line) -> bool:
        """Whether a line is set in another font than the body throughout: a mark of headings."""
        return self.fonts.isdisjoint((line.style.font, line.first.font, line.last.font))


def even_sizes(pages: Sequence[RawPage], styles: Sequence[Style]) -> list[Style]:
    """The styles with the sizes that belong together made equal: each font's rarer sizes become a usual one near them.

    Typesetters that stretch letters to fill a line (pdfTeX's font expansion) leave one heading in two sizes.
    """
    count = np.zeros(len(styles), dtype=np.int64)
    for page in pages:
        count += np.bincount(page.styles, minlength=len(styles))[: len(styles)]
    usual: dict[str, list[float]] = {}
    evened = list(styles)
    for i in np.argsort(-count, kind="stable").tolist():
        style = styles[i]
        sizes = usual.setdefault(style.font, [])
        near = next((size for size in sizes if abs(size - style.size) <= _STRETCH * size), None)
        if near is None:
            sizes.append(style.size)
        else:
            evened[i] = replace(style, size=near)
    return evened


def profile(pages: Sequence[Sequence[Line]]) -> Profile:
    """The style most letters of the file have, and the measures of the lines set in it."""
    weights: Counter[tuple[str, float]] = Counter()
    for page in pages:
        for line in page:
            if not line.hidden:
                weights[(line.style.font, round(line.size * 2) / 2)] += len(line.text)
    if not weights:
        return Profile(frozenset(), 10.0, 300.0, 12.0)
    (font, size), _ = weights.most_common(1)[0]
    sizes: Counter[float] = Counter()
    lines = [x for page in pages for x in page if x.style.font == font and abs(x.size - size) <= 0.5 and not x.hidden]
    for line in lines:
        sizes[line.size] += len(line.text)
    widths = sorted(line.width for line in lines)
    column = widths[int(_WIDE * (len(widths) - 1))]
    gaps = [a.middle - b.middle for a, b in pairwise(lines) if a.page == b.page]
    near = [gap for gap in gaps if 0.8 * size < gap < 2.5 * size]
    return Profile(
        _body_fonts(pages, sizes.most_common(1)[0][0], column) | {font},
        sizes.most_common(1)[0][0],
        column,
        median(near) if near else 1.2 * size,
        Counter(line.style.bold for line in lines).most_common(1)[0][0],
    )


def _body_fonts(pages: Sequence[Sequence[Line]], size: float, column: float) -> frozenset[str]:
    wide = [
        x
        for page in pages
        for x in page
        if abs(x.size - size) <= _SAME_SIZE and x.width > 0.9 * column and not x.hidden
    ]
    fonts = Counter(line.style.font for line in wide if not line.style.bold)
    return frozenset(font for font, count in fonts.items() if count >= max(_OFTEN, _SHARE * len(wide)))
