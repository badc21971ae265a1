"""Claim + quotes -> verdict, by a stated simple method: no trained verifier.

A quote points for or against a claim by its cues of direction, worth and link, its negations and its statistics,
compared on the words it shares with the claim (`assistant.polarity`); each work has one vote. Knows no library, no
search and no model. What it cannot decide it calls NOT_ENOUGH_INFO, and it never gives a confidence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.polarity import Axis, Cue, Reading, Word, read
from assistant.types import Evidence, Label, Verdict

METHOD = (
    "polarity-1: each quote's words of direction, negations and statistics are compared with the claim's on the words "
    "they share, one vote per work; no trained verifier, not calibrated"
)
MIN_SHARED = 0.35
"""Least share of the claim's content words, cues left out, that a quote must hold to say anything about it. SciFact
train: macro-F1 is best at 0.3 (0.59); 0.35 gives up 0.02 for a precision of SUPPORTS of 0.73 instead of 0.70."""
MIN_SHARED_PLAIN = 0.6
"""The same for a claim and a quote that only their negations can tell apart."""
REACH = 6
"""Words: how far from a cue a word counts half."""
OTHER_CLAUSE = 0.25
"""What a word is worth in another clause than the cue's."""
MIN_SCORE = 0.15
"""Least probability of relevance of a quote that may vote. SciFact train: of 200 claims against ten near abstracts that
they do not cite, 54 find a stance without it and 11 with it, for 0.03 of macro-F1 and a higher precision."""


def stance(claim: str, quote: str) -> Label:
    """Which way a quote points for a claim. Deterministic, English; NOT_ENOUGH_INFO in doubt."""
    mine, theirs = read(claim), read(quote)
    if not mine.stems or len(mine.stems & theirs.stems) < MIN_SHARED * len(mine.stems):
        return Label.NOT_ENOUGH_INFO
    if not mine.cues:
        return _compare_negations(mine, theirs)
    pairs = [
        (_nearness(a, mine, b, theirs), -a.at, -b.at, label)
        for a in mine.cues
        for b in theirs.cues
        if (label := _compare(a, b)) is not Label.NOT_ENOUGH_INFO
    ]
    return max(pairs)[-1] if pairs else Label.NOT_ENOUGH_INFO


def _nearness(a: Cue, mine: Reading, b: Cue, theirs: Reading) -> float:
    """Share, 0..1, of the claim's words found in the quote; words near either cue weigh more."""
    there = {s: max(_weight(w, b) for w in theirs.words if w.stem == s) for s in mine.stems & theirs.stems}
    weights = [(w.stem, _weight(w, a)) for w in mine.words]
    return sum(weight * there.get(s, 0.0) for s, weight in weights) / sum(weight for _, weight in weights)


def _weight(word: Word, cue: Cue) -> float:
    return (1.0 if word.clause == cue.clause else OTHER_CLAUSE) / (1 + abs(word.at - cue.at) / REACH)


def _compare(claimed: Cue, quoted: Cue) -> Label:
    """Two cues: equal signs support, others refute; axes that cannot be compared say nothing."""
    if claimed.axis is quoted.axis or 0 in (claimed.sign, quoted.sign):
        return Label.SUPPORTS if claimed.sign == quoted.sign else Label.REFUTES
    if claimed.axis is Axis.LINK and quoted.axis is Axis.CHANGE and claimed.sign > 0:
        return Label.SUPPORTS
    return Label.NOT_ENOUGH_INFO


def _compare_negations(mine: Reading, theirs: Reading) -> Label:
    """For a claim without a cue: its negation against that of the clause that shares most words with it."""
    shared = Counter(w.clause for w in theirs.words if w.stem in mine.stems)
    clause, _ = max(shared.items(), key=lambda item: (item[1], -item[0]))
    if len(mine.stems & theirs.stems) < MIN_SHARED_PLAIN * len(mine.stems):
        return Label.NOT_ENOUGH_INFO
    return Label.SUPPORTS if bool(mine.negated) == (clause in theirs.negated) else Label.REFUTES


def check(claim: str, evidence: Iterable[Evidence]) -> Verdict:
    """The verdict of the works quoted; `Verdict.evidence` is the evidence with its stances, in the order given.

    A work votes with the side whose quotes weigh more (sum of probabilities of relevance). More works for than
    against: SUPPORTS, and the other way round; equally many: NOT_ENOUGH_INFO, with `conflict` if there are any.
    """
    judged = tuple(
        replace(e, stance=stance(claim, e.text) if e.score >= MIN_SCORE else Label.NOT_ENOUGH_INFO) for e in evidence
    )
    votes = list(_votes(judged).values())
    n_for, n_against = votes.count(Label.SUPPORTS), votes.count(Label.REFUTES)
    label = Label.NOT_ENOUGH_INFO
    if n_for != n_against:
        label = Label.SUPPORTS if n_for > n_against else Label.REFUTES
    return Verdict(
        claim,
        label,
        conflict=n_for > 0 and n_against > 0,
        n_for=n_for,
        n_against=n_against,
        evidence=judged,
        method=METHOD,
    )


def _votes(evidence: Sequence[Evidence]) -> dict[str, Label]:
    """Work -> its vote; works with nothing to say, or as much for as against, are left out."""
    weights: dict[str, float] = defaultdict(float)
    for e in evidence:
        weights[e.paper.work_id] += {Label.SUPPORTS: e.score, Label.REFUTES: -e.score}.get(
            e.stance or Label.NOT_ENOUGH_INFO, 0.0
        )
    return {work: Label.SUPPORTS if weight > 0 else Label.REFUTES for work, weight in weights.items() if weight}
