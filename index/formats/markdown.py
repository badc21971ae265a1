"""Markdown: made into a web page by markdown-it and read as one; the entries between "---" lines are its metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from assistant.index.formats.encoding import decode
from assistant.index.formats.parts import Front, Part, year_in
from assistant.index.formats.webpage import read_html

_ENTRIES = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_MAX_NESTING = 100
"""Blocks within blocks; markdown-it leaves out what lies deeper, and 20 is its own limit."""
_MAX_ENTRIES = 64 << 10
"""Characters of metadata that are looked at."""


def read_markdown(data: bytes) -> tuple[list[Part], Front]:
    """The parts of a Markdown file, and what its entries say. Raises ReadError."""
    from markdown_it import MarkdownIt

    text = decode(data)
    found = _ENTRIES.match(text)
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    page = parser.render(text[found.end() :] if found else text)
    parts, _ = read_html(f"<html><body>{page}</body></html>".encode())
    return parts, _front(found[1] if found else "")


def _front(entries: str) -> Front:
    values = _values(entries)
    return Front(
        title=_one(values.get("title")),
        authors=tuple(_people(values.get("author") or values.get("authors"))),
        year=year_in(_one(values.get("year")) or _one(values.get("date"))),
        doi=_one(values.get("doi")),
        venue=_one(values.get("journal")) or _one(values.get("venue")),
    )


def _values(entries: str) -> dict[str, Any]:
    """The entries as YAML; {} where they are not."""
    import yaml

    try:
        values = yaml.safe_load(entries[:_MAX_ENTRIES])
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return {str(k).lower(): v for k, v in values.items()} if isinstance(values, dict) else {}


def _one(value: object) -> str:
    return str(value) if isinstance(value, str | int) or hasattr(value, "isoformat") else ""


def _people(value: object) -> Iterable[str]:
    """A name, several in one line, or a list of names or of entries with a name."""
    if isinstance(value, str):
        return re.split(r"\s*;\s*|\s*,\s+(?=\S+\s)|\s+and\s+", value)
    named = [_one(v.get("name")) if isinstance(v, dict) else _one(v) for v in value] if isinstance(value, list) else []
    return [name for name in named if name]
