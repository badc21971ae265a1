"""Yes-no questions -> the claim they ask about. Pure, English, by a small rule: no grammar.

"Does X raise Y?" asks whether X raises Y. A question that begins otherwise, or whose verb is not told, is no claim.
"""

from __future__ import annotations

import re

VERBS = frozenset(
    word
    for line in (
        "accelerate activate affect alter attenuate benefit block boost bind cause change contain contribute",
        "control correlate cure decline decrease delay depend depress differ diminish disrupt drive eliminate",
        "encourage enhance exacerbate exceed express extend fail form generate grow halve harm help hinder",
        "impair improve increase induce influence inhibit interact involve kill lead lengthen limit lower",
        "maintain mediate modify modulate occur outperform play predict prevent produce prolong promote",
        "protect raise reduce regulate relate require respond restore restrict result rise shorten show slow",
        "stimulate stop strengthen support suppress treat trigger vary weaken work worsen yield",
    )
    for word in line.split()
)
"""Verbs, in their base form, that claims of papers are made with."""
_STATES = re.compile(
    r"(?:\w{2,}ed|\w{2,}(?:able|ible|ive|ent|ant|ful|less|ical)|a|an|not|more|less|better|worse|higher|lower|greater|"
    r"larger|smaller|linked|known|found|shown|safe|toxic|due|necessary|essential|critical|related|in|at|by|from|the)$",
    re.IGNORECASE,
)
"""Words that may follow "X is"."""
_BE = ("is", "are", "was", "were")
_MODAL = ("can", "could", "may", "might", "will", "would", "should", "must")
_DO = ("does", "do", "did")
_WORD = re.compile(r"[\w'’%-]+")
_DETERMINERS = frozenset("the a an this that these those any some".split())  # noqa: SIM905


def as_claim(question: str) -> str:
    """The claim a yes-no question asks about ("Does X raise Y?" -> "X raises Y."), a statement as it stands, and ""
    for any other question."""
    text = " ".join(question.split())
    if not text.endswith(("?", "？")):
        return text if text.endswith(".") else ""
    words = text.rstrip("?？ ").split(" ")
    first, rest = words[0].casefold(), words[1:]
    at = _verb_at(first, rest)
    if at is None:
        return ""
    before, after = rest[:at], rest[at:]
    if first == "does":
        after = [_third_person(after[0]), *after[1:]]
    elif first != "do":
        before = [*before, first]
    claim = " ".join([*before, *after])
    return claim[0].upper() + claim[1:] + "."


def _verb_at(first: str, rest: list[str]) -> int | None:
    """Where the verb stands among the words after the first, which is an auxiliary; None where it is not told."""
    for i, word in enumerate(rest):
        bare = word.casefold().strip(",;:()")
        if i == 0 or rest[i - 1].casefold() in _DETERMINERS:
            continue
        if (first in _DO or first in _MODAL) and (bare in VERBS or (bare == "be" and first in _MODAL)):
            return i
        if first in _BE and _STATES.match(bare):
            return i
    return None


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "x", "ch", "sh", "o")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2] not in "aeou" else f"{verb}s"
