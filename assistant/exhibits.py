"""The passages a writer is shown, numbered as it names them, and the quotes its steps cite, numbered as a reader does.

A quote is cited as the whole sentences it stands in, with their exact place. Knows passages; no model and no checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.finetune.reasoning_format import Step
from assistant.quotes import WHOLE, Candidate, Retriever, as_evidence, place
from assistant.steps import find_quote
from assistant.types import Evidence, Hit


@dataclass(frozen=True, slots=True)
class Cited:
    """A run of whole sentences of a passage that a step rests on: `hit.passage.text[start:end]`."""

    hit: Hit
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.start : self.end]


class Exhibits:
    """`shown`: the passages in the order of their numbers; `evidence`: what is cited so far, by [n]."""

    def __init__(self, retriever: Retriever, hits: Sequence[Hit], candidates: Sequence[Candidate]) -> None:
        """`hits`, most relevant first; `candidates` lend their sentences' probabilities."""
        self._retriever = retriever
        self._candidates = candidates
        self.shown = list(hits)
        self.evidence: list[Evidence] = []
        self._numbers: dict[tuple[int, int, int], int] = {}

    @property
    def texts(self) -> list[str]:
        """What the writer sees, in order."""
        return [hit.passage.text for hit in self.shown]

    def keep(self, count: int) -> int:
        """Only the first `count`; how many are dropped. Before anything was cited."""
        dropped = len(self.shown) - count
        del self.shown[count:]
        return max(dropped, 0)

    def new(self, hits: Sequence[Hit]) -> list[Hit]:
        """Those of the hits that are not shown yet."""
        known = {hit.passage.id for hit in self.shown}
        return [hit for hit in hits if hit.passage.id not in known]

    def locate(self, step: Step) -> list[Cited]:
        """What a step rests on, in its order: the sentences of its quote, and of each other passage the sentence that
        shares most words with what is inferred."""
        found: list[Cited] = []
        for number in step.evidence:
            hit = self.shown[number - 1]
            text = hit.passage.text
            at = find_quote(step.quote, text)
            found.append(self._sentences(hit, *at) if at else self._nearest(hit, step.inference))
        return found

    def _sentences(self, hit: Hit, start: int, end: int) -> Cited:
        """The whole sentences that [start, end) touches."""
        touched = [(a, b) for a, b in self._split(hit) if a < end and b > start]
        return Cited(hit, min([start, *(a for a, _ in touched)]), max([end, *(b for _, b in touched)]))

    def _nearest(self, hit: Hit, inference: str) -> Cited:
        places = self._split(hit)
        shares = self._retriever.overlap(inference, [hit.passage.text[a:b] for a, b in places])
        best = max(range(len(places)), key=lambda i: (shares[i], -i))
        return Cited(hit, *places[best])

    def _split(self, hit: Hit) -> list[tuple[int, int]]:
        whole = [(0, len(hit.passage.text))]
        return whole if hit.passage.kind in WHOLE else self._retriever.split(hit.passage) or whole

    def cite(self, cited: Sequence[Cited]) -> tuple[list[Evidence], tuple[int, ...]]:
        """(quotes that are new, the [n] of all)."""
        new: list[Evidence] = []
        numbers: list[int] = []
        for one in cited:
            key = (one.hit.passage.id, one.start, one.end)
            if key not in self._numbers:
                new.append(self._evidence(one))
                self._numbers[key] = new[-1].n
                self.evidence.append(new[-1])
            numbers.append(self._numbers[key])
        return new, tuple(dict.fromkeys(numbers))

    def _evidence(self, cited: Cited) -> Evidence:
        paper = self._retriever.paper(cited.hit.passage.paper_id)
        candidate = Candidate(
            cited.hit, paper, 0, cited.start, cited.end, overlap=cited.hit.overlap, score=self._score(cited)
        )
        return place(as_evidence(len(self.evidence) + 1, candidate), candidate, self._retriever)

    def _score(self, cited: Cited) -> float:
        """Of the likeliest sentence in it; the passage's own where none was looked at."""
        scores = [
            c.score
            for c in self._candidates
            if c.hit.passage.id == cited.hit.passage.id and c.start < cited.end and c.end > cited.start
        ]
        return max(scores, default=cited.hit.score)
