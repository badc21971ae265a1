"""Sentences that the engine makes, in the page's language: known by their English form, said again in another.

The engine speaks English. Its fixed sentences stand in `words/engine.toml` with holes for what varies: a quote, a
title, a number, or another fixed sentence. What fits none of the forms (a quote, what a model wrote) stays as it is.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from assistant.ui.words import DEFAULT, Words, table

PREFIX = "engine."
LONGEST = 4000
"""Characters of a text that is looked at; the engine's own are far shorter."""
MOST_SENTENCES = 12
"""Sentences in one text, at most."""
VERBATIM = frozenset({"quote", "title", "name", "asked"})
"""Holes that hold the words of a paper or of the reader."""
NUMBERS = frozenset({"n", "m", "k"})
MARKS = frozenset({"marks", "others", "same"})
LISTS = {"list": re.compile(", "), "any": re.compile(r", | or ")}
"""Holes that hold several fixed phrases, and what stands between them."""
_HOLE = re.compile(r"\{(\w+)\}")
_BETWEEN = re.compile(r"(?<=[.?!”\]]) (?=\S)")


@dataclass(frozen=True, slots=True)
class Form:
    """One fixed sentence: its key and what it looks like in English."""

    key: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence of the engine, understood."""

    key: str
    holes: Mapping[str, str]


def said(text: str, words: Words) -> str:
    """The text in the page's language, as far as it is the engine's own."""
    if words.language == DEFAULT or len(text) > LONGEST:
        return text
    return _said(text, words) or text


def _said(text: str, words: Words) -> str:
    """ "" for what is not known."""
    if found := heard(text):
        return words(found.key, **{name: _filled(name, held, words) for name, held in found.holes.items()})
    sentences = heard_all(text)
    return "".join(_said(sentence, words) for sentence in sentences)


def _filled(hole: str, held: str, words: Words) -> str:
    if hole in VERBATIM or hole in NUMBERS or hole in MARKS:
        return held
    if hole in LISTS:
        return "、".join(_said(part, words) or part for part in LISTS[hole].split(held))
    return _said(held, words) or held


def heard(text: str) -> Heard | None:
    """The one fixed sentence that a text is; of several forms that fit, the one that says most itself."""
    for form in _forms():
        if found := form.pattern.fullmatch(text):
            return Heard(form.key, found.groupdict())
    return None


def heard_all(text: str) -> list[str]:
    """A text cut into fixed sentences, each known; none where it cannot be."""
    return _cut(text, MOST_SENTENCES)


def _cut(text: str, left: int) -> list[str]:
    if not left:
        return []
    for gap in reversed(list(_BETWEEN.finditer(text))):
        head, rest = text[: gap.start()], text[gap.end() :]
        if heard(head):
            tail = [rest] if heard(rest) else _cut(rest, left - 1)
            if tail:
                return [head, *tail]
    return []


@cache
def _forms() -> tuple[Form, ...]:
    english = {key: sentence[DEFAULT] for key, sentence in table().items() if key.startswith(PREFIX)}
    longest_first = sorted(english, key=lambda key: (-len(_HOLE.sub("", english[key])), key))
    return tuple(Form(key, _pattern(english[key])) for key in longest_first)


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = _HOLE.split(sentence)
    parts = [_hole(piece) if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)]
    return re.compile("".join(parts), re.DOTALL)


def _hole(name: str) -> str:
    if name in NUMBERS:
        return rf"(?P<{name}>[\d,.]*\d)"
    if name in MARKS:
        return rf"(?P<{name}>\[\d+\](?: \[\d+\])*)"
    if name == "list":
        return r"(?P<list>(?:(?!\. ).)+?)"  # phrases of one sentence, or it would take in the next one
    return rf"(?P<{name}>.+?)"
