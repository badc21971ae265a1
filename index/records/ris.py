"""Papers as RIS, the format that EndNote, Zotero and Mendeley read (RefMan's "RIS Format Specifications", 2001).

Pure. A value stands on one line, so nothing in it can begin a field or end an entry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from assistant.index.records.venues import is_proceedings
from assistant.types import Paper

_GROUP = re.compile(
    r"\b(?:group|consortium|collaboration|committee|team|institute|organi[sz]ation|university|network|society|unit|"
    r"association|initiative|investigators|agency|panel|project|alliance|federation|station|centre|center|laboratory|"
    r"board|council|service|department|school|college|hospital|foundation|ministry|office|museum|survey|library)\b",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "la", "le", "du", "di", "da", "dos", "del", "ten", "ter", "zu", "zur", "af"}
)


def ris(papers: Iterable[Paper]) -> str:
    """The papers as RIS entries, each ended by ER, in their order."""
    return "\n".join("\n".join([*_lines(paper), "ER  - ", ""]) for paper in papers)


def _lines(paper: Paper) -> Iterator[str]:
    yield f"TY  - {'CPAPER' if is_proceedings(paper.venue) else 'JOUR' if paper.venue else 'GEN'}"
    fields = [
        ("TI", paper.title),
        *(("AU", _inverted(author)) for author in paper.authors),
        ("PY", str(paper.year or "")),
        ("T2", paper.venue),
        ("DO", paper.doi),
        ("AN", f"PMID:{paper.pmid}" if paper.pmid else ""),
        ("UR", _address(paper)),
    ]
    for tag, value in fields:
        if written := _one_line(value):
            yield f"{tag}  - {written}"


def _address(paper: Paper) -> str:
    return (
        f"https://doi.org/{paper.doi}" if paper.doi else f"https://arxiv.org/abs/{paper.arxiv}" if paper.arxiv else ""
    )


def _inverted(author: str) -> str:
    """ "Ann B. van der Author" -> "van der Author, Ann B."; a group or a name that is inverted already as it is."""
    words = author.split()
    if "," in author or len(words) < 2 or _GROUP.search(author):
        return author
    at = len(words) - 1
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return f"{' '.join(words[at:])}, {' '.join(words[:at])}"


def _one_line(value: str) -> str:
    """A value without line breaks, control and direction characters, and what cannot be written as UTF-8."""
    kept = (c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in value)
    return " ".join("".join(kept).split())
