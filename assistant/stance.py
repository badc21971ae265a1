"""Which way a quote points for a claim or for another quote, by polarity of words: a rule, no trained verifier.

A quote's cues of direction, worth and link, its negations and its statistics are compared on the words it shares with
the claim (`assistant.polarity`). It groups the quotes of an answer; what papers say of a claim, `claims` decides.
"""

from __future__ import annotations

from collections import Counter

from assistant.polarity import Axis, Cue, Reading, Word, read
from assistant.types import Label

MIN_SHARED = 0.35
"""Least share of the claim's content words, cues left out, that a quote must hold to say anything about it. SciFact
train: macro-F1 is best at 0.3 (0.59); 0.35 gives up 0.02 for a precision of SUPPORTS of 0.73 instead of 0.70."""
MIN_SHARED_PLAIN = 0.6
"""The same for a claim and a quote that only their negations can tell apart."""
REACH = 6
"""Words: how far from a cue a word counts half."""
OTHER_CLAUSE = 0.25
"""What a word is worth in another clause than the cue's."""


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
