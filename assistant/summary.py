"""A paper -> what it asks, did, found and warns of, in its own sentences. Extractive: nothing is put into other words.

A sentence is chosen by its cue words (`assistant.rhetoric`), its section and its place; the abstract comes first where
there is one. English, and Chinese by a few cue words; of any other language it shows the first sentences and says so.
Knows a paper's passages and a `Retriever`; no page, no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.language import NAMES, guess_language
from assistant.quotes import Candidate, Retriever, as_evidence, is_quotable, place
from assistant.rhetoric import Role, cues, roles, section_role
from assistant.types import Hit, Paper, Passage, PassageKind, Summary, SummaryLine, SummaryPart

LINES = {SummaryPart.ASKS: 1, SummaryPart.DID: 2, SummaryPart.FOUND: 3, SummaryPart.WARNS: 2}
"""Lines for each part, at most."""
FIRST_LINES = 3
"""Lines shown of a paper in a language whose cue words are not known."""
MIN_WEIGHT = 2.0
"""Least weight of a sentence that may stand for a part: a cue, or a section that is there for it."""
ABSTRACT, SECTION, CLOSING = 3.0, 1.5, 1.0
"""What it adds that a sentence stands in the abstract (with that role there), in a section for that role, in the
discussion or conclusion."""
MAX_CHARACTERS = 600
"""A longer sentence is likely two, or a list."""

_PARTS = {
    SummaryPart.ASKS: Role.OBJECTIVE,
    SummaryPart.DID: Role.METHOD,
    SummaryPart.FOUND: Role.RESULT,
    SummaryPart.WARNS: Role.LIMIT,
}
_NOT_FROM = {
    SummaryPart.ASKS: (Role.METHOD, Role.RESULT),
    SummaryPart.FOUND: (Role.METHOD, Role.BACKGROUND),
    SummaryPart.DID: (Role.RESULT, Role.BACKGROUND),
    SummaryPart.WARNS: (Role.METHOD, Role.BACKGROUND),
}
"""Sections from which a part is never told."""
_PROMISE = re.compile(r"\b(?:we|it|this \w+) will\b|\bwill be (?:\w+ed|identified)\b", re.IGNORECASE)
_ABSTRACT = re.compile(r"abstract|summary|摘\s*要", re.IGNORECASE)
_CLOSING = re.compile(r"discussion|conclusion|concluding|limitation|结论|讨论", re.IGNORECASE)
_ASIDE = re.compile(
    r"acknowledg|reference|appendix|supplement|competing|conflict|funding|contribut|data avail|ethic|abbreviat"
    r"|致谢|参考文献",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(r"\[\d[\d,\s–-]*\]|\(\D{3,60}\d{4}[a-z]?\)|\bet al\b")
_FIGURE = re.compile(
    r"\b(?:shown|listed|given|presented|summari[sz]ed) in (?:fig|table|appendix|supplement)", re.IGNORECASE
)
_POINTS_BACK = re.compile(
    r"^(?:this|these|that|those|it|they|he|she|such|both|here|thus|therefore|hence)\b", re.IGNORECASE
)
_CHINESE = (
    (SummaryPart.ASKS, re.compile("目的|旨在|本文(?:研究|探讨|提出|针对)|本研究")),
    (SummaryPart.DID, re.compile("方法|采用|利用|选取|通过对")),
    (SummaryPart.FOUND, re.compile("结果|发现|表明|结论|显著")),
    (SummaryPart.WARNS, re.compile("不足|局限|有待|尚需|需要进一步")),
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a paper, `passage.text[start:end]`, the `at`-th of `of`; `role` is its role in the abstract."""

    passage: Passage
    start: int
    end: int
    at: int
    of: int
    role: Role | None = None

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


def summarise(paper: Paper, passages: Sequence[Passage], retriever: Retriever) -> Summary:
    """The lines by part, in the order of the paper within each, and notes on what is missing. The score of a line's
    evidence is 1: it is chosen for what it is, not for how well it fits a question. Deterministic."""
    sentences = _with_roles(_read(passages, retriever))
    language = guess_language(" ".join(s.text for s in sentences[:20]))
    if language == "zh":
        chosen, notes = (
            _chinese(sentences),
            ["The paper seems to be in Chinese: its lines are told by a few cue words."],
        )
    elif language in ("en", None):
        chosen, notes = _english(sentences), []
    else:
        chosen = [(SummaryPart.SAYS, s) for s in sentences[:FIRST_LINES]]
        notes = [
            f"The paper seems to be in {NAMES[language]}, which the summary cannot read: its first lines are shown."
        ]
    lines = []
    for n, (part, s) in enumerate(chosen, 1):
        candidate = Candidate(Hit(s.passage, n, 1.0, 0.0, 0.0), paper, s.at, s.start, s.end, 0.0, 1.0)
        lines.append(SummaryLine(part, place(as_evidence(n, candidate), candidate, retriever)))
    return Summary(paper, tuple(lines), (*notes, *_missing(sentences, lines)))


def _read(passages: Sequence[Passage], retriever: Retriever) -> list[_Sentence]:
    """The sentences of the running text that can be quoted, in order, each once; none of the paper's back matter."""
    found: dict[str, tuple[Passage, int, int]] = {}
    for passage in passages:
        if passage.kind is not PassageKind.TEXT or _ASIDE.search(passage.section.split(">")[-1]):
            continue
        for start, end in retriever.split(passage):
            text = passage.text[start:end]
            if is_quotable(text) and len(text) <= MAX_CHARACTERS:
                found.setdefault(" ".join(text.split()), (passage, start, end))
    return [_Sentence(*where, at, len(found)) for at, where in enumerate(found.values())]


def _with_roles(sentences: Sequence[_Sentence]) -> list[_Sentence]:
    """The sentences, those of the abstract with the roles they have there."""
    abstract = [s for s in sentences if _ABSTRACT.search(s.passage.section)]
    told = dict(zip((s.at for s in abstract), roles([_flat(s) for s in abstract]), strict=True))
    for s in abstract:
        told[s.at] = section_role(s.passage.section) or told[s.at]  # a structured abstract says itself
    return [_Sentence(s.passage, s.start, s.end, s.at, s.of, told.get(s.at)) for s in sentences]


def _english(sentences: Sequence[_Sentence]) -> list[tuple[SummaryPart, _Sentence]]:
    chosen: list[tuple[SummaryPart, _Sentence]] = []
    for part in (SummaryPart.WARNS, SummaryPart.ASKS, SummaryPart.FOUND, SummaryPart.DID):
        taken = {s.at for _, s in chosen}
        ranked = sorted(
            ((_weight(s, part), -s.at, s) for s in sentences if s.at not in taken), key=lambda r: r[:2], reverse=True
        )
        best = [s for weight, _, s in ranked[: LINES[part]] if weight >= MIN_WEIGHT]
        chosen += [(part, s) for s in sorted(best, key=lambda s: s.at)]
    order = list(LINES)
    return sorted(chosen, key=lambda row: (order.index(row[0]), row[1].at))


def _weight(s: _Sentence, part: SummaryPart) -> float:
    """How well a sentence stands for a part; a sentence on others' work or one that leans on the sentence before it is
    worth less."""
    role = _PARTS[part]
    text = _flat(s)
    section = section_role(s.passage.section)
    weight = cues(text).get(role, 0.0)
    if (not weight and section is not role) or section in _NOT_FROM.get(part, ()) or _says_nothing(part, text):
        return 0.0
    if s.role is not None:
        weight += ABSTRACT if s.role is role else 0.0
    elif section is role and part is not SummaryPart.WARNS:
        weight += SECTION
    if _CLOSING.search(s.passage.section) and part in (SummaryPart.FOUND, SummaryPart.WARNS):
        weight += CLOSING
    if part is SummaryPart.ASKS and s.role is None:
        weight -= s.at / max(1, s.of)
    return weight - 1.5 * bool(_ELSEWHERE.search(text)) - 0.8 * bool(_POINTS_BACK.search(text))


def _says_nothing(part: SummaryPart, text: str) -> bool:
    """Whether a sentence only points to a figure, or a finding is only promised (a protocol)."""
    return bool(_FIGURE.search(text)) or (part is SummaryPart.FOUND and bool(_PROMISE.search(text)))


def _flat(s: _Sentence) -> str:
    return " ".join(s.text.split())


def _chinese(sentences: Sequence[_Sentence]) -> list[tuple[SummaryPart, _Sentence]]:
    first = [s for s in sentences if s.role is not None] or list(sentences)
    chosen: list[tuple[SummaryPart, _Sentence]] = []
    for part, pattern in _CHINESE:
        taken = {s.at for _, s in chosen}
        chosen += [(part, s) for s in first if s.at not in taken and pattern.search(s.text)][: LINES[part]]
    return chosen or [(SummaryPart.SAYS, s) for s in sentences[:FIRST_LINES]]


def _missing(sentences: Sequence[_Sentence], lines: Sequence[SummaryLine]) -> list[str]:
    if not sentences:
        return ["No sentence of running text was read from this paper, so there is nothing to sum up."]
    notes = []
    if not any(s.role for s in sentences):
        notes.append("No abstract was found: the lines come from the sections.")
    told = {line.part for line in lines}
    if SummaryPart.SAYS not in told and (missing := [str(p) for p in LINES if p not in told]):
        notes.append(f"No sentence says clearly what it {_listed(missing)}.")
    return notes


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
