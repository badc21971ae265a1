"""The small graph of an answer: the edges of its quotes, what in them is the same thing, and where papers disagree.

Pure. Knows evidence and edges; that two names mean one thing it tells by their words alone (stems), so synonyms stay
apart and nothing is inferred through a chain of edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.index.sentences import sentences
from assistant.polarity import read
from assistant.quotes import is_sentence
from assistant.relations.patterns import edges
from assistant.relations.studies import study_kind
from assistant.types import Evidence, ReasoningStep, Relation, StepKind

MAX_RELATIONS = 60
"""Edges of one answer, at most; a page cannot show more."""
VERBS = {1: "raises", -1: "lowers", 0: "does not change"}
_GENERIC = frozenset(
    w for text in ("treatment therapy use intake application supplementation level levels concentration concentrations "
                   "content amount number rate dose doses group addition administration mean total significant",)
    for w in read(text).stems
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conflict:
    """Edges of different works with the same cause and effect: `raising` those of sign +1, `lowering` those of -1."""

    raising: tuple[Relation, ...]
    lowering: tuple[Relation, ...]


def relations_of(evidence: Sequence[Evidence], abstracts: Mapping[str, str] | None = None) -> tuple[Relation, ...]:
    """The edges that the quotes state, in their order; cause, relation and effect are verbatim. `abstracts` (paper id
    -> text) tells the kind of study where neither quote, title nor passage does. Rows and references say nothing."""
    abstracts = abstracts or {}
    found = [relation for e in evidence if is_sentence(e) for relation in _relations(e, abstracts.get(e.paper.id, ""))]
    return tuple(found[:MAX_RELATIONS])


def _relations(e: Evidence, abstract: str) -> Iterator[Relation]:
    for start, end in sentences(e.text):
        text = e.text[start:end]
        for edge in edges(text):
            yield Relation(
                text[slice(*edge.cause)],
                text[slice(*edge.relation)],
                text[slice(*edge.effect)],
                edge.sign,
                e.n,
                edge.hedge,
                study_kind(text, e.paper.title, e.passage.text, abstract),
            )


def conflicts(relations: Sequence[Relation], evidence: Sequence[Evidence]) -> tuple[Conflict, ...]:
    """Where works disagree in sign on the same cause and effect; edges of one work are never set against each other."""
    work = {e.n: e.paper.work_id for e in evidence}
    found: dict[int, tuple[list[Relation], list[Relation]]] = {}
    placed: dict[int, int] = {}
    for (i, a), (j, b) in combinations(enumerate(relations), 2):
        if a.sign * b.sign != -1 or work.get(a.evidence) == work.get(b.evidence) or not same_matter(a, b):
            continue
        key = placed.get(i, placed.get(j, i))
        placed[i] = placed[j] = key
        sides = found.setdefault(key, ([], []))
        for relation in (a, b):
            side = sides[0 if relation.sign > 0 else 1]
            if relation not in side:
                side.append(relation)
    return tuple(Conflict(tuple(up), tuple(down)) for up, down in found.values())


def same_matter(a: Relation, b: Relation) -> bool:
    """Whether two edges are about the same cause and the same effect."""
    return alike(a.cause, b.cause) and alike(a.effect, b.effect)


def alike(a: str, b: str) -> bool:
    """Whether two names mean one thing, by their words: one holds all words of the other, general ones left out."""
    mine, theirs = key(a), key(b)
    return bool(mine and theirs) and (mine <= theirs or theirs <= mine)


def key(name: str) -> frozenset[str]:
    """The stems by which a name is compared."""
    stems = read(name).stems
    return (stems - _GENERIC) or stems


def conflict_steps(relations: Sequence[Relation], evidence: Sequence[Evidence]) -> list[ReasoningStep]:
    """A step of the reasoning for each cause and effect on which works disagree in sign."""
    return [
        ReasoningStep(
            StepKind.CAUSAL, conflict_sentence(c), tuple(sorted({r.evidence for r in (*c.raising, *c.lowering)}))
        )
        for c in conflicts(relations, evidence)
    ]


def conflict_sentence(conflict: Conflict) -> str:
    """ "The papers disagree on velorite and yield: it is raised in [1], lowered in [3]." """
    first = (conflict.raising + conflict.lowering)[0]
    return (
        f"The papers disagree in sign on “{_inline(first.cause)}” and “{_inline(first.effect)}”: "
        f"raised by {_marks(conflict.raising)}, lowered by {_marks(conflict.lowering)}."
    )


def _inline(text: str) -> str:
    """A name on one line; a paper's own brackets would read as ours."""
    return " ".join(text.replace("[", "(").replace("]", ")").split())


def _marks(relations: Sequence[Relation]) -> str:
    return " ".join(f"[{n}]" for n in sorted({r.evidence for r in relations}))


def nodes(relations: Sequence[Relation]) -> dict[str, int]:
    """Name of a cause or an effect -> the number of its node, from 0. Names with the same words (in any order or form)
    share a node; the first is shown."""
    numbers: dict[frozenset[str], int] = {}
    found: dict[str, int] = {}
    for relation in relations:
        for name in (relation.cause, relation.effect):
            found.setdefault(name, numbers.setdefault(key(name) or frozenset([name]), len(numbers)))
    return found


def labels(relations: Sequence[Relation]) -> list[str]:
    """The name shown for each node, by number."""
    shown: dict[int, str] = {}
    for name, number in nodes(relations).items():
        shown.setdefault(number, name)
    return [shown[n] for n in sorted(shown)]
