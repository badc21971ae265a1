"""What the page says, in each of its languages. One TOML file a screen, both languages of a sentence side by side.

    [jobs.none]
    en = "Nothing is being read."
    zh = "目前没有正在读取的文件。"

`words("library.jobs.none")`: the file, then the key in it. Knows no HTML; what it gives is text, not yet escaped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = {"en": "English", "zh": "中文"}
"""The languages of the page, each by its own name. The first is the page's where the reader wishes neither."""
DEFAULT = next(iter(LANGUAGES))
HTML_LANGUAGE = {"en": "en", "zh": "zh-CN"}


class Words:
    """The sentences of one language. `words(key, n=3)` fills {n}; an unknown key raises KeyError."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else DEFAULT

    def __call__(self, key: str, **values: object) -> str:
        return table()[key][self.language].format_map(values)


def wished(accepted: str) -> str:
    """The page's language for an Accept-Language header: the first of the reader's that the page has."""
    for entry in accepted.split(","):
        language = entry.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return DEFAULT


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Every sentence: key -> language -> text."""
    files = (f for f in resources.files(__name__).iterdir() if f.name.endswith(".toml"))
    return {
        key: sentence
        for file in files
        for key, sentence in _sentences(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8")))
    }


def _sentences(prefix: str, node: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if DEFAULT in node and isinstance(node[DEFAULT], str):
        yield prefix, node
        return
    for name, inner in node.items():
        yield from _sentences(f"{prefix}.{name}", inner)
