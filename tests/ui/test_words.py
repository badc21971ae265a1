from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from assistant.ui import words
from assistant.ui.words import LANGUAGES, Words, table, wished

PAGE = [p for p in Path(words.__file__).parents[1].rglob("*.py") if p != Path(words.__file__)]
KEY = re.compile(r"""words\(\s*f?["']([a-z_]+(?:\.[a-z_{}]+)+)["']""")


def holes(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_stands_in_every_language_with_the_same_holes() -> None:
    assert table()
    for key, sentence in table().items():
        assert set(sentence) == set(LANGUAGES), key
        assert all(text.strip() for text in sentence.values()), key
        assert len({frozenset(holes(text)) for text in sentence.values()}) == 1, key


def test_no_sentence_is_left_in_the_other_language() -> None:
    names = {"DOI", "BibTeX", "RIS", "JSON", "Markdown", "HTML", "PDF"}
    for key, sentence in table().items():
        if sentence["en"] not in names:
            chinese = re.sub(r"\{\w+\}", "", sentence["zh"])
            assert re.search(r"[\u4e00-\u9fff]", chinese) or not re.search(r"[A-Za-z]{4}", chinese), key
        assert not re.search(r"[\u4e00-\u9fff]", sentence["en"]), key


def test_every_key_that_the_page_asks_for_is_there() -> None:
    known = set(table())
    asked = {key for file in PAGE for key in KEY.findall(file.read_text("utf-8"))}
    assert asked
    for key in asked:
        pattern = re.compile(re.sub(r"\\\{.*?\\\}", "[a-z_]+", re.escape(key)) + "$")
        assert any(pattern.match(k) for k in known), key


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de,zh-TW;q=0.5,en;q=0.4", "zh"), ("fr", "en"), ("", "en"), (";;,", "en")],
)
def test_the_language_is_the_first_of_the_readers_that_the_page_has(accepted: str, language: str) -> None:
    assert wished(accepted) == language


def test_holes_are_filled_and_an_unknown_language_is_the_default() -> None:
    assert Words("xx")("frame.nav.chat") == "Ask"
    assert Words("zh")("frame.nav.chat") == "提问"
    with pytest.raises(KeyError):
        Words("en")("frame.nothing")
