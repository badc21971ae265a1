"""Whether texts support a claim, by a trained verifier: each (claim, window of sentences) is scored alone.

Knows claims, texts and probabilities; no papers, no library and no search. A claim or text that is not English is not
judged: no training data had another language. Numbers, units and directions are compared by rule, since a small
verifier reads past them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.index.sentences import sentences
from assistant.language import is_english
from assistant.mismatches import mismatches
from assistant.types import Label, Probabilities, Verdict
from assistant.verification import Verifier

LABELS = (Label.SUPPORTS, Label.REFUTES, Label.NOT_ENOUGH_INFO)
VOTE_ABOVE = 0.5
"""Least probability of SUPPORTS or of REFUTES with which a text votes."""
CAPPED_SUPPORTS = 0.3
"""Most probability of SUPPORTS where a number, unit, sign or direction of the claim is contradicted: below any vote, so
that such a claim is never called supported. What is cut off goes to NOT_ENOUGH_INFO, since the rule may err too."""
WINDOW_CHARACTERS = 400
"""A sentence is read with the one before it where both fit: beyond this the verifier's 128 tokens cut the end off."""
MAX_STEP_WINDOWS = 12
"""Windows scored for one step of reasoning, at most: about a second on a slow core."""
NOT_JUDGED = "not judged: "
LANGUAGE = NOT_JUDGED + "language"
NOTHING_TO_JUDGE_BY = NOT_JUDGED + "nothing to judge it by"
NOT_CALIBRATED = "not calibrated here: "


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a verifier makes of a claim and one text: of the text's windows, the one that decides most."""

    probabilities: Probabilities
    window: str
    mismatches: tuple[str, ...] = ()

    @property
    def decisive(self) -> float:
        """The greater probability of SUPPORTS and REFUTES."""
        return max(self.probabilities[:2])

    @property
    def label(self) -> Label:
        """The text's vote; NOT_ENOUGH_INFO where neither side is probable enough."""
        if self.decisive < VOTE_ABOVE:
            return Label.NOT_ENOUGH_INFO
        return Label.SUPPORTS if self.probabilities[0] > self.probabilities[1] else Label.REFUTES


def windows(text: str, before: str = "") -> list[str]:
    """Each sentence of a text, and each with the one before it; `before` is what stands before the first."""
    found: list[str] = []
    for start, end in sentences(text):
        sentence = " ".join(text[start:end].split())
        found.append(sentence)
        if before and len(before) + len(sentence) < WINDOW_CHARACTERS:
            found.append(f"{before} {sentence}")
        before = sentence
    return found


def judge(verifier: Verifier, items: Sequence[tuple[str, Sequence[str]]]) -> list[Judgement]:
    """A judgement of each (claim, windows of one text, at least one), scored in one batch."""
    scored = verifier.probabilities([(claim, window) for claim, text in items for window in text])
    judgements: list[Judgement] = []
    done = 0
    for claim, text in items:
        rows = [(float(s), float(r), float(n)) for s, r, n in scored[done : done + len(text)]]
        done += len(text)
        best = max(range(len(rows)), key=lambda i: (max(rows[i][:2]), -i))
        judgements.append(_compared(claim, Judgement(rows[best], text[best])))
    return judgements


def _compared(claim: str, judgement: Judgement) -> Judgement:
    """With the mismatches of a window that decides, and SUPPORTS capped where there are any."""
    if judgement.label is Label.NOT_ENOUGH_INFO:
        return judgement
    found = tuple(m.sentence for m in mismatches(claim, judgement.window))
    supports, refutes, neither = judgement.probabilities
    excess = max(0.0, supports - CAPPED_SUPPORTS) if found else 0.0
    return Judgement((supports - excess, refutes, neither + excess), judgement.window, found)


def judge_step(verifier: Verifier, step: str, cited: Sequence[str]) -> Verdict:
    """Whether the texts that a step names support it. `confidence` is None where nothing could be judged; `reason`
    says why. `n_for` and `n_against` count the texts."""
    texts = [t for t in cited if t.strip()]
    if not step.strip() or not texts:
        return unjudged(step, NOTHING_TO_JUDGE_BY)
    texts = [t for t in texts if is_english(t)]
    if not texts or not is_english(step):
        return unjudged(step, LANGUAGE)
    share = max(2, MAX_STEP_WINDOWS // len(texts))
    return tally(step, judge(verifier, [(step, windows(t)[:share]) for t in texts]), verifier)


def unjudged(claim: str, reason: str) -> Verdict:
    """The verdict of what was not judged, and why."""
    return Verdict(claim, Label.NOT_ENOUGH_INFO, reason=reason)


def tally(claim: str, judgements: Sequence[Judgement], verifier: Verifier) -> Verdict:
    """One vote for each judgement. The side with more votes wins; with as many on both, or none, NOT_ENOUGH_INFO."""
    votes = [j.label for j in judgements]
    n_for, n_against = votes.count(Label.SUPPORTS), votes.count(Label.REFUTES)
    label, reason = decide(n_for, n_against)
    confidence = pooled(label, judgements)
    if confidence is not None and not verifier.calibrated:
        confidence, reason = None, NOT_CALIBRATED + "the adapter in use was never calibrated"
    return Verdict(
        claim,
        label,
        confidence=confidence,
        calibrated=confidence is not None,
        conflict=n_for > 0 and n_against > 0,
        n_for=n_for,
        n_against=n_against,
        method=verifier.id,
        reason=reason,
        mismatches=tuple(dict.fromkeys(m for j in judgements for m in j.mismatches)),
    )


def decide(n_for: int, n_against: int) -> tuple[Label, str]:
    """(label, why there is none) of so many votes for and against."""
    if n_for > n_against:
        return Label.SUPPORTS, ""
    if n_against > n_for:
        return Label.REFUTES, ""
    return Label.NOT_ENOUGH_INFO, "as many for as against" if n_for else "nothing read decides it"


def pooled(label: Label, judgements: Sequence[Judgement]) -> float | None:
    """The probability of a label: its mean over those that vote, so that a vote against lowers it. Of nothing decided,
    what the most decisive leaves to NOT_ENOUGH_INFO; None for a draw, or where there is none."""
    votes = [j for j in judgements if j.label is not Label.NOT_ENOUGH_INFO]
    if votes:
        of = LABELS.index(label)
        return None if label is Label.NOT_ENOUGH_INFO else sum(j.probabilities[of] for j in votes) / len(votes)
    return min((j.probabilities[2] for j in judgements), default=None)
