"""Claim + sentences of papers -> verdict: a trained verifier scores, each work has one vote, the majority decides.

Knows quotes and a `Verifier`; no library and no search. A work's vote is that of its most decisive sentence, alone or
with the one before it; a sentence that reports what others found counts half against the work's own findings.
Where works are as many for as against, or nothing decides, the verdict is NOT_ENOUGH_INFO.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.attribution import is_attributed
from assistant.judging import LANGUAGE, NOT_CALIBRATED, Judgement, judge, tally, unjudged, windows
from assistant.language import is_english
from assistant.types import Evidence, Label, PaperVerdict, Verdict
from assistant.verification import Verifier

MIN_SCORE = 0.05
"""Least probability of relevance of a sentence that may vote. On the fifth of SciFact train that no training saw,
macro-F1 is 0.60 at 0.15, 0.64 at 0.10, 0.69 at 0.05, 0.63 without; of 120 pairs of a claim and a near abstract that it
does not cite, 1, 2, 4 and 53 find a stance."""
ATTRIBUTED = 0.5
"""What a sentence that reports others' findings is worth against a work's own; reviews have little else. On SciFact
train it makes no difference whether such sentences count."""
MAX_SENTENCES = 20
"""Sentences judged for a claim, at most, with up to two windows each: about 3 s on a slow core."""
CALIBRATED_WORDS = (3, 60)
"""Words of the claims that probabilities were calibrated on: 98 of 100 of the rows held back have so many."""
CALIBRATED_SCORE = 0.25
"""Least probability of relevance of the sentences that decide, for a number to be given: the pairs calibrated on are of
a claim and an abstract on its very topic."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence that may vote: where it stands, the sentence before it ("" for none), and the name of the work it
    votes with (near-duplicate works share one)."""

    evidence: Evidence
    before: str = ""
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence and what the verifier makes of it."""

    quoted: Quoted
    judgement: Judgement


def check(claim: str, quotes: Sequence[Quoted], verifier: Verifier) -> Verdict:
    """The verdict of the works quoted (best quote first). `Verdict.evidence` is all the evidence with its stances, what
    decides most first, its text longer by the sentence before where that was read too; `papers` the vote of each work,
    likewise."""
    plain = tuple(replace(q.evidence, stance=Label.NOT_ENOUGH_INFO) for q in quotes)
    relevant = [q for q in quotes if q.evidence.score >= MIN_SCORE]
    readable = [q for q in relevant if is_english(q.evidence.text)]
    if not is_english(claim) or (relevant and not readable):
        return replace(unjudged(claim, LANGUAGE), evidence=plain)
    if not readable:
        return replace(unjudged(claim, "nothing read is about it"), evidence=plain, method=_method(verifier))
    heard = _hear(claim, _most_telling(readable), verifier)
    works = _by_voice(heard)
    deciding = sorted((_deciding(work) for work in works), key=lambda h: -h.judgement.decisive)
    verdict = tally(claim, [h.judgement for h in deciding], verifier)
    papers = tuple(_paper_verdict(h, next(w for w in works if h in w)) for h in deciding)
    rest = tuple(e for e in plain if all(h.quoted.evidence.n != e.n for h in heard))
    judged = replace(
        verdict, papers=papers, evidence=(*_with_stances(heard, deciding), *rest), method=_method(verifier)
    )
    return _without_number(judged, _distance(claim, deciding))


def _method(verifier: Verifier) -> str:
    return f"{verifier.id}: each sentence alone and with the one before it, one vote per work"


def _most_telling(quotes: Sequence[Quoted]) -> list[Quoted]:
    """The best quote of every work, then the best of all, so many as are judged."""
    first: dict[str, Quoted] = {}
    for q in quotes:
        first.setdefault(q.voice, q)
    best = list(first.values())
    return [*best, *(q for q in quotes if q not in best)][:MAX_SENTENCES]


def _hear(claim: str, quotes: Sequence[Quoted], verifier: Verifier) -> list[Heard]:
    texts = [windows(q.evidence.text, q.before if is_english(q.before) else "") for q in quotes]
    judgements = judge(verifier, [(claim, text) for text in texts])
    return [Heard(q, j) for q, j in zip(quotes, judgements, strict=True)]


def _by_voice(heard: Sequence[Heard]) -> list[list[Heard]]:
    groups: dict[str, list[Heard]] = {}
    for h in heard:
        groups.setdefault(h.quoted.voice, []).append(h)
    return list(groups.values())


def _deciding(work: Sequence[Heard]) -> Heard:
    """The sentence of a work that decides most, weighted by its relevance, and less where it tells of others' findings.

    Unweighted, "evidence on leaching is conflicting" outvotes the paragraph on leaching; on SciFact train, where each
    abstract is on the claim's topic, the weight makes no difference (macro-F1 0.596 with and without).
    """
    voting = [h for h in work if h.judgement.label is not Label.NOT_ENOUGH_INFO]
    return max(voting or work, key=_weight)


def _weight(h: Heard) -> float:
    evidence = h.quoted.evidence
    return h.judgement.decisive * evidence.score * (ATTRIBUTED if is_attributed(evidence.text) else 1.0)


def _with_stances(heard: Sequence[Heard], deciding: Sequence[Heard]) -> list[Evidence]:
    """The evidence judged: what decides for each work first, then by how far it decides."""
    ordered = sorted(heard, key=lambda h: (h not in deciding, -h.judgement.decisive))
    return [replace(h.quoted.evidence, stance=h.judgement.label, text=_read(h)) for h in ordered]


def _read(h: Heard) -> str:
    """What was read: the sentence, with the one before it where the two together decide more."""
    text, before = h.quoted.evidence.text, h.quoted.before
    return f"{before} {text}" if before and h.judgement.window == " ".join(f"{before} {text}".split()) else text


def _paper_verdict(vote: Heard, work: Sequence[Heard]) -> PaperVerdict:
    """A work's vote, with its best sentence and the best of those that say the opposite."""
    mine = vote.judgement.label
    sides = {Label.SUPPORTS, Label.REFUTES} - {mine}
    other = [h for h in work if h.judgement.label in sides and mine is not Label.NOT_ENOUGH_INFO]
    best = [vote, *([max(other, key=lambda h: h.judgement.decisive)] if other else [])]
    numbers = tuple(h.quoted.evidence.n for h in best)
    return PaperVerdict(vote.quoted.evidence.paper, mine, vote.judgement.probabilities, numbers)


def _distance(claim: str, deciding: Sequence[Heard]) -> str:
    """Why the claim is far from anything that probabilities were calibrated on; "" where it is not."""
    words, (least, most) = len(claim.split()), CALIBRATED_WORDS
    if not least <= words <= most:
        return f"the claim has {words} words, those calibrated on {least} to {most}"
    votes = [h for h in deciding if h.judgement.label is not Label.NOT_ENOUGH_INFO] or deciding
    if max(h.quoted.evidence.score for h in votes) < CALIBRATED_SCORE:
        return "the sentences found are only loosely about the claim"
    return ""


def _without_number(verdict: Verdict, distance: str) -> Verdict:
    if not distance:
        return verdict
    return replace(verdict, confidence=None, calibrated=False, reason=NOT_CALIBRATED + distance)
