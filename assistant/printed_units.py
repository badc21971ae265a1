"""The unit printed right after a place in a text: "5 mg/kg", "10-fold", "3 mm Hg".

Pure, by rule; English and Chinese. It says where the unit ends; what a unit measures, `assistant.units` knows.
"""

from __future__ import annotations

import re

from assistant.units import unit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNIT = re.compile(
    r"[\s\u2009\u202f\u00a0-]{0,2}(?P<u>percentage\spoints?|per\scent|mm\sHg|"
    r"(?:[%‰％℃Å×]|°\s?[CF]|[A-Za-zµμ]{1,16}[23]?)"
    r"(?:(?:\s?/\s?|[·⋅])[A-Za-zµμ]{1,12}[23²³]?|\s(?:[A-Za-zµμ]{1,6})[-−⁻][123¹²³]){0,3}"
    r"|[毫微千]?[克升米]|公斤|厘米|分钟|小时|个月|[秒天周年岁倍])"
)
_PREPOSITION = re.compile(
    r"\s(?:of|in|for|at|and|to|or|per|with|by|from|on|after|before|versus|vs|was|were|is|are|had|has|every|twice|once|daily)\b"
)
_SHORT_UNITS = _words("A N T K U W J V M b l s m d y x g h p")


def unit_at(text: str, at: int) -> tuple[str, int]:
    """(spelling, end) of the unit that stands at a place; ("", at) where none does."""
    match = _UNIT.match(text, at)
    if match is None:
        return "", at
    spelling = match["u"]
    while spelling:
        end = match.start("u") + len(spelling)
        if not (text[end : end + 1].isalnum() and spelling[-1].isascii() and spelling[-1].isalpha()) and _is_unit(
            text, match.start("u") - at, spelling, end
        ):
            return spelling, end
        cut = max(spelling.rfind("/"), spelling.rfind("·"), spelling.rfind(" "), 0)
        spelling = spelling[:cut].rstrip()
    return "", at


def _is_unit(text: str, gap: int, spelling: str, end: int) -> bool:
    if spelling in _SHORT_UNITS:
        following = text[end : end + 10]
        if re.match(r"[-–]\w|\s[a-zA-Z]", following) and not _PREPOSITION.match(following):
            return False
        if spelling in ("A", "N", "x", "p", "b") and gap:
            return False
    if spelling == "times" and not re.match(
        r"\s(?:more|less|higher|lower|greater|as|the|that|larger|smaller|faster|longer)", text[end : end + 10]
    ):
        return False
    return unit(spelling) is not None
