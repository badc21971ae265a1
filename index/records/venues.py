"""The journal or the proceedings a paper stands in, told from its headers, footers and "how to cite" lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.records.identifiers import YEAR

_NAME = r"([^\W\d_][\w&’' :–—/()®.-]{2,90}?)"
_WORDS = r"([^\W\d_](?:(?!\d)[\w&’' :–—()®.-]){2,90}?)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bet al\.?,?\s+{_NAME},?\s+\({YEAR}\)\s*\d+",
        rf"^{_NAME},\s+(?:[A-Z][a-z]+\s+)?{YEAR},\s*\d+\s?\(\d+\)",
        rf"^{_NAME},?\s+{YEAR}[,;:]\s*(?:Vol\.?\s*)?\d+",
        rf"(?:[.?!]|^)\s+{_NAME},\s*\d+\s?\(\d+(?:[–-]\d+)?\)\s*[,:]",
        rf"[.?!]\s+{_NAME}\s+{YEAR};\s*\d+",
        rf"^{_NAME},?\s+\d+\s?\({YEAR}\)",
        rf"^{_NAME},?\s+(?:[EP]-?)?ISSN",
        rf"^(?:Hindawi(?: Publishing Corporation)?|Published in:?)\s+{_NAME}\s+Volume\b",
        rf"[.?!]\s+{_NAME}\s+\d+\s?\(\d+\)\s?:\s?e?\d+",
        rf"^{_WORDS}\s*(?:[|•·–—-]|,)?\s*(?:DOI|doi|https?://(?:dx\.)?doi\.org|www\.)",
        rf"^{_NAME}\s+[Vv]ol(?:ume|\.)?\s*\d+",
        r"^([\u4e00-\u9fff]{2,20}(?:学报|杂志|通报|研究|学刊|期刊|科学))\s*(?:第|\d|$)",
    )
)
_PROCEEDINGS = re.compile(r"proceedings|conference|workshop|symposium|advances in neural", re.IGNORECASE)
_SUBJECT = re.compile(rf"^{_NAME},\s*(?:{YEAR}\b|doi\b|DOI\b)")
_TITLE_BEFORE = re.compile(r"(?<=\w{5})[.?!]\s+")
"""Between a title and the journal; an abbreviated word of a journal's name is shorter as a rule."""
_NO_VENUE = re.compile(
    r"\b(?:received|accepted|published|copyright|doi|https?|www|article|correspondence|author|license|available|page|volume|figure|table"
    r"|university|department|et al|version|submitted|open access|advance access|review)\b",
    re.IGNORECASE,
)


def find_venue(notes: Sequence[str], subject: str) -> str:
    """The first name that stands where a journal's does; "" for none. `subject` is the document information's, in
    which some publishers name the journal before the DOI."""
    if found := _SUBJECT.match(subject):
        return found[1].strip()
    for pattern in _PATTERNS:
        for note in notes:
            found = pattern.search(note[:600])
            if found and not _NO_VENUE.search(found[1]):
                return _TITLE_BEFORE.split(found[1])[-1].strip(" .,-–—|")
    return ""


def is_proceedings(venue: str) -> bool:
    """Whether a venue is a conference's proceedings rather than a journal."""
    return _PROCEEDINGS.search(venue) is not None
