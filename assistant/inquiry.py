"""Questions as texts, by rule and in English: their parts, and what to ask next.

Knows no library: whether a question can be answered, it is told. In doubt a question stays whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from assistant.index.search import STOP_WORDS, content_words
from assistant.language import is_english

MAX_PARTS = 4
MIN_PART_WORDS = 3
"""Fewer words ("and why?") are no question without the rest."""
MAX_PHRASE = 3
"""Words of a phrase that is asked about."""
MIN_LETTERS = 4
"""Of each word of such a phrase."""
TRIED = 6
"""Questions looked up for those that can be answered, at most: each costs a search."""

_ASKS = r"what|which|who|whom|whose|how|why|when|where"
_AUXILIARY = r"does|do|did|is|are|was|were|can|could|should|will|would|may|might|has|have|had"
_ENDS = re.compile(r"(?<=[?？])\s+")
_JOINS = re.compile(
    rf"(?:,|;)?\s+(?:and|or)\s+(?:also\s+)?(?=(?:{_ASKS}|{_AUXILIARY})\b)|;\s+(?=(?:{_ASKS}|{_AUXILIARY})\b)", re.I
)
_POINTS_BACK = re.compile(r"\b(?:it|its|they|them|their|this|that|these|those|he|she|one|ones|there)\b", re.I)
_OPENS = re.compile(rf"(?:{_ASKS}|{_AUXILIARY})\b", re.I)
_WORD = re.compile(r"[^\W\d_][\w-]*[^\W_]")
_ENDING = re.compile(r"(?:ed|ly|ing)$")
"""A word that ends so is often no noun."""
_NO_NAMES = frozenset("every several many much various different similar same other another first second".split())  # noqa: SIM905
"""Words that stand before nouns and name nothing."""


def split_question(question: str) -> list[str]:
    """The parts of a question that asks for several things; the question alone where it asks for one, or where a part
    leans on another ("and does it ...")."""
    parts = [p.strip() for whole in _ENDS.split(question.strip()) for p in _JOINS.split(whole)]
    parts = [p[:1].upper() + p[1:].rstrip(",;") for p in parts if p]
    leaning = any(len(p.split()) < MIN_PART_WORDS or not _OPENS.match(p) for p in parts)
    if not 1 < len(parts) <= MAX_PARTS or leaning or any(_POINTS_BACK.search(p) for p in parts[1:]):
        return [question.strip()]
    return [p if p.endswith(("?", "？")) else f"{p}?" for p in parts]


def suggest(question: str, quotes: Sequence[str], passages: Sequence[str]) -> Iterator[str]:
    """Questions one might ask next, best first: about phrases of the quotes that the question does not name and that
    most of the passages share."""
    if not is_english(question):
        return
    low = [p.lower() for p in passages]
    topic = _topic(question, low)
    for phrase in _phrases(question, quotes, low):
        if topic:
            yield f"How is {phrase} related to {topic}?"
        yield f"What about {phrase}?"


def _topic(question: str, passages: Sequence[str]) -> str:
    """The longest run of words of a question that passages hold as it stands, and that may name something."""
    words = re.findall(r"[\w-]+", question)
    runs = (words[i : i + n] for n in range(MAX_PHRASE, 0, -1) for i in range(len(words) - n + 1))
    names = [" ".join(run) for run in runs if all(_may_name(w) for w in run)]
    held = [n for n in names if any(n.lower() in text for text in passages)]
    return max(held, key=lambda n: (len(n.split()), len(n)), default="")


def _phrases(question: str, quotes: Sequence[str], passages: Sequence[str]) -> list[str]:
    asked = {_stem(w) for w in content_words(question)}
    found = Counter(p for quote in quotes for p in set(_runs(quote)))
    shared = {p: sum(p.lower() in text for text in passages) for p in found}
    fresh = [p for p in found if not {_stem(w) for w in p.lower().split()} & asked]
    ranked = sorted(fresh, key=lambda p: (-min(shared[p], 2), -len(p.split()), -shared[p], p))
    return list(_apart(ranked))


def _runs(text: str) -> Iterator[str]:
    """Runs of two or three words that may name something."""
    for clause in re.split(r"[^\w\s-]", text):
        words = clause.split()
        for size in (MAX_PHRASE, 2):
            for i in range(len(words) - size + 1):
                if all(_may_name(w) for w in words[i : i + size]):
                    yield " ".join(words[i : i + size])


def _may_name(word: str) -> bool:
    letters = len(word) >= MIN_LETTERS and _WORD.fullmatch(word) is not None
    return letters and word.lower() not in STOP_WORDS | _NO_NAMES and not _ENDING.search(word)


def _apart(phrases: Iterable[str]) -> Iterator[str]:
    """Those that share no word with one before."""
    seen: set[str] = set()
    for phrase in phrases:
        words = {_stem(w) for w in phrase.lower().split()}
        if not words & seen:
            seen |= words
            yield phrase


def _stem(word: str) -> str:
    return word.lower().rstrip("s")


def follow_ups(
    question: str, proposed: Iterable[str], can_answer: Callable[[str], bool], *, count: int
) -> tuple[str, ...]:
    """The first `count` of the proposed questions that can be answered, of TRIED at most; none twice, nor the question
    itself."""
    kept: dict[str, str] = {}
    tried = 0
    asked = _plain(question)
    for candidate in proposed:
        if len(kept) >= count or tried >= TRIED:
            break
        if _plain(candidate) in kept or _plain(candidate) == asked:
            continue
        tried += 1
        if can_answer(candidate):
            kept[_plain(candidate)] = candidate
    return tuple(kept.values())


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
