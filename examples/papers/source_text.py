"""The source of a sample paper: a TOML file with the words, tables and numbers, and the small markup in them.

Body text is paragraphs between blank lines; `# ` opens a section and `## ` a subsection (both numbered here),
`= ` a displayed equation, `[figure]` and `[table]` alone on a line say where these stand. Inside a paragraph `<i>`,
`<b>`, `<super>` and `<sub>` do what they say. Knows nothing of pages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HYPHENS = Path(__file__).resolve().parent / "source" / "hyphens.txt"
SOFT_HYPHEN = "\u00ad"
SYMBOLS = re.compile("[−≥≤αβχτσ∑]+")
"""Characters that the Times and Helvetica every reader has lack, and the Symbol font has."""
KEEP = re.compile(
    r"(?<=\d) (?=%)|(?<=Table) (?=\d)|(?<=Figure) (?=\d)|(?<=\bp) (?=[=&])|(?<=\bp [=]) (?=\d)|(?<=\bp &lt;) (?=\d)"
)
"""Spaces at which no line may break."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as written. `columns` is 1 or 2; `first_page` the printed number of its first page."""

    title: str
    short_title: str
    short_authors: str
    authors: tuple[str, ...]
    affiliations: tuple[str, ...]
    correspondence: str
    journal: str
    volume: str
    year: int
    first_page: int
    doi: str
    dates: str
    abstract: str
    keywords: tuple[str, ...]
    body: str
    references: tuple[str, ...]
    figure: dict[str, Any]
    table: dict[str, Any]
    columns: int = 2
    paper_size: str = "A4"
    sans_headings: bool = False
    wide: str = ""
    """"figure" or "table" where it spans both columns at the head of the second page."""
    statements: tuple[str, ...] = field(default=())


def read_paper(path: Path) -> Paper:
    """The paper in a TOML file; a missing or unknown field raises TypeError."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return Paper(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def blocks(body: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each block: kind is "section", "subsection", "equation", "figure", "table" or "paragraph"."""
    section = subsection = 0
    for block in re.split(r"\n\s*\n", body.strip()):
        text = " ".join(block.split())
        if text.startswith("## "):
            subsection += 1
            yield "subsection", f"{section}.{subsection} {text[3:]}"
        elif text.startswith("# "):
            section, subsection = section + 1, 0
            yield "section", f"{section}. {text[2:]}"
        elif text.startswith("= "):
            yield "equation", text[2:]
        elif text in ("[figure]", "[table]"):
            yield text[1:-1], ""
        else:
            yield "paragraph", text


def read_hyphens(path: Path = HYPHENS) -> dict[str, str]:
    """Where words may break: lower-case word -> the word with soft hyphens in it."""
    words = path.read_text(encoding="utf-8").split()
    return {w.replace("-", ""): w.replace("-", SOFT_HYPHEN) for w in words}


def mark_up(text: str, hyphens: dict[str, str]) -> str:
    """Reportlab's paragraph markup for our text: soft hyphens in long words, Symbol where it is needed."""

    def hyphenate(match: re.Match[str]) -> str:
        word = match.group()
        broken = hyphens.get(word.lower())
        if broken is None:
            return word
        return word[0] + broken[1:] if word[1:] == word[1:].lower() else word

    text = re.sub(r"<[^>]*>|&[a-z]+;|[A-Za-z]+", hyphenate, KEEP.sub("\u00a0", text))
    text = text.replace("<super>", '<super rise="2.8" size="6">').replace("<sub>", '<sub rise="1.5" size="6">')
    return SYMBOLS.sub(lambda m: f'<font face="Symbol">{m.group()}</font>', text)
