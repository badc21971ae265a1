"""Which files are one work: preprint, published version and supplement; and which only look alike.

Pure: decides about two papers at a time from what is known of them, and gives the keys by which papers that may be one
work find each other without comparing all. `catalogue` keeps both in the database. MinHash: Broder 1997, "On the
resemblance and containment of documents"; banding: Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3.4.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from assistant.index.records.identifiers import base_doi, letters, surname
from assistant.index.records.record import Record
from assistant.types import RUNNING_TEXT, Page

PERMUTATIONS = 64
"""The estimated likeness of two texts is off by .06 (one standard deviation) at most."""
_BANDS, _ROWS = 32, 2
"""Texts of likeness .4 share a band with probability .996, of .1 with .27, unrelated ones (.005) with .0008."""
_SHINGLE = 5
"""Words, or Chinese characters."""
_MAX_WORDS = 100_000
_AT_ONCE = 10_000
_LEAST_SHINGLES = 50
"""Shorter texts (a cover page, a scan's stamp) say nothing about likeness."""
SAME_TEXT = 0.7
"""Likeness from which on two texts are one work, whoever wrote them."""
SAME_AUTHORS_TEXT = 0.4
"""The same where the first author is the same: a revised version under a new title."""
OTHER_TEXT = 0.03
"""Below it two long texts are two works although title and author are the same: a series of reports, an editorial."""
NEAR_DUPLICATE = 0.8
_LONG = 500
"""Shingles of a text that is long enough for OTHER_TEXT."""
_MAX_YEARS = 4
"""Between a preprint and what it became."""
_LEAST_WORDS, _LEAST_LETTERS, _LEAST_HAN = 4, 20, 8
"""Words and letters (or Chinese characters) of a title that names one work; "Editorial" names thousands."""
_UNLIKE = 0.5
_SERIES = 0.85
_SUPPLEMENT = re.compile(
    r"(?:electronic\s+)?(?:supplement(?:ary|al)?|supporting|additional)\s*(?:on-?line\s+)?(?:information|materials?|data|methods|text|files?|appendix"
    r"|notes?|figures?|tables?)?(?:\s+(?:and|&)\s+\w+)?\s*(?:\d+|S\d+)?\s*(?:for|to|of|:|[-–—.])*\s*(?:the\s+(?:article|paper|manuscript)\s*:?\s*)?"
    r"|(?:online\s+)?appendix\s*(?:[A-Z\d]\b)?\s*(?:for|to|of|:|[-–—.])*\s*|附录\s*[:：]?\s*|补充材料\s*[:：]?\s*",
    re.IGNORECASE,
)
_KINDS = {
    "erratum": r"(?:author\s+)?(?:erratum|errata|corrigend\w+|correction|addendum|retract(?:ion|ed))\b"
    r"(?:\s+(?:to|for|notice)\b|\s*[:：.—–-])|expression of concern\b"
    r"|(?:erratum|corrigendum|correction|retraction)$|更正|勘误",
    "comment": r"comments?\s+(?:on|to)\b|commentary\s*(?:on|:)|discussion\s+of\b|letter\s+to\s+the\s+editor\b|re:"
    r"|.*\bcomment on\b",
    "reply": r"(?:(?:the\s+)?authors?['’]?\s+)?(?:reply|response|rejoinder|rebuttal)\s*(?:to|:|$)|in reply\b",
}
_KIND = {name: re.compile(rf"\W*(?:{pattern})", re.IGNORECASE) for name, pattern in _KINDS.items()}
_NUMBERS = re.compile(r"\d+|\b[IVX]{1,5}\b|[一二三四五六七八九十](?=[）)、部])|[上中下](?=[）)篇])")
_WORDS = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Signature:
    """MinHash of a text's shingles: `values` (PERMUTATIONS,) uint32; `shingles` is how many there are."""

    values: NDArray[np.uint32]
    shingles: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one file when it is asked whether it is the same work as another."""

    record: Record
    signature: Signature | None = None


def _coefficients() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Of the multiply-shift hash functions (Dietzfelbinger et al. 1997). From a digest, not from a random generator:
    signatures are stored, so they must be the same with every version of numpy."""
    digest = hashlib.shake_128(b"paper-assistant works").digest(16 * PERMUTATIONS)
    a, b = np.frombuffer(digest, dtype="<u8").astype(np.uint64).reshape(2, PERMUTATIONS)
    return a | np.uint64(1), b


_A, _B = _coefficients()


def running_text(pages: Iterable[Page]) -> str:
    """The text that makes a paper's signature: no headers, references, tables."""
    return "\n".join(p.text[b.start : b.end] for p in pages for b in p.blocks if b.role in RUNNING_TEXT)


def signature(text: str) -> Signature | None:
    """The MinHash of a text; None for one too short to say anything."""
    words = _WORDS.findall(text.casefold())[:_MAX_WORDS]
    shingles = {zlib.crc32(" ".join(words[i : i + _SHINGLE]).encode()) for i in range(len(words) - _SHINGLE + 1)}
    if len(shingles) < _LEAST_SHINGLES:
        return None
    hashes = np.array(sorted(shingles), dtype=np.uint64)
    least = np.full(PERMUTATIONS, 2**32 - 1, dtype=np.uint64)
    for start in range(0, len(hashes), _AT_ONCE):
        permuted = (hashes[start : start + _AT_ONCE, None] * _A + _B) >> np.uint64(32)
        least = np.minimum(least, permuted.min(axis=0))
    return Signature(least.astype(np.uint32), len(shingles))


def likeness(a: Signature | None, b: Signature | None) -> float:
    """Estimated share of shingles that two texts have in common (Jaccard), 0..1; 0 where one says nothing."""
    return 0.0 if a is None or b is None else float(np.mean(a.values == b.values))


def keys(facts: Facts) -> set[int]:
    """Numbers of which two papers that may be one work share at least one."""
    sign = facts.signature
    bands = (
        [] if sign is None else [("band", i, *sign.values[_ROWS * i : _ROWS * (i + 1)].tolist()) for i in range(_BANDS)]
    )
    return name_keys(facts.record) | {key_of(*band) for band in bands}


def name_keys(record: Record) -> set[int]:
    """The keys by which a paper is named: its DOI, its arXiv id, its title."""
    named = (("doi", base_doi(record.doi)), ("arxiv", record.arxiv), ("title", title_letters(record.title)))
    return {key_of(kind, value) for kind, value in named if value}


def key_of(*parts: object) -> int:
    """A key as a signed 64-bit number, as SQLite stores them."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def title_letters(title: str) -> str:
    """A title in the form in which titles are compared, without "Supplement to"; "" for one that names no one work."""
    base = base_title(title)
    plain = letters(base)
    han = sum("\u3400" <= c <= "\u9fff" for c in plain)
    enough = han >= _LEAST_HAN or (len(plain) >= _LEAST_LETTERS and len(base.split()) >= _LEAST_WORDS)
    return plain if enough else ""


def base_title(title: str) -> str:
    """The title of the paper that a supplement belongs to; any other title as it is."""
    found = _SUPPLEMENT.match(title)
    return title[found.end() :].strip() if found and is_supplement(title) else title.strip()


def is_supplement(title: str) -> bool:
    """Whether a title begins as a supplement's does: "Supporting information for", not "Supporting teachers in"."""
    found = _SUPPLEMENT.match(title.strip())
    if not found:
        return False
    said = found[0].casefold().split()
    return len(said) > 1 or found.end() == len(title.strip()) or said[0].endswith((":", "-", "–", "—", "."))


def kind(title: str) -> str:
    """ "erratum", "comment" or "reply" where the title says so; "" for a paper."""
    return next((name for name, pattern in _KIND.items() if pattern.match(title)), "")


def same_work(a: Facts, b: Facts) -> bool:
    """Whether two files are versions or parts of one work. Symmetric; knows nothing of other files."""
    one, other = a.record, b.record
    if kind(one.title) != kind(other.title) or _is_series(one.title, other.title):
        return False
    if _same_name(one, other):
        return not _contradict(one, other)
    alike = likeness(a.signature, b.signature)
    if title_letters(one.title) and title_letters(one.title) == title_letters(other.title):
        return _same_people(one, other) and _near(one.year, other.year) and not _other_text(a, b, alike)
    return alike >= SAME_TEXT or (alike >= SAME_AUTHORS_TEXT and _first(one) == _first(other) != "")


def _same_name(a: Record, b: Record) -> bool:
    doi = base_doi(a.doi)
    return (doi != "" and doi == base_doi(b.doi)) or (a.arxiv != "" and a.arxiv == b.arxiv)


def _contradict(a: Record, b: Record) -> bool:
    """Whether title and author both say that a DOI was read wrong: one of a cited paper, one for a whole volume."""
    if is_supplement(a.title) or is_supplement(b.title) or not (a.title and b.title and _first(a) and _first(b)):
        return False
    ratio = SequenceMatcher(None, letters(a.title), letters(b.title), autojunk=False).ratio()
    return ratio < _UNLIKE and _first(a) != _first(b)


def _is_series(a: str, b: str) -> bool:
    """Whether two titles are alike but for their numbers: "Part I" and "Part II", "Report 2019" and "Report 2020"."""
    a, b = base_title(a), base_title(b)
    if _NUMBERS.findall(a) == _NUMBERS.findall(b):
        return False
    one, other = letters(_NUMBERS.sub("", a)), letters(_NUMBERS.sub("", b))
    return bool(one) and SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SERIES


def _same_people(a: Record, b: Record) -> bool:
    if _first(a) and _first(b):
        return _first(a) == _first(b)
    return is_supplement(a.title) or is_supplement(b.title)


def _first(record: Record) -> str:
    return surname(record.authors[0]) if record.authors else ""


def _near(a: int | None, b: int | None) -> bool:
    return a is None or b is None or abs(a - b) <= _MAX_YEARS


def _other_text(a: Facts, b: Facts, alike: float) -> bool:
    """Whether two long texts have nothing in common, as a supplement and its paper may."""
    if is_supplement(a.record.title) or is_supplement(b.record.title):
        return False
    long = all(f.signature is not None and f.signature.shingles >= _LONG for f in (a, b))
    return long and alike < OTHER_TEXT


def components(facts: Sequence[tuple[str, Facts]]) -> list[set[str]]:
    """The works among some papers (id and facts), each as its papers' ids."""
    works: list[list[tuple[str, Facts]]] = []
    for item in facts:
        joined = [work for work in works if any(same_work(item[1], other) for _, other in work)]
        works = [work for work in works if work not in joined]
        works.append([item, *(one for work in joined for one in work)])
    return [{paper_id for paper_id, _ in work} for work in works]
