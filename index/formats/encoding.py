"""Bytes -> text, in whatever encoding they are.

The order of belief: a byte-order mark, the zeros of UTF-16, UTF-8 that fits, what the file says of itself, and a guess
(charset-normalizer, with rules of our own for what it is weak at: a few accents, short Chinese).
"""

from __future__ import annotations

import codecs
import re

from assistant.errors import ReadError

NOT_TEXT = "not text: the file holds bytes that are no characters"
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SAMPLE = 100_000
"""Bytes that a guess rests on."""
_HIGH = re.compile(rb"[\x80-\xff]+")
_COMMON_HANZI = re.compile(rb"(?:[\xb0-\xd7][\xa1-\xfe])+")
"""The 3,755 commonest characters of GB 2312, by sound."""
_CANDIDATES = ["cp1252", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1251", "koi8_r", "cp1250", "cp1253"]
_ISOLATED = 1.5
"""Mean length of runs of bytes above 0x7F below which they are single accented letters."""
_CHINESE = 0.6
"""Share of those bytes that common Chinese characters make up in Chinese text."""
_NULS = 0.3
"""Share of zeros at every other byte that makes text UTF-16: that of Latin letters, digits and spaces."""


def decode(data: bytes, declared: str = "") -> str:
    """The text of a file; `declared` is the encoding it names. Raises ReadError for bytes that are no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(encoding, errors="replace"))
    if wide := _wide(data[:_SAMPLE]):
        return _checked(data.decode(wide, errors="replace"))
    if b"\0" in data:
        raise ReadError(NOT_TEXT)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _checked(data.decode(_known(declared) or _guess(data[:_SAMPLE]), errors="replace"))


def _wide(sample: bytes) -> str:
    """UTF-16 told without a mark, by the zeros that every other byte of Latin text is."""
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = sample[offset::2].count(0), sample[1 - offset :: 2].count(0)
        if zeros > _NULS * (len(sample) / 2) and others * 20 < zeros:
            return encoding
    return ""


def _known(name: str) -> str:
    """The codec's name where Python has it and it decodes text; what calls itself Latin-1 is mostly Windows-1252."""
    try:
        codec = codecs.lookup(name.strip()) if name and name.isascii() else None
    except LookupError:
        return ""
    if codec is None or not getattr(codec, "_is_text_encoding", True) or codec.name.startswith("utf"):
        return ""
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(codec.name, codec.name)


def _guess(sample: bytes) -> str:
    runs = _HIGH.findall(sample)
    total = sum(map(len, runs))
    if total < _ISOLATED * len(runs):
        return "cp1252"
    if sum(len(run) for part in runs for run in _COMMON_HANZI.findall(part)) > _CHINESE * total:
        return "gb18030"
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample, cp_isolation=_CANDIDATES).best()
    return best.encoding if best else "cp1252"


def _checked(text: str) -> str:
    """Raises ReadError where more than a tenth of the text could not be decoded or are control characters."""
    sample = text[:_SAMPLE]
    odd = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f") for c in sample)
    if odd * 10 > len(sample):
        raise ReadError(NOT_TEXT)
    return text
