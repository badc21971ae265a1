"""Chinese and Japanese as the word index and search see them: one spelling, pairs of characters, what a query asks for.

SQLite's tokenizer finds nothing inside a run of characters without spaces between words, so a run stands in the index
as its overlapping pairs: on 803 Chinese summaries of programs they find what jieba's words find (benchmarks/README.md),
without a dictionary that lacks a field's terms. The only importer of OpenCC. Knows characters, no store and no model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

UNSPACED = re.compile(r"[\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
"""Scripts written without spaces between words: Han with its extensions, and the Japanese syllabaries."""
_COMPATIBLE = re.compile(r"[\u2e80-\u2fdf\u3000\u3200-\u33ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]+")
"""Full- and half-width forms, radicals that PDFs give for characters, squared units, compatibility characters."""
STOP_CHARACTERS = frozenset(
    "的了着过吗呢吧么啊之与及和或而且并但在对于是否为被把将从由以因所其此这那哪些什怎样如何谁几多可能会应该有没无就也都还里中后前时影响"
)
"""Characters of grammar and of questions, those of "what influence has" (影响) among them, which answers do not repeat.
They weigh nothing by themselves; "功能" is found as the pair that it is."""


def one_spelling(text: str) -> str:
    """Full-width and compatibility forms as the characters they stand for (NFKC, of these alone), traditional Chinese
    characters as simplified ones (OpenCC, t2s). What has none of them is not changed."""
    if text.isascii():
        return text
    return UNSPACED.sub(_simplified, _COMPATIBLE.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text))


def _simplified(run: re.Match[str]) -> str:
    return str(_converter().convert(run[0]))


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def character_pairs(run: str) -> list[str]:
    """The overlapping pairs of a run's characters; the run itself where it is shorter."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def is_empty(word: str) -> bool:
    """Whether a word is made of characters of grammar alone."""
    return STOP_CHARACTERS.issuperset(word)


def units(words: Sequence[str]) -> list[tuple[str, ...]]:
    """What a text is to hold of a query's words: each word, and instead of pairs each character that is not of grammar,
    by any pair that it stands in. Pairs over the edge of two words ("石能" of "维洛石能提高") then ask for nothing."""
    found: dict[str, list[str]] = {}
    for word in words:
        unspaced = UNSPACED.fullmatch(word) is not None
        for key in (c for c in word if c not in STOP_CHARACTERS) if unspaced else (word,):
            found.setdefault(key, []).append(word)
    return [tuple(dict.fromkeys(pairs)) for pairs in found.values()]
