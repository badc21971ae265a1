"""Questions with their passages, made of a library without anybody's labels, to fit an embedder to it.

From each paper: its title for its first passages, title and section for a passage of the section, a sentence for the
passage it was taken out of (inverse cloze task, Lee et al. 2019, arXiv:1906.00300), the rarest words of a passage for
it, and a paper's title for the beginning of those it cites. Knows a library; no model, no training.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.index import relations
from assistant.index.library import Library
from assistant.index.relevance import inverse_document_frequency
from assistant.index.search import content_words
from assistant.index.sentences import sentences
from assistant.index.store import Store
from assistant.types import Paper, Passage, PassageKind

FIRST = 2
"""Passages of a paper that its title is a question for."""
FROM_A_PAPER = 12
"""Passages of a paper that questions are made of, at most: a long one must not outweigh the rest."""
KEYWORDS = 5
LEAST_WORDS = 6
"""Of a sentence that serves as a question."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, the passage that fits it, and whose it is; `source` says how it was made."""

    query: str
    passage: str
    paper_id: str
    source: str


def library_pairs(folder: Path, *, seed: int = 0) -> list[Pair]:
    """Pairs of all papers of a library, in an order that depends on the seed. LibraryError where there is none."""
    library = Library(folder)
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    try:
        papers = sorted(library.store.papers(), key=lambda p: p.id)
        texts = {p.id: _texts(library.store, p.id) for p in papers}
        spread = Counter(w for found in texts.values() for p in found for w in content_words(p.text))
        total = sum(map(len, texts.values()))
        weights = {word: inverse_document_frequency(total, count) for word, count in spread.items()}
        pairs = [pair for p in papers for pair in _of_paper(p, texts[p.id], weights, draw)]
        pairs += [pair for p in papers for pair in _cited(library.store, p, texts)]
    finally:
        library.close()
    draw.shuffle(pairs)
    return pairs


def _texts(store: Store, paper_id: str) -> list[Passage]:
    return [p for p in store.passages_of(paper_id) if p.kind is PassageKind.TEXT]


def _of_paper(
    paper: Paper, passages: Sequence[Passage], weights: dict[str, float], draw: random.Random
) -> Iterator[Pair]:
    for passage in passages[:FIRST] if paper.title else ():
        yield Pair(paper.title, passage.text, paper.id, "title")
    for passage in draw.sample(passages, min(FROM_A_PAPER, len(passages))):
        if paper.title and passage.section:
            yield Pair(f"{passage.section}: {paper.title}", passage.text, paper.id, "section")
        words = sorted(dict.fromkeys(content_words(passage.text)), key=lambda w: (-weights[w], w))
        yield Pair(" ".join(words[:KEYWORDS]), passage.text, paper.id, "keywords")
        yield from _sentence(paper, passage, draw)


def _sentence(paper: Paper, passage: Passage, draw: random.Random) -> Iterator[Pair]:
    parts = sentences(passage.text)
    long = [n for n, (a, b) in enumerate(parts) if len(passage.text[a:b].split()) >= LEAST_WORDS]
    if len(parts) > 2 and long:
        start, end = parts[draw.choice(long)]
        rest = f"{passage.text[:start].rstrip()} {passage.text[end:].lstrip()}".strip()
        yield Pair(passage.text[start:end], rest, paper.id, "sentence")


def _cited(store: Store, paper: Paper, texts: dict[str, list[Passage]]) -> Iterator[Pair]:
    cited = {p.id for _, p in relations.references(store, paper.id) if p is not None}
    for other in sorted(cited):
        if paper.title and texts.get(other):
            yield Pair(paper.title, texts[other][0].text, other, "citation")
