"""Title, authors, year and DOI of a paper, from its first page and its document information; no network, no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.index.pdf import RawPage, Style
from assistant.types import Document, Page


def describe(
    pages: tuple[Page, ...],
    raw: Sequence[RawPage],
    styles: Sequence[Style],
    information: Mapping[str, str],
    flags: tuple[str, ...],
) -> Document:
    """The document with what can be told of it; never raises."""
    return Document(pages, information.get("Title", "")[:500], flags=flags)
