"""Raw pages of a whole file -> pages of text with blocks: the order of the steps, and nothing else.

Reading order is the order of the file's content, which is right in over 99 % of papers; it is never rearranged by
geometry.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.index.compose import Hyphens, Paragraph, compose
from assistant.index.lines import Line, page_lines
from assistant.index.pdf import RawPage, Style
from assistant.types import Page, Role


def read_layout(pages: Sequence[RawPage], styles: list[Style]) -> tuple[Page, ...]:
    """The pages as read; `styles` is the table that the raw pages' style numbers refer to."""
    lines = [page_lines(page, styles) for page in pages]
    hyphens = Hyphens(line for page in lines for line in page)
    return tuple(
        compose(page, size_of(page), _paragraphs(found), hyphens) for page, found in zip(pages, lines, strict=True)
    )


def size_of(page: RawPage) -> tuple[float, float]:
    x0, y0, x1, y1 = page.bounds
    return (x1 - x0, y1 - y0)


def _paragraphs(lines: list[Line]) -> list[Paragraph]:
    found: list[Paragraph] = []
    for line in lines:
        role = Role.HIDDEN if line.hidden else Role.BODY
        if found and found[-1].role is role and abs(found[-1].lines[-1].size - line.size) < 1:
            found[-1].lines.append(line)
        else:
            found.append(Paragraph(role, [line]))
    return found
