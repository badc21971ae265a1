"""Cheap guess of a text's language: by script, and for Latin script by function words of en, de, fr, es.

Enough to say that a question and the papers seem to be in two languages; in doubt it says None.
"""

from __future__ import annotations

import re
from collections import Counter

from assistant.index.scripts import script

NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "zh": "Chinese", "ja": "Japanese", "ko": "Korean",
    "ru": "Cyrillic script", "ar": "Arabic script", "el": "Greek", "he": "Hebrew", "hi": "Devanagari script",
}  # fmt: skip
_FUNCTION_WORDS = {
    "en": "the of and is are does do did what which how why when in to with by for from that this was were on it an be",
    "de": "der die das und ist sind wie warum was welche welcher wird nicht mit von auf für ein eine den dem im zu hat",
    "fr": "le la les des et est sont quel quelle comment pourquoi dans avec pour une du au que qui ne pas sur il",
    "es": "el la los las y es son qué cual cuál cómo como por para con una del al que no en se su más entre un",
}  # fmt: skip
_WORDS = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_TELLING = frozenset(
    word
    for words in (
        "der das und ist sind wird nicht mit auf für eine einen einem den dem zu bei durch oder",
        "les des est sont dans avec une aux pas cette ces los las una del con para por es según",
    )
    for word in words.split()
)
"""Words of German, French and Spanish that are no English words and stand in no English name or loan phrase."""
MIN_FUNCTION_WORDS = 2
SAMPLE = 4000
"""Characters looked at."""


def guess_language(text: str) -> str | None:
    """A code of NAMES, or None. A question with two words of a language, and more of it than of any other, is in it."""
    text = text[:SAMPLE]
    if (code := script(text)) != "latin":
        return code
    counts = Counter(dict.fromkeys(_WORDS, 0))
    for word in _WORD.findall(text.casefold()):
        counts.update(name for name, words in _WORDS.items() if word in words)
    (first, most), (_, second) = counts.most_common(2)
    return first if most >= MIN_FUNCTION_WORDS and most > second else None


def is_english(text: str) -> bool:
    """Whether a text may be English: a known other language is not, nor is a short one with a telling word or an
    accented word in lower case and no English function word."""
    language = guess_language(text)
    if language is not None:
        return language == "en"
    words = _WORD.findall(text[:SAMPLE])
    if any(word.casefold() in _WORDS["en"] for word in words):
        return True
    return not any(
        word.casefold() in _TELLING or (len(word) > 2 and word.islower() and not word.isascii()) for word in words
    )


def differing_language(question: str, papers: str) -> tuple[str, str] | None:
    """(the question's language, the papers' language) by name where both are known and differ."""
    asked, written = guess_language(question), guess_language(papers)
    if asked is None or written is None or asked == written:
        return None
    return NAMES[asked], NAMES[written]
