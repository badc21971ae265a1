"""Passages found -> the sentences worth quoting: what may be quoted, how relevant it is, and which to choose.

Knows passages and numbers only: where sentences end, how a text becomes a vector and what a probability of relevance
is, it is told by the `Retriever`. It does not judge what a quote says.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.types import Evidence, Filters, Hit, Paper, Passage, PassageKind, Provenance, Span

EMBEDDED_SENTENCES = 30
"""Sentences embedded for one question, at most: about a second on one core of a small machine."""
CONTEXT_WEIGHT = 0.35
"""Weight of the passage's probability in the sentence's: "It rose by 18 %" is about what the passage is about. On
SciFact train, gold sentences among the first six: 0.76 without, 0.80 from 0.35 on."""
LEAST_PROBABILITY = 1e-4
"""No probability counts as nearer than this to 0 or 1."""
RELEVANCE_WEIGHT = 0.7
"""Carbonell and Goldstein 1998, maximal marginal relevance: the weight of relevance against novelty."""
NUMBERLESS = 0.8
"""What a sentence without a number is worth where the question asks for one."""
LEAST_OF_BEST = 0.5
"""Share of the best candidate's probability from which another is nearly as probable."""
DUPLICATE_COSINE = 0.95
"""Two sentences of one work nearer than this say the same thing: only the first is quoted."""
MERGED_CHARACTERS = 500
"""Adjoining sentences become one quote up to this length."""
WHOLE = frozenset({PassageKind.ROW, PassageKind.REFERENCE})
"""Kinds of passages that are quoted whole. They hold no sentences: nothing is read out of them for or against."""
MIN_WORDS = 4
MIN_CHINESE = 6
MIN_WORD_SHARE = 0.4
"""Least share of tokens that are words: below it stands a row of a table or a figure's debris. Results are full of
numbers: "Rot affected 9.2 % of fruits without and 5.1 % with it (p = 0.008)." has 0.53."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_NUMBER = re.compile(r"(?<![\[\d,;–-])\d+(?![\d\]])")
_ASKS = re.compile(r"""[?？][)\]}"'”’»」』）\s]*$""")
_ENDS = re.compile(r"""[.!?…。！？][)\]}"'”’»」』）\d\s,;–-]*$""")


class Retriever(Protocol):
    """What reasoning needs of a library. One call sees one state of it."""

    def describe(self) -> tuple[int, int]:
        """(papers, passages) that can be searched."""
        ...

    def provenance(self) -> Provenance:
        """What answers are made from."""
        ...

    def search(self, query: str, *, k: int, filters: Filters) -> list[Hit]:
        """The k passages that fit best, best first; fewer where there are fewer."""
        ...

    def paper(self, paper_id: str) -> Paper:
        """The paper a passage belongs to."""
        ...

    def voices(self, paper_ids: Sequence[str]) -> dict[str, str]:
        """Paper -> the name of the work it votes with; works whose texts are nearly the same share one."""
        ...

    def evidence(self, hit: Hit, start: int, end: int) -> tuple[tuple[Span, ...], str]:
        """Where `hit.passage.text[start:end]` stands: a span with boxes for each run of text, and the first page's
        label."""
        ...

    def split(self, passage: Passage) -> list[tuple[int, int]]:
        """(start, end) of each sentence of a passage's text, in order, disjoint."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dimension), rows of length 1."""
        ...

    def overlap(self, query: str, texts: Sequence[str]) -> list[float]:
        """Share, 0..1, of the query's idf-weighted words that each text holds."""
        ...

    def relevance(self, query: str, text: str, *, cosine: float, overlap: float) -> float:
        """Probability, 0..1, that a text with this cosine and overlap is relevant to the query."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted: `hit.passage.text[start:end]`, the `index`-th of its passage. `score` is the
    probability that it is relevant; `vector` has length 1."""

    hit: Hit
    paper: Paper
    index: int
    start: int
    end: int
    overlap: float
    score: float = 0.0
    vector: NDArray[np.float32] | None = None

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.start : self.end]


def is_quotable(text: str) -> bool:
    """Whether a text is a sentence that states something: enough words, most tokens words, and a full stop at its end.

    A heading or a title has no stop, and a question states nothing.
    """
    if not _ENDS.search(text) or _ASKS.search(text):
        return False
    if len(_CJK.findall(text)) >= MIN_CHINESE:
        return True
    tokens = text.split()
    words = _WORD.findall(text)
    return len(words) >= MIN_WORDS and sum(bool(_WORD.search(t)) for t in tokens) >= MIN_WORD_SHARE * len(tokens)


def find_candidates(query: str, hits: Sequence[Hit], retriever: Retriever) -> list[Candidate]:
    """The sentences of the passages that may be quoted, and rows and references whole, with their probabilities, best
    first.

    At most EMBEDDED_SENTENCES are embedded: those that share most words with the query, passages in their order.
    """
    found: list[Candidate] = []
    for hit in hits:
        text = hit.passage.text
        places = _places(hit.passage, retriever)
        shares = retriever.overlap(query, [text[s:e] for _, s, e in places])
        paper = retriever.paper(hit.passage.paper_id)
        found += [Candidate(hit, paper, i, s, e, o) for (i, s, e), o in zip(places, shares, strict=True)]
    return _score(query, _narrow(_without_repeats(found)), retriever)


def _places(passage: Passage, retriever: Retriever) -> list[tuple[int, int, int]]:
    """Number, start and end of each quote that the passage can give."""
    if passage.kind in WHOLE:
        return [(0, 0, len(passage.text))]
    places = enumerate(retriever.split(passage))
    return [(i, start, end) for i, (start, end) in places if is_quotable(passage.text[start:end])]


def is_sentence(quote: Candidate | Evidence) -> bool:
    """Whether a quote states something: a row of a table or a reference does not."""
    passage = quote.passage if isinstance(quote, Evidence) else quote.hit.passage
    return passage.kind not in WHOLE


def _without_repeats(found: Sequence[Candidate]) -> list[Candidate]:
    """Passages may overlap by a sentence: of a sentence met twice in one paper the first stays."""
    first: dict[tuple[str, str], Candidate] = {}
    for candidate in found:
        first.setdefault((candidate.paper.id, candidate.text), candidate)
    return list(first.values())


def _narrow(found: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence of every passage, then those that share most words with the query."""
    ranked = sorted(found, key=lambda c: (-c.overlap, c.hit.rank, c.start))
    seen: Counter[int] = Counter()
    order: list[tuple[bool, int, Candidate]] = []
    for place, candidate in enumerate(ranked):
        order.append((seen[candidate.hit.rank] > 0, place, candidate))
        seen[candidate.hit.rank] += 1
    order.sort(key=lambda row: row[:2])
    return [candidate for *_, candidate in order[:EMBEDDED_SENTENCES]]


def _score(query: str, candidates: Sequence[Candidate], retriever: Retriever) -> list[Candidate]:
    if not candidates:
        return []
    vectors = retriever.embed([query, *(c.text for c in candidates)])
    cosines = vectors[1:] @ vectors[0]
    scored = [
        replace(c, score=_pool(_relevance(query, c, float(cosine), retriever), c.hit.score), vector=vector)
        for c, cosine, vector in zip(candidates, cosines, vectors[1:], strict=True)
    ]
    return sorted(scored, key=lambda c: (-c.score, c.hit.rank, c.start))


def _relevance(query: str, candidate: Candidate, cosine: float, retriever: Retriever) -> float:
    return retriever.relevance(query, candidate.text, cosine=cosine, overlap=candidate.overlap)


def _pool(sentence: float, passage: float) -> float:
    """Logarithmic opinion pool of two probabilities (Genest and Zidek 1986)."""
    odds = (1 - CONTEXT_WEIGHT) * _log_odds(sentence) + CONTEXT_WEIGHT * _log_odds(passage)
    return 1 / (1 + math.exp(-odds))


def _log_odds(probability: float) -> float:
    p = min(max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY)
    return math.log(p / (1 - p))


def choose(candidates: Sequence[Candidate], *, quotes: int, numbers: bool = False) -> list[Candidate]:
    """At most `quotes` candidates (given best first) by maximal marginal relevance. Every work with a candidate nearly
    as probable as the best is heard before any is heard twice, and one of several gives at most half of the quotes,
    rounded up. `numbers`: the question asks for one, so sentences without count less. Order: as chosen.
    """
    works = {c.paper.work_id for c in candidates}
    share = math.ceil(quotes / 2) if len(works) > 1 else quotes
    floor = LEAST_OF_BEST * max((c.score for c in candidates), default=0.0)
    chosen: list[Candidate] = []
    left = list(candidates)

    def merit(c: Candidate) -> tuple[bool, float, int, int]:
        unheard = c.score >= floor and all(c.paper.work_id != other.paper.work_id for other in chosen)
        return unheard, _marginal(c, chosen, numbers), -c.hit.rank, -c.start

    while left and len(chosen) < quotes:
        best = max(left, key=merit)
        chosen.append(best)
        full = sum(c.paper.work_id == best.paper.work_id for c in chosen) >= share
        left = [c for c in left if c is not best and not _is_spent(c, best, full=full)]
    return chosen


def _marginal(candidate: Candidate, chosen: Sequence[Candidate], numbers: bool) -> float:
    nearest = max((_cosine(candidate, c) for c in chosen), default=0.0)
    fit = NUMBERLESS if numbers and not _NUMBER.search(candidate.text) else 1.0
    return RELEVANCE_WEIGHT * candidate.score * fit - (1 - RELEVANCE_WEIGHT) * nearest


def _is_spent(candidate: Candidate, chosen: Candidate, *, full: bool) -> bool:
    """Whether a choice rules this candidate out: its work has its share, or it says the same in the same work."""
    same = candidate.paper.work_id == chosen.paper.work_id
    return same and (full or _cosine(candidate, chosen) > DUPLICATE_COSINE)


def _cosine(a: Candidate, b: Candidate) -> float:
    assert a.vector is not None, "candidates are scored before they are chosen"
    assert b.vector is not None, "candidates are scored before they are chosen"
    return float(a.vector @ b.vector)


def merge(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Adjoining sentences of one passage become one candidate, with the better score. Best first."""
    merged: list[Candidate] = []
    for candidate in sorted(chosen, key=lambda c: (c.hit.rank, c.start)):
        if merged and _adjoin(merged[-1], candidate):
            last = merged.pop()
            candidate = replace(candidate, start=last.start, score=max(last.score, candidate.score))
        merged.append(candidate)
    return sorted(merged, key=lambda c: (-c.score, c.hit.rank, c.start))


def _adjoin(a: Candidate, b: Candidate) -> bool:
    gap = a.hit.passage.text[a.end : b.start]
    adjoining = a.hit is b.hit and b.index == a.index + 1 and not gap.strip() and "\n" not in gap
    return adjoining and b.end - a.start <= MERGED_CHARACTERS


def as_evidence(n: int, candidate: Candidate) -> Evidence:
    """The candidate as evidence number `n`, without its place, which only what is shown needs."""
    return Evidence(n, candidate.text, (), candidate.hit.passage, candidate.paper, candidate.score)


def place(evidence: Evidence, candidate: Candidate, retriever: Retriever) -> Evidence:
    """The evidence with its place on the page."""
    spans, label = retriever.evidence(candidate.hit, candidate.start, candidate.end)
    return replace(evidence, spans=spans, page_label=label)
