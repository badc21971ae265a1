"""What a language model writes -> steps that may be shown: hostile text is read, checked, and dropped by reason.

Nothing written is believed: evidence must be one that was shown, a quote a part of it, every number in or from the
sentences cited, and nothing may be a link, markup or an instruction. Pure, by rule. Whether the evidence supports a
step is not judged here.
"""

from __future__ import annotations

import enum
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.derived import unfounded
from assistant.finetune.reasoning_format import TYPES, BadChain, Step, plain, read_step
from assistant.language import guess_language
from assistant.quantities import quantities

MAX_STEPS = 12
"""Steps read from one reply; a reader follows no more."""
MAX_IDS = 6
"""Passages one step may rest on: with more, nothing can be looked up."""
MAX_TEXT = 600
"""Characters of an inference, a quote or a conclusion."""
MIN_QUOTE = 8
"""Characters of a quote: "the" stands in every passage."""
MAX_NUMBERS = 20
"""Numbers in one inference."""
MAX_REPLY = 20_000
"""Characters of a reply that are read: twelve steps of the longest have 16,000."""


class Drop(enum.StrEnum):
    """Why something written is not shown, as `Provenance.counts` names it."""

    NO_JSON = "no JSON"
    SHAPE = "wrong shape"
    EVIDENCE = "unknown evidence"
    QUOTE = "invented quote"
    LENGTH = "too long or too short"
    INVISIBLE = "invisible characters"
    MARKUP = "link or markup"
    INSTRUCTION = "instruction"
    LANGUAGE = "another language"
    NUMBERS = "number without ground"
    REPEATED = "repeated"
    ENDLESS = "endless reply"
    UNSUPPORTED = "not supported"
    REWRITTEN = "rewritten"


_FAULTS = {"unknown evidence": Drop.EVIDENCE, "invented quote": Drop.QUOTE}
_OPENS = re.compile(r'"steps"\s*:\s*\[')
_CONCLUSION = re.compile(r'"conclusion"\s*:\s*(?=")')
_QUESTIONS = re.compile(r'"questions"\s*:\s*(?=\[)')
_BETWEEN = re.compile(r"[\s,]*")
_MARK = re.compile(r"\s*\[[\d\s,;–-]*\d[\d\s,;–-]*\]")
_MARKUP = re.compile(
    r"[a-z][a-z+.-]{1,20}://\S*|\bwww\.\S*|\b(?:javascript|data|vbscript|mailto)\s*:\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S*"
    r"|<[/!?]?[a-z][^<>]*>?|!?\[[^\]]*\]\s*\([^)]*\)?|!\[|\]\s*\(|\{\{|\}\}|`{3}|&(?:[a-z]+|#\w+);|^\s*#{1,6}\s",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|above|previous|prior|evidence)"
    r"|\bsystem (?:prompt|message)\b|\bas an ai\b|\byou (?:must|should) now\b|\byou are (?:now|an?) (?:ai|assistant)",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_DECODER = json.JSONDecoder()


def schema(count: int) -> dict[str, Any]:
    """The JSON schema of a reply to `count` passages, keys in the order in which they are to be thought of."""
    ids = {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": count},
        "minItems": 1,
        "maxItems": MAX_IDS,
    }
    text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    step = _object({"evidence": ids, "quote": text, "inference": text, "type": {"enum": [str(t) for t in TYPES]}})
    steps = {"type": "array", "items": step, "maxItems": MAX_STEPS}
    labels = ["SUPPORTS", "REFUTES", "NOT_ENOUGH_INFO", None]
    return _object({"steps": steps, "conclusion": text, "label": {"enum": labels}})


def conclusion_schema() -> dict[str, Any]:
    """Of a reply that is a conclusion alone."""
    return _object({"conclusion": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}})


def questions_schema(count: int) -> dict[str, Any]:
    """Of a reply that is `count` questions."""
    text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT // 3}
    return _object({"questions": {"type": "array", "items": text, "minItems": count, "maxItems": count}})


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


class Reply:
    """A reply as it grows. `full` says that no more of it is read; `drops` what was wrong with it as a whole."""

    def __init__(self) -> None:
        self.text = ""
        self.full = False
        self.drops: list[Drop] = []
        self._at = -1
        self._taken = 0

    def feed(self, piece: str) -> list[object]:
        """The steps, as parsed JSON of whatever kind, that this piece completes."""
        if self.full:
            return []
        self.text += piece[: MAX_REPLY - len(self.text)]
        if len(self.text) >= MAX_REPLY:
            self.full = True
            self.drops.append(Drop.ENDLESS)
        return self._take() if self.full or "}" in piece or "]" in piece else []

    def end(self) -> list[object]:
        """The steps that are left, once nothing more comes."""
        rest = self._take()
        if self._at < 0:
            self.drops.append(Drop.SHAPE if '"steps"' in self.text else Drop.NO_JSON)
        elif not self._closed() and Drop.ENDLESS not in self.drops:
            self.drops.append(Drop.NO_JSON)
        return rest

    def _take(self) -> list[object]:
        if self._at < 0 and (opened := _OPENS.search(self.text)):
            self._at = opened.end()
        found: list[object] = []
        while self._at >= 0 and self._taken < MAX_STEPS:
            start = self._next()
            if start >= len(self.text) or self.text[start] == "]":
                break
            value, end = _decode(self.text, start)
            if end < 0:
                break
            self._at = end
            self._taken += 1
            found.append(value)
        return found

    def _next(self) -> int:
        between = _BETWEEN.match(self.text, self._at)
        return between.end() if between else self._at

    def _closed(self) -> bool:
        return self._next() < len(self.text) and self.text[self._next()] == "]"

    @property
    def conclusion(self) -> str:
        """What the reply concludes, unchecked; "" where it does not."""
        value = _after(_CONCLUSION, self.text, max(self._at, 0))
        return plain(value) if isinstance(value, str) else ""


def read_conclusion(text: str) -> str:
    """The conclusion of a reply that is one alone, unchecked; "" where there is none."""
    value = _after(_CONCLUSION, text[:MAX_REPLY], 0)
    return plain(value) if isinstance(value, str) else ""


def read_questions(text: str) -> list[str]:
    """The questions of a reply that may be shown."""
    value = _after(_QUESTIONS, text[:MAX_REPLY], 0)
    found = [plain(q) for q in value if isinstance(q, str)] if isinstance(value, list) else []
    return [q for q in found if q.endswith("?") and len(q) <= MAX_TEXT // 3 and fault_of_form(q, "") is None]


def _after(pattern: re.Pattern[str], text: str, start: int) -> object:
    found = pattern.search(text, start)
    return _decode(text, found.end())[0] if found else None


def _decode(text: str, start: int) -> tuple[object, int]:
    """(value, where it ends) of the JSON at `start`; (None, -1) where it is none, or not yet."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, -1
    return value, end


def read(raw: object, number: int, shown: Sequence[str]) -> Step | Drop:
    """A step from parsed JSON: evidence among the texts `shown` (named from 1), a quote that is a part of one of them,
    and an inference without marks of its own; else why it is none."""
    try:
        step = read_step(raw, number, shown)
    except BadChain as error:
        return _FAULTS.get(error.kind, Drop.SHAPE)
    if len(step.evidence) > MAX_IDS:
        return Drop.SHAPE
    if not MIN_QUOTE <= len(step.quote) <= MAX_TEXT:
        return Drop.LENGTH
    return Step(step.evidence, step.quote, without_marks(step.inference), step.type)


def without_marks(text: str) -> str:
    """A text without [n] of its own: which evidence a step cites is said by its ids alone."""
    return plain(_MARK.sub("", text))


def fault(text: str, cited: Sequence[str], *, language: str | None = None) -> Drop | None:
    """Why an inference or a conclusion drawn from the sentences `cited` may not be shown; None where it may.

    `language` is that of the question: what is written in neither that nor the evidence's was not asked for.
    """
    together = " \n".join(cited)
    found = fault_of_form(text, together)
    if found is not None:
        return found
    written = guess_language(text)
    if language is not None and written not in (None, language, guess_language(together)):
        return Drop.LANGUAGE
    return None if _is_grounded(text, cited) else Drop.NUMBERS


def fault_of_form(text: str, cited: str) -> Drop | None:
    """The same without regard to what it says: length, characters, links, markup, instructions."""
    if len(text) > MAX_TEXT or sum(c.isalpha() for c in text) < MIN_QUOTE // 2:
        return Drop.LENGTH
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") for c in text):
        return Drop.INVISIBLE
    if any(found[0] not in cited for found in _MARKUP.finditer(text)):
        return Drop.MARKUP
    return Drop.INSTRUCTION if _INSTRUCTION.search(text) else None


def _is_grounded(text: str, cited: Sequence[str]) -> bool:
    """Whether every number has its ground, and the digits of names (IL-6) stand in the sentences cited too."""
    counted = quantities(text)
    if len(counted) > MAX_NUMBERS:
        return False
    known = set(_DIGITS.findall(" ".join(cited)))
    names = (m for m in _DIGITS.finditer(text) if not any(q.start <= m.start() < q.end for q in counted))
    return all(m[0] in known for m in names) and not unfounded(text, cited, cited)


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """(start, end) of the first place of a quote in a text, white space alike; None where it has none."""
    words = (re.escape(word) for word in quote.split())
    found = re.search(r"\s+".join(words), text)
    return found.span() if found else None
