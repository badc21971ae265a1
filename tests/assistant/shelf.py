"""A library in memory that scripts what reasoning gets: passages by word overlap, vectors by hashing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.testing import HashEmbedder
from assistant.types import Evidence, Filters, Hit, Paper, Passage, Provenance, Span

PROVENANCE = Provenance(7, "reader-1", "hash-256@1")


def paper(name: str, *, work: str = "", authors: tuple[str, ...] = (), title: str = "", year: int = 2020) -> Paper:
    return Paper(
        name,
        work or name,
        title or f"On {name}",
        authors or (f"Ada {name.title()}",),
        year,
        paths=(Path(f"/p/{name}.pdf"),),
    )


def evidence(n: int, text: str, source: Paper, *, score: float = 0.9) -> Evidence:
    span = Span(3, 0, len(text), ((1.0, 2.0, 3.0, 4.0),))
    return Evidence(n, text, (span,), Passage(source.id, text, (span,), "Results"), source, score, page_label="117")


class Shelf:
    """`texts`: paper -> its passages. Each passage is page 1 from offset 0; `embedded`: what was embedded."""

    def __init__(self, texts: dict[Paper, Sequence[str]]) -> None:
        self.papers = {p.id: p for p in texts}
        self.passages = [
            Passage(p.id, text, (Span(1, 0, len(text)),), "Results", i)
            for i, (p, text) in enumerate(((p, t) for p, ts in texts.items() for t in ts), 1)
        ]
        self.embedder = HashEmbedder()
        self.embedded: list[str] = []

    def describe(self) -> tuple[int, int]:
        return len(self.papers), len(self.passages)

    def provenance(self) -> Provenance:
        return PROVENANCE

    def search(self, query: str, *, k: int, filters: Filters) -> list[Hit]:
        kept = [p for p in self.passages if not filters.papers or p.paper_id in filters.papers]
        shares = self.overlap(query, [p.text for p in kept])
        ranked = sorted(zip(kept, shares, strict=True), key=lambda row: -row[1])[:k]
        return [Hit(p, rank, share, share, share) for rank, (p, share) in enumerate(ranked, 1)]

    def paper(self, paper_id: str) -> Paper:
        return self.papers[paper_id]

    def voices(self, paper_ids: Sequence[str]) -> dict[str, str]:
        return {i: self.papers[i].work_id for i in paper_ids}

    def evidence(self, hit: Hit, start: int, end: int) -> tuple[tuple[Span, ...], str]:
        return (Span(1, start, end, ((0.0, 0.0, 1.0, 1.0),)),), "i"

    def split(self, passage: Passage) -> list[tuple[int, int]]:
        return [m.span() for m in re.finditer(r"\S[^.!?。\n]*[.!?。]?", passage.text)]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        return self.embedder.embed(texts)

    def overlap(self, query: str, texts: Sequence[str]) -> list[float]:
        words = set(re.findall(r"\w{4,}", query.lower()))
        return [len(words & set(re.findall(r"\w{4,}", t.lower()))) / max(1, len(words)) for t in texts]

    def relevance(self, query: str, text: str, *, cosine: float, overlap: float) -> float:
        return min(1.0, max(0.0, overlap))
