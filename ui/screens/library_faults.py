"""What the engine says of a file that could not be read -> the page's own sentence, in the reader's language.

The engine's sentences are English and exact; they stand beside as details. One that is not known here is told as such.
"""

from __future__ import annotations

import re

_KNOWN = (
    ("empty", r"^empty file"),
    ("too_large", r"^the file is too large"),
    ("disk", r"disk is full|disk I/O"),
    ("password_wrong", r"^encrypted: the password is wrong"),
    ("password", r"^encrypted: it needs a password"),
    ("encrypted", r"^encrypted|with a password, cannot be read"),
    ("web_page", r"a web page was saved"),
    ("gone", r"no longer where it was|^there is no file"),
    ("cut_off", r"did not arrive whole"),
    ("busy", r"another process is writing"),
    ("no_text", r"no text layer.*tesseract"),
    ("blank", r"^no text|no running text|blank|letters|pictures without text"),
    ("too_much", r"too large after unpacking|timed out|processor time|reader crashed|broken answer"),
    ("not_paper", r"^not a |cannot be read; (?:export|convert|put|unpack)|^an? .* file cannot be read"),
    ("damaged", r"damaged|no pages"),
    ("embedder", r"was made with the embedder|holds passages cut as"),
    ("model", r"(?:model|embedder) .*(?:cannot|not be|missing|damaged)"),
)
_PATTERNS = tuple((fault, re.compile(pattern)) for fault, pattern in _KNOWN)


def fault_of(reason: str) -> str:
    """The key of the sentence under `library.fault`; "other" where the reason is not one of those known."""
    return next((fault for fault, pattern in _PATTERNS if pattern.search(reason)), "other")
