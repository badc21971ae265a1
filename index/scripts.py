"""Which script a text is written in, and whether an embedder was made to read it: elsewhere its vectors are noise.

By the letters alone, and by the embedder's name or the size of its vocabulary. Loads no model, knows no language beyond
its script.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

_CODES = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "CYRILLIC": "ru", "ARABIC": "ar", "GREEK": "el",
    "HEBREW": "he", "DEVANAGARI": "hi", "LATIN": "latin",
}  # fmt: skip
SAMPLE = 400
"""Characters looked at to tell whether a text is read."""
_ENGLISH_ONLY = re.compile(
    r"(?!.*multilingual)(?:(?:all|multi-qa|msmarco|paraphrase)-|(?:e5|gte)-(?:tiny|small|base|large)|.*-en(?:-|$))"
)
"""Names of embedders trained on English, the built-in one among them; any other is taken to read every script."""
_ENGLISH_VOCABULARIES = frozenset({28996, 30522, 30527, 50265})
"""Tokens of BERT (cased, uncased), MPNet and RoBERTa for English. An embedder in a folder, an adapted one say, is told
by them: its name says nothing. Multilingual vocabularies have 100,000 tokens and more, Chinese BERT's 21,128."""


def script(text: str) -> str | None:
    """The script of most letters: "latin", or the language it is told by (zh, ja, ko, ru, ar, el, he, hi); None without
    letters of these. A character of another script weighs as much as two Latin ones. Any kana makes Han Japanese."""
    counts = Counter(map(_code, text))
    letters = {code: n if code == "latin" else 2 * n for code, n in counts.items() if code}
    if not letters:
        return None
    if letters.get("ja") and letters.get("zh", 0) + letters["ja"] > letters.get("latin", 0):
        return "ja"
    return max(letters, key=lambda code: letters[code])


@cache
def _code(character: str) -> str:
    if not character.isalpha():
        return ""
    return _CODES.get(unicodedata.name(character, "").split(" ")[0].split("-")[0], "")


def is_read(text: str, embedder_id: str) -> bool:
    """Whether the embedder was trained on the text's script."""
    return text.isascii() or is_multilingual(embedder_id) or script(text[:SAMPLE]) in ("latin", None)


@cache
def is_multilingual(embedder_id: str) -> bool:
    """Whether every script is taken to be read."""
    name = embedder_id.rpartition("@")[0]
    vocabulary = _vocabulary(name)
    if vocabulary is not None:
        return vocabulary not in _ENGLISH_VOCABULARIES
    return not _ENGLISH_ONLY.match(re.split(r"[/\\]", name.lower())[-1])


def _vocabulary(name: str) -> int | None:
    """Tokens that the embedder in this folder knows; None where it is no folder, or does not say."""
    try:
        found = json.loads((Path(name) / "config.json").read_text(encoding="utf-8")).get("vocab_size")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, int) else None
