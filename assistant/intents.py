"""Whether a question asks for a summary or a comparison rather than for an answer. By its first words.

Pure; English and Chinese. In doubt it is an ordinary question.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.polarity import read
from assistant.types import Paper


class Wish(enum.StrEnum):
    """What is asked for."""

    SUMMARY = "summary"
    """Of the papers named, or of all."""
    COMPARISON = "comparison"
    """Of what works say on something."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A wish and what it is about: the words after "summarise", "compare"; "" for all papers."""

    wish: Wish
    about: str


MIN_TITLE = 0.6
"""Least share of the words of "summarise ..." that a title must hold to be the paper meant."""
MIN_ID = 6
"""Characters of a paper's id that name it."""

_POLITE = (
    r"^\s*(?:please |could you |can you |would you |will you |i(?:'d| would) like (?:you )?to |give me |show me |write "
    r"|make )*"
)
_SUMMARY = re.compile(
    _POLITE + r"(?:(?:to )?(?:summari[sz]e|sum up|recap)|(?:a |an |the )?(?:short |brief )?(?:summary|overview)(?: of"
    r"| for| on)?)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^\s*what (?:are|is|do|does) (?P<what>(?:all )?(?:the|these|this|those|my|our) (?:\w+ )?"
    r"(?:papers?|articles?|documents?|publications?|studies|study|files?|library))"
    r" (?:all )?(?:about|deal(?:ing)? with|on|cover|discuss|say)\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
_COMPARE = re.compile(_POLITE + r"compare\b(?! (?:to|with)\b)", re.IGNORECASE)
_ALL = re.compile(
    r"^(?:(?:of |all |of all |the |these |this |those |my |our |each |every )*(?:papers?|articles?|documents?"
    r"|library|everything|"
    r"them|it|all|studies|publications?|files?|collection|one)?)[\s?.!]*(?:for me|please)?[\s?.!]*$",
    re.IGNORECASE,
)
_CHINESE_SUMMARY = re.compile(
    r"^(?:请)?(?:总结|概括|概述)(?:一下)?|^(?:这些|这篇|这)(?:论文|文章|文献)(?:是)?(?:讲|关于|说)"
)
_CHINESE_COMPARE = re.compile(r"^(?:请)?(?:比较|对比)(?:一下)?")
_CHINESE_ALL = re.compile(r"^(?:这些|这篇|所有|全部)?(?:的)?(?:论文|文章|文献)?(?:了?什么|的?内容)?[?？。]*$")


def intent_of(question: str) -> Intent | None:
    """The wish of a question, None for an ordinary one."""
    question = " ".join(question.split())
    if found := _CHINESE_SUMMARY.match(question):
        rest = question[found.end() :]
        return Intent(Wish.SUMMARY, "" if _CHINESE_ALL.match(rest) else rest)
    if found := _CHINESE_COMPARE.match(question):
        return Intent(Wish.COMPARISON, question[found.end() :]) if question[found.end() :].strip() else None
    if found := _ABOUT.match(question):
        return None if found["rest"].strip(" ?.!") else Intent(Wish.SUMMARY, "")
    if found := _SUMMARY.match(question):
        rest = question[found.end() :].strip(" :?.!")
        return Intent(Wish.SUMMARY, "" if _ALL.match(rest) else rest)
    if found := _COMPARE.match(question):
        rest = question[found.end() :].strip(" :?.!")
        return Intent(Wish.COMPARISON, rest) if any(c.isalnum() for c in rest) else None
    return None


def comparison_of(question: str) -> Intent:
    """The wish of a question put so that works be compared, whatever its words."""
    found = intent_of(question)
    about = found.about if found and found.wish is Wish.COMPARISON else " ".join(question.split())
    return Intent(Wish.COMPARISON, about)


def papers_named(text: str, papers: Sequence[Paper]) -> list[Paper]:
    """The papers that a text names: by the beginning of an id, by first author and year, or by most of a title."""
    folded = text.casefold()
    words = read(text).stems
    by_id = [p for p in papers for w in folded.split() if len(w) >= MIN_ID and p.id.casefold().startswith(w)]
    by_author = [p for p in papers if p.authors and p.year and _surname(p) in folded and str(p.year) in folded]
    if found := by_id + [p for p in by_author if p not in by_id]:
        return list(dict.fromkeys(found))
    shares = {p.id: len(words & read(p.title).stems) / max(1, len(words)) for p in papers}
    best = max(shares.values(), default=0.0)
    likely = [p for p in papers if shares[p.id] == best >= MIN_TITLE]
    return likely if len(words) >= 2 and len({p.work_id for p in likely}) == 1 else []


def _surname(paper: Paper) -> str:
    author = paper.authors[0]
    return (author.split(",")[0] if "," in author else author.split()[-1]).strip().casefold()
