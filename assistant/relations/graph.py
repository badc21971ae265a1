"""The small graph of an answer: the edges of its quotes, what in them is the same thing, and where papers disagree.

Pure. Knows evidence and edges; that two names mean one thing it tells by their words alone (stems), so synonyms stay
apart and nothing is inferred through a chain of edges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from assistant.index.sentences import sentences
from assistant.polarity import read
from assistant.quotes import is_sentence
from assistant.relations.patterns import Edge, edges
from assistant.relations.studies import study_kind
from assistant.types import Evidence, ReasoningStep, Relation, StepKind

MAX_RELATIONS = 60
"""Edges of one answer, at most; a page cannot show more."""
VERBS = {1: "raises", -1: "lowers", 0: "does not change"}
SIGNS = (1, -1, 0)
"""In the order of the sides of a `Conflict`."""
_PLACE_FIRST = re.compile(r"(?:On|In|At|Under|For|With)\b[^,;:.]*")
_GENERIC = frozenset(
    w for text in ("treatment therapy use intake application supplementation level levels concentration concentrations "
                   "content amount number rate dose doses group addition administration mean total significant",)
    for w in read(text).stems
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conflict:
    """Edges of different works with the same cause and effect: `raising` those of sign +1, `lowering` those of -1,
    `unchanged` those of 0. At least two of the three hold some."""

    raising: tuple[Relation, ...]
    lowering: tuple[Relation, ...]
    unchanged: tuple[Relation, ...] = ()


def relations_of(evidence: Sequence[Evidence], abstracts: Mapping[str, str] | None = None) -> tuple[Relation, ...]:
    """The edges that the quotes state, in their order; cause, relation and effect are verbatim. `abstracts` (paper id
    -> text) tells the kind of study where neither quote, title nor passage does. Rows and references say nothing."""
    abstracts = abstracts or {}
    stated = [(e, text, edges(text)) for e in evidence if is_sentence(e) for text in _sentences(e)]
    names = {text[slice(*edge.cause)] for _, text, found in stated for edge in found}
    relations = [
        _relation(e, text, edge, abstracts.get(e.paper.id, ""))
        for e, text, found in stated
        for edge in found or _after_place(text, names)
    ]
    return tuple(relations[:MAX_RELATIONS])


def _sentences(e: Evidence) -> list[str]:
    return [e.text[start:end] for start, end in sentences(e.text)]


def _relation(e: Evidence, text: str, edge: Edge, abstract: str) -> Relation:
    return Relation(
        text[slice(*edge.cause)],
        text[slice(*edge.relation)],
        text[slice(*edge.effect)],
        edge.sign,
        e.n,
        edge.hedge,
        study_kind(text, e.paper.title, e.passage.text, abstract),
    )


def _after_place(text: str, names: Iterable[str]) -> list[Edge]:
    """The edges of "On sandy soil velorite did not ...", where no comma tells the place from the subject: a cause that
    another quote names does."""
    place = _PLACE_FIRST.match(text)
    for name in sorted(names, key=len, reverse=True) if place else ():
        subject = re.search(rf"(?<=\s){re.escape(name)}\b", place.group(), re.IGNORECASE) if place else None
        if subject:
            acting = (e for e in edges(text[subject.start() :]) if e.cause == (0, len(name)))
            return [_moved(edge, subject.start()) for edge in acting]
    return []


def _moved(edge: Edge, by: int) -> Edge:
    cause, relation, effect = ((start + by, end + by) for start, end in (edge.cause, edge.relation, edge.effect))
    return replace(edge, cause=cause, relation=relation, effect=effect)


def conflicts(relations: Sequence[Relation], evidence: Sequence[Evidence]) -> tuple[Conflict, ...]:
    """Where works disagree in sign on the same cause and effect; edges of one work are never set against each other."""
    work = {e.n: e.paper.work_id for e in evidence}
    found: dict[int, list[Relation]] = {}
    placed: dict[int, int] = {}
    for (i, a), (j, b) in combinations(enumerate(relations), 2):
        if a.sign == b.sign or work.get(a.evidence) == work.get(b.evidence) or not same_matter(a, b):
            continue
        key = placed.get(i, placed.get(j, i))
        placed[i] = placed[j] = key
        members = found.setdefault(key, [])
        members += [r for r in (a, b) if r not in members]
    return tuple(Conflict(*(_of_sign(members, sign) for sign in SIGNS)) for members in found.values())


def _of_sign(relations: Sequence[Relation], sign: int) -> tuple[Relation, ...]:
    return tuple(r for r in relations if r.sign == sign)


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
    """ "The papers differ on “velorite” and “yield”: raised by [1], not changed by [3]." """
    sides = (conflict.raising, conflict.lowering, conflict.unchanged)
    relations = [r for side in sides for r in side]
    cause, effect = min((r.cause for r in relations), key=len), min((r.effect for r in relations), key=len)
    said = ", ".join(
        f"{word} {_marks(side)}"
        for word, side in zip(("raised by", "lowered by", "not changed by"), sides, strict=True)
        if side
    )
    return f"The papers differ on “{_inline(cause)}” and “{_inline(effect)}”: {said}."


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
