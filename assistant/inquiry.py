"""Questions as texts, by rule and in English: their parts, and what to ask next.

Knows no library: whether a question can be answered, it is told. In doubt a question stays whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from assistant.index.search import STOP_WORDS, content_words
from assistant.language import is_english
from assistant.questions import VERBS

MAX_PARTS = 4
MIN_PART_WORDS = 3
"""Fewer words ("and why?") are no question without the rest."""
MAX_PHRASE = 3
"""Words of a phrase that is asked about."""
MIN_LETTERS = 4
"""Of each word of such a phrase."""
MAX_SUBJECT, MAX_OBJECT = 6, 6
"""Words of a subject and of an object that a question is made of."""
TRIED = 5
"""Questions looked up for those that can be answered, at most: each costs a search."""

_ASKS = r"what|which|who|whom|whose|how|why|when|where"
_AUXILIARY = r"does|do|did|is|are|was|were|can|could|should|will|would|may|might|has|have|had"
_ENDS = re.compile(r"(?<=[?？])\s+")
_JOINS = re.compile(
    rf"(?:,|;)?\s+(?:and|or)\s+(?:also\s+)?(?=(?:{_ASKS}|{_AUXILIARY})\b)|;\s+(?=(?:{_ASKS}|{_AUXILIARY})\b)", re.I
)
_POINTS_BACK = re.compile(r"\b(?:it|its|they|them|their|this|that|these|those|he|she|one|ones|there)\b", re.I)
_OPENS = re.compile(rf"(?:{_ASKS}|{_AUXILIARY})\b", re.I)
_CLAUSES = re.compile(r"[,;:()]|\bthat\b")
_NO_SUBJECT = frozenset("we they it this these those i he she there here which who both our their its".split())  # noqa: SIM905
_NO_VERB_AFTER = frozenset("was were is are be been being had has have not who which".split())  # noqa: SIM905
_ENDS_OBJECT = frozenset(
    "after and as at because but by compared during for from if in into on or than to under when while with".split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W\d_][\w-]*[^\W_]")
_ENDING = re.compile(r"(?:ed|ly|ing)$")
"""A word that ends so is often no noun."""
_NO_NAMES = VERBS | frozenset(
    word
    for line in (
        "analysis another author authors compared confirm confirms data different effect effects evidence every",
        "finding findings first group groups including many method methods much other paper papers report reports",
        "result results same second several show shows significant similar studies study suggest suggests total",
        "using various whether within",
    )
    for word in line.split()
)
"""Words that name no thing one would ask about."""


def split_question(question: str) -> list[str]:
    """The parts of a question that asks for several things; the question alone where it asks for one, or where a part
    leans on another ("and does it ...")."""
    parts = [p.strip() for whole in _ENDS.split(question.strip()) for p in _JOINS.split(whole)]
    parts = [p[:1].upper() + p[1:].rstrip(",;") for p in parts if p]
    leaning = any(len(p.split()) < MIN_PART_WORDS or not _OPENS.match(p) for p in parts)
    if not 1 < len(parts) <= MAX_PARTS or leaning or any(_POINTS_BACK.search(p) for p in parts[1:]):
        return [question.strip()]
    return [p if p.endswith(("?", "？")) else f"{p}?" for p in parts]


def suggest(question: str, quotes: Sequence[str], unquoted: Sequence[str], passages: Sequence[str]) -> Iterator[str]:
    """Questions one might ask next, best first: whether what an unquoted sentence states is so, then about phrases of
    the quotes that the question does not name and that most of the passages share."""
    if not is_english(question):
        return
    yield from (asked for sentence in unquoted if (asked := ask_whether(sentence)))
    low = [p.lower() for p in passages]
    topic = _topic(question, low)
    for phrase in _phrases(question, quotes, low):
        yield f"What is there about {phrase} and {topic}?" if topic else f"What is there about {phrase}?"


def ask_whether(sentence: str) -> str:
    """ "X reduced Y by 5 %." -> "Did X reduce Y?"; "" where subject, verb and object are not plain."""
    for clause in _CLAUSES.split(sentence):
        words = clause.rstrip(" .").split()
        for i, word in enumerate(words[: MAX_SUBJECT + 1]):
            if i and (verb := _base(word)):
                named = _object(words[i + 1 :])
                return f"Did {_lowered(words[:i])} {verb} {named}?" if named and _is_subject(words[:i]) else ""
    return ""


def _base(word: str) -> str:
    """The base form of a regular verb in the past; "" for any other word."""
    if not word.endswith("ed") or not word.islower():
        return ""
    forms = (word[:-1], word[:-2], word[:-3], f"{word[:-3]}y")
    return next((form for form in forms if form in VERBS), "")


def _is_subject(words: Sequence[str]) -> bool:
    plain = all(_WORD.fullmatch(w) or w.lower() in ("a", "of") for w in words)
    return (
        plain
        and words[0].lower() not in _NO_SUBJECT | _ENDS_OBJECT
        and not any(w.lower() in _NO_VERB_AFTER for w in words)
    )


def _object(words: Sequence[str]) -> str:
    """The words up to the first that begins something else."""
    named: list[str] = []
    for word in words[:MAX_OBJECT]:
        if not (_WORD.fullmatch(word) or word == "of") or word.lower() in _ENDS_OBJECT:
            break
        named.append(word)
    return " ".join(named) if any(len(w) >= MIN_LETTERS for w in named) and named[-1] != "of" else ""


def _lowered(words: Sequence[str]) -> str:
    """The words as they stand within a sentence: a capital of the first alone is taken off."""
    first = words[0]
    return " ".join([first.lower() if first[1:].islower() else first, *words[1:]])


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
        words = clause.rstrip(" .").split()
        for size in (MAX_PHRASE, 2):
            for i in range(len(words) - size + 1):
                if all(_may_name(w) for w in words[i : i + size]):
                    yield " ".join(words[i : i + size])


def _may_name(word: str) -> bool:
    letters = len(word) >= MIN_LETTERS and _WORD.fullmatch(word) is not None
    return (
        letters
        and word.lower().rstrip("s") not in _NO_NAMES
        and word.lower() not in STOP_WORDS | _NO_NAMES
        and not _ENDING.search(word)
    )


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
