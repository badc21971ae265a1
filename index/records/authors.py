"""Lines of authors -> personal names. Pure; knows how names are set and marked, in Latin scripts and Chinese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from assistant.index.records.identifiers import letters, surname

MAX_AUTHORS = 500
"""As the wire allows; collaborations list more."""
_MAX_TEXT = 60_000
_BETWEEN = re.compile(
    r"[,;&·•|\d*†‡§¶∗⁎#✉，、；]+|\s+(?:and|und|et|y|e)\s+(?=\S)|\s\.\s|\bORCID\b|\bID\b|\s[–—-]\s", re.IGNORECASE
)
_INSTITUTIONS = re.compile(r"(?<=[\d*†‡§])\s+\d{1,2}(?=[^\W\d_])")
"""Where the institutions begin: a number before a word, behind the number of the last author."""
_WORD = r"(?:[^\W\d_a-z][\w’'`´‐.-]*|d[’'][^\W\d_a-z][\w’'-]*)"
_PARTICLE = r"(?:de|van|von|der|den|la|le|di|da|do|dos|das|del|della|el|al|bin|ibn|ben|ter|ten|zu|af|av|du|y|e)"
_NAME = re.compile(
    rf"{_WORD}(?:\s+(?:{_PARTICLE}\s+)*{_WORD}){{1,5}}|(?:{_PARTICLE}\s+)+{_WORD}(?:\s+{_WORD}){{1,4}}"
    r"|[\u4e00-\u9fff](?:\s?[\u4e00-\u9fff]){1,3}|[\u4e00-\u9fff]{1,6}·[\u4e00-\u9fff]{1,6}"
)
_DEGREE = re.compile(
    r"(?:M\.?D\.?|Ph\.?\s?D\.?|D\.?Phil\.?|B\.?Sc?\.?|M\.?Sc?\.?|B\.?A\.?|M\.?A\.?|M\.?P\.?H\.?|M\.?B\.?A\.?|MB|BCh|MBBS|MBChB"
    r"|DVM|DDS|DMD|PharmD|R\.?N\.?|FRCPC?|FRCS|FACS|MRCP|DrPH|Dr\.?|Prof\.?|Jr\.?|Sr\.?|I{2,3}|IV|Bachelor|Master|Doctor)"
    r"\s?[a-z]{0,3}"
)
_NO_NAME = re.compile(
    r"univers|institu|depart|facult|school|college|hospital|cent(?:er|re|ro)\b|laborato|academy|division|research"
    r"|correspond|street|scienc|consult|\bdept|materials|control|entomolog|medic|\bgroup\b|ministry|clinic"
    r"|abstract|received|copyright|\binc\b|\bltd\b|journal|road|\bp\.?o\.? box|technolog|engineer|society|agency"
    r"|editor|keyword|article|authors\b|open access|大学|学院|研究|医院|中心|公司|实验室|摘要|关键|作者|编辑|赛区|学校",
    re.IGNORECASE,
)
_SPACING = {"´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "¸": "\u0327", "ˇ": "\u030c"}
"""Accents that some fonts set as characters of their own, and what they mean."""


def names(text: str) -> tuple[str, ...]:
    """The personal names that `text` begins with, up to the first piece that is none (an institution, a place).

    Marks of footnotes, degrees and the signs of ORCID between them are left out.
    """
    found: list[str] = []
    people = _INSTITUTIONS.split(mend_accents(text[:_MAX_TEXT]), maxsplit=1)[0]
    for piece in _BETWEEN.split(people):
        name = re.sub(r"^(?:and|by)\s+", "", piece.strip(" .-–—()[]:'"), flags=re.IGNORECASE)
        if len(name) < 2 or (len(name) < 4 and name.isascii()) or _DEGREE.fullmatch(name):
            continue
        if not _NAME.fullmatch(name) or _NO_NAME.search(name) or len(found) == MAX_AUTHORS:
            break
        if name not in found:
            found.append(name)
    return tuple(found)


def listed(values: Iterable[str]) -> tuple[str, ...]:
    """The names in a field that holds one of them in each value, or all of them in one; "Author, Ann" is turned."""
    values = tuple(values)
    if len(values) == 1 and (several := names(values[0])) and len(several) > 1 and not _is_turned(values[0]):
        return several
    turned = (turn(re.sub(r"\s+", " ", v)) for value in values for v in value.split(";"))
    return tuple(dict.fromkeys(name for name in turned if _is_name(name)))[:MAX_AUTHORS]


def turn(name: str) -> str:
    """ "Author, Ann B." -> "Ann B. Author"; any other name as it is."""
    family, comma, given = name.strip().partition(",")
    return f"{given.strip()} {family.strip()}" if comma and given.strip() else family.strip()


def _is_turned(text: str) -> bool:
    """Whether one comma parts a family name from given ones: "Author, Ann", not "Ann Author, Bo Writer"."""
    family, _, given = text.partition(",")
    return text.count(",") == 1 and (" " not in family.strip() or " " not in given.strip())


def _is_name(name: str) -> bool:
    return len(name) > 1 and any(c.isalpha() for c in name) and not _NO_NAME.search(name) and "@" not in name


def mend_accents(text: str) -> str:
    """ "Rene´ De`gnon" -> "René Dègnon": an accent that stands alone goes onto the letter that can bear it, the one
    before it first."""
    for mark in _SPACING.keys() & set(text):
        text = re.sub(rf"(\w?){re.escape(mark)}(\w?)", _bear, text)
    return text


def _bear(found: re.Match[str]) -> str:
    accent = _SPACING[found[0].strip(found[1] + found[2]) if len(found[0]) > 1 else found[0]]
    for i, letter in enumerate((found[1], found[2])):
        whole = unicodedata.normalize("NFC", letter + accent)
        if letter and len(whole) == 1:
            return whole + found[2] if i == 0 else found[1] + whole
    return found[0]


def choose(claimed: tuple[str, ...], shown: tuple[str, ...], page: str) -> tuple[str, ...]:
    """The names the file claims where the first page shows (nearly) all of them and no longer list, else those shown.

    `page` is the text of the first page.
    """
    if not claimed or not shown:
        return shown or claimed
    there = letters(page)
    seen = sum(surname(name) in there for name in claimed)
    if seen >= 0.8 * len(claimed) and (len(claimed) >= len(shown) or surname(claimed[0]) != surname(shown[0])):
        return claimed
    return shown
