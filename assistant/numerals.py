"""The numbers that a text prints, in digits or in words: value, and how exact it is.

Pure, by rule; English, and Chinese digits. It knows powers of ten, thousands, millions, shares ("two thirds", "one in
five") and folds, and skips digits inside names (p53), in brackets that cite ([12]) and in dates. What is counted or
measured it does not know; of units only whether one follows "one" or "zero".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from assistant.printed_units import unit_at
from assistant.units import FOLD

BEFORE = 64
"""Characters before a number that are looked at for what it is."""


@dataclass(frozen=True, slots=True)
class Number:
    """A value read at [start, end) and half a unit of its last place."""

    start: int
    end: int
    value: float
    step: float
    signed: bool = False
    unit: str = ""
    """For words that bring their unit: half, twice, one in five."""
    times: float = 1.0
    """A million, where the number ends in the word."""


_ONES = {
    w: i
    for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "  # noqa: SIM905
        "seventeen eighteen nineteen".split()
    )
}
_TENS = {
    w: 10 * (i + 2)
    for i, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())  # noqa: SIM905
}
_MULTIPLES = {
    "dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "millions": 1e6,
    "万": 1e4, "亿": 1e8,
}  # fmt: skip
_PARTS = {
    "half": 1 / 2, "halves": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4,
    "fifth": 1 / 5, "fifths": 1 / 5, "sixth": 1 / 6, "tenth": 1 / 10, "tenths": 1 / 10,
}  # fmt: skip
_FOLDS = {
    "twice": 2.0, "twofold": 2.0, "threefold": 3.0, "fourfold": 4.0, "fivefold": 5.0, "sixfold": 6.0,
    "tenfold": 10.0, "double": 2.0, "doubles": 2.0, "doubled": 2.0, "doubling": 2.0, "triple": 3.0, "tripled": 3.0,
    "triples": 3.0, "tripling": 3.0, "quadrupled": 4.0, "thrice": 3.0,
}  # fmt: skip
_WORD_STEP = 0.5
_PART_STEP = 0.1
"""Half and one in five are round numbers: a tenth of the value either way is the same number."""
_DIGITS = r"(?:\d{1,3}(?:[,\u2009\u202f\u00a0]\d{3})+(?:[.·]\d{1,15})?|\d{1,15}(?:[.·]\d{1,15})?|[.·]\d{1,15})"
_POWER = (
    r"(?:\s?[x×*·∙]\s?10\s?(?:\^|\*\*)?\s?(?:\(?[-−–+]?\d{1,3}\)?|[⁻⁺]?[⁰¹²³⁴-⁹]{1,3})|[eE][-−+]?\d{1,3}(?![\w.]))?"
)
_PLAIN_POWER = r"10(?:\s?(?:\^|\*\*)\s?\(?[-−–+]?\d{1,3}\)?|[−-]\d{1,2}|\([-−–]\d{1,2}\)|[⁻⁺]?[⁰¹²³⁴-⁹]{1,3})(?![\w.])"
_NUMBER = re.compile(rf"(?P<sign>[-−–+±])?(?:(?P<power>{_PLAIN_POWER})|(?P<digits>{_DIGITS})(?P<times>{_POWER}))")
_WORDS = re.compile(
    r"\b(?:(?:(?:an?|one|two|three|four)[\s-])?(?P<part>half|thirds?|quarters?|fifths?|tenths?)\b"
    r"|(?P<per>one|two|three|four|five|six|seven|eight|nine|\d{1,4})\s(?:in|out\sof)\s(?:every\s)?"
    rf"(?P<of>{'|'.join(sorted(list(_ONES)[2:], key=len, reverse=True))}|twenty|\d{{1,9}})\b"
    r"(?!\s(?:years?|months?|days?|weeks?)\b)"
    rf"|(?P<fold>{'|'.join(_FOLDS)})\b"
    rf"|(?P<tens>{'|'.join(_TENS)})(?:[\s-](?P<ones>{'|'.join(list(_ONES)[1:10])}))?\b"
    rf"|(?P<one>{'|'.join(sorted(_ONES, key=len, reverse=True))})\b"
    r"|(?P<many>an?\s(?:hundred|thousand|million|dozen))\b)",
    re.IGNORECASE,
)
_MULTIPLE = re.compile(rf"[\s-]?(?P<m>{'|'.join(sorted(_MULTIPLES, key=len, reverse=True))})(?![a-z])", re.IGNORECASE)
_BRACKETS = re.compile(r"\[\s?\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){0,20}\s?\]")
_MONTHS = re.compile(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s(?P<day>\d{1,2})(?=,?\s\d{4}|\b)(?!\d)|"
    r"\b(?P<first>\d{1,2})\s(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−–", "0123456789-+--")


def read_numbers(text: str) -> list[Number]:
    """Every number of a text, names and labels left out, in order."""
    skipped = sorted([m.span() for m in _BRACKETS.finditer(text)] + [m.span() for m in _MONTHS.finditer(text)])
    found = [n for m in _NUMBER.finditer(text) if (n := _from_digits(text, m)) is not None]
    found += [n for m in _WORDS.finditer(text) if (n := _from_words(text, m)) is not None]
    found.sort(key=lambda n: (n.start, -n.end))
    starts = [s for s, _ in skipped]
    kept: list[Number] = []
    for number in found:
        at = bisect_left(starts, number.end) - 1
        inside = at >= 0 and number.start < skipped[at][1]
        if not inside and (not kept or number.start >= kept[-1].end):
            kept.append(number)
    return kept


def _from_digits(text: str, match: re.Match[str]) -> Number | None:
    start = match.start() if match["sign"] else match.start("power") if match["power"] else match.start("digits")
    before = text[max(0, start - BEFORE) : start]
    sign = match["sign"] or ""
    if sign == "±" or (sign and re.search(r"[\d)\]%°]$", before)):
        return _value(text, match, start + 1, "")
    if re.search(r"[^\W_一-鿿]$|[_.,·'’′]$|\d:$|[^\W\d_一-鿿][-‐‑–/]$", before):
        return None
    return _value(text, match, start, sign)


def _value(text: str, match: re.Match[str], start: int, sign: str) -> Number | None:
    end = match.end()
    if match["power"]:
        exponent = _exponent(match["power"][2:])
        value, step = 10.0**exponent, 0.5 * 10.0**exponent
    else:
        digits = re.sub(r"[,\u2009\u202f\u00a0]", "", match["digits"]).replace("·", ".")
        value, step = float(digits), 0.5 * 10.0 ** -len(digits.partition(".")[2])
        if match["times"]:
            times = re.sub(r"^\s?(?:[x×*·∙]\s?10|[eE])", "", match["times"])
            factor = 10.0 ** _exponent(times)
            value, step = value * factor, step * factor
    multiple = _MULTIPLE.match(text, end)
    if multiple:
        end = multiple.end()
    factor = _MULTIPLES[multiple["m"].casefold()] if multiple else 1.0
    value = -value if sign in ("-", "−", "–") else value
    return Number(start, end, value * factor, step * factor, bool(sign), times=factor)


def _exponent(text: str) -> int:
    digits = re.sub(r"[^\d+-]", "", text.translate(_SUPER))
    sign = -1 if digits.startswith("-") else 1
    return sign * min(int(re.sub(r"\D", "", digits) or "0"), 300)


def _from_words(text: str, match: re.Match[str]) -> Number | None:
    start, end = match.span()
    if text[max(0, start - 1) : start] in {"-", "–", "_"}:
        return None
    if match["part"]:
        return _part(text, match)
    if match["per"]:
        value = _small(match["per"]) / max(_small(match["of"]), 1)
        return Number(start, end, value * 100, value * 100 * _PART_STEP, unit="%") if value <= 1 else None
    if match["fold"]:
        value = _FOLDS[match["fold"].casefold()]
        return Number(start, end, value, _WORD_STEP, unit=FOLD)
    value = _counted(match)
    multiple = _MULTIPLE.match(text, end) if not match["many"] else None
    factor = _MULTIPLES[multiple["m"].casefold()] if multiple else 1.0
    end = multiple.end() if multiple else end
    is_one = match["one"] and match["one"].casefold() in ("one", "zero")
    if is_one and not multiple and not unit_at(text, end)[0]:
        return None
    return Number(start, end, value * factor, _WORD_STEP * factor, times=factor)


def _counted(match: re.Match[str]) -> float:
    if match["many"]:
        return _MULTIPLES[match["many"].split()[1].casefold()]
    if match["tens"]:
        return _TENS[match["tens"].casefold()] + _ONES.get((match["ones"] or "zero").casefold(), 0)
    return _ONES[match["one"].casefold()]


def _small(word: str) -> float:
    word = word.casefold()
    return float(word) if word.isdigit() else float(_ONES.get(word, _TENS.get(word, 1)))


def _part(text: str, match: re.Match[str]) -> Number | None:
    """A half, two thirds; an ordinal ("the third trial", "half-life") is none."""
    part, whole = match["part"].casefold(), match.group().casefold()
    share = _PARTS[part]
    counted = re.match(r"(an?|one|two|three|four)[\s-]", whole)
    after = text[match.end() : match.end() + 8]
    if part.startswith("hal"):
        if after.startswith(("-", "–")) or re.match(r"\s(?:li|maxi|a\s)", after):
            return None
    elif not counted or (
        counted.group(1) in ("a", "an") and not re.match(r"\s(?:of|lower|higher|less)|[.,;)]|$|\s(?:in|by)", after)
    ):
        return None
    times = {"two": 2, "three": 3, "four": 4}.get(counted.group(1) if counted else "", 1)
    value = share * times * 100
    return Number(match.start(), match.end(), value, value * _PART_STEP, unit="%")
