"""Quotes of several papers -> which point the same way and which opposite ways, by the simple method of `stance`.

Knows quotes and stances. Writes no words: `reasoning` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from assistant.polarity import Axis, read
from assistant.quotes import Candidate, is_sentence
from assistant.stance import stance
from assistant.types import Evidence, Label

Group = list[Evidence]


def hear_the_other_side(question: str, chosen: Sequence[Candidate], likely: Sequence[Candidate]) -> list[Candidate]:
    """The candidates chosen; where all of them point one way and one of the likely ones (best first) the other way,
    that one takes the place of the last, so that a contradiction is never passed over for want of room."""
    sides = {stance(question, c.text) for c in chosen if is_sentence(c)} - {Label.NOT_ENOUGH_INFO}
    if len(sides) != 1:
        return list(chosen)
    contrary = Label.REFUTES if sides == {Label.SUPPORTS} else Label.SUPPORTS
    other = next((c for c in likely if is_sentence(c) and stance(question, c.text) is contrary), None)
    return list(chosen) if other is None else [*(chosen[:-1] if len(chosen) > 1 else chosen), other]


def compare(question: str, evidence: Sequence[Evidence]) -> tuple[list[Group], list[tuple[Group, Group]]]:
    """Quotes that point the same way, in groups, and the pairs of groups that point opposite ways.

    A question that itself points somewhere ("Does X raise Y?") is what both quotes are held against; where it does not
    ("What does X do to Y?"), or a quote does not answer it, they are held against one another, both ways. Two quotes
    of one work are never compared, nor is what is no sentence.
    """
    points = any(cue.axis is not Axis.LINK for cue in read(question).cues)
    held = {e.n: stance(question, e.text) if points else Label.NOT_ENOUGH_INFO for e in evidence}
    relations = {
        (a.n, b.n): _relation(held, a, b) if _comparable(a, b) else Label.NOT_ENOUGH_INFO
        for a, b in combinations(evidence, 2)
    }
    groups: list[Group] = []
    for e in evidence:
        found = next((g for g in groups if _fits(e, g, relations)), None)
        if found is None:
            groups.append([e])
        else:
            found.append(e)
    pairs = ((_against(a, b, relations), _against(b, a, relations)) for a, b in combinations(groups, 2))
    return groups, _merged([(a, b) for a, b in pairs if a])


def _comparable(a: Evidence, b: Evidence) -> bool:
    return a.paper.work_id != b.paper.work_id and is_sentence(a) and is_sentence(b)


def _merged(pairs: Sequence[tuple[Group, Group]]) -> list[tuple[Group, Group]]:
    """Pairs with the same first side as one."""
    merged: dict[tuple[int, ...], tuple[Group, Group]] = {}
    for a, b in pairs:
        _, second = merged.setdefault(tuple(e.n for e in a), (a, []))
        second += b
    return [(a, sorted(b, key=lambda e: e.n)) for a, b in merged.values()]


def _fits(e: Evidence, group: Group, relations: Mapping[tuple[int, int], Label]) -> bool:
    between = _between(group, [e], relations)
    return Label.SUPPORTS in between and Label.REFUTES not in between


def _against(group: Group, other: Group, relations: Mapping[tuple[int, int], Label]) -> Group:
    """Those of the group that point the opposite way to one of the other."""
    return [e for e in group if Label.REFUTES in _between([e], other, relations)]


def _between(a: Group, b: Group, relations: Mapping[tuple[int, int], Label]) -> set[Label]:
    return {relations[min(x.n, y.n), max(x.n, y.n)] for x in a for y in b}


def _relation(held: Mapping[int, Label], a: Evidence, b: Evidence) -> Label:
    if Label.NOT_ENOUGH_INFO not in (held[a.n], held[b.n]):
        return Label.SUPPORTS if held[a.n] is held[b.n] else Label.REFUTES
    there, back = stance(a.text, b.text), stance(b.text, a.text)
    return there if there is back else Label.NOT_ENOUGH_INFO
