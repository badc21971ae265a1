"""The numbers of a text as quantities: value, how exact it is printed, unit, what kind of number, and what it counts.

Pure, by rule; English, and Chinese digits with Chinese units. It reads one text and compares nothing. It skips digits
that are names (p53, IL-6, Table 2, [12], type 2 diabetes) and does not read tables, formulas or roman numerals.
"""

from __future__ import annotations

import enum
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assistant.units import FOLD, PERCENT, Unit, unit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_QUANTITIES = 2000
"""Quantities read from one text; a page of a table has some hundred."""


class Kind(enum.StrEnum):
    """What sort of number it is: numbers of different kinds are not compared."""

    MEASURE = "measure"
    """With a unit, or a part of a whole (per cent, half, one in five, 2-fold)."""
    COUNT = "count"
    """A bare number: of things, or a score."""
    YEAR = "year"
    SAMPLE = "sample size"
    P_VALUE = "p value"
    RATIO = "risk ratio"
    LEVEL = "confidence level"
    INTERVAL = "confidence interval"
    BASE = "base of a rate"
    """1000 in "per 1000 person-years"."""
    PAIR = "pair"
    """81/395 patients, 140/90 mmHg."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as printed at `text[start:end]` (`text` is that run).

    `low` and `high` are its ends, equal where it is no range; `step` is half a unit of the last place printed: all
    three as printed, times `scale` plus `offset` in the base unit of `dimension` ("" without a unit). `bound` is one
    of "", "<", "<=", ">", ">=", "~" (about). `noun` is the words after it, at most four, of which it counts one.
    """

    start: int
    end: int
    text: str
    low: float
    high: float
    step: float
    kind: Kind = Kind.COUNT
    bound: str = ""
    unit: str = ""
    dimension: str = ""
    scale: float = 1.0
    offset: float = 0.0
    noun: str = ""
    signed: bool = False
    """A plus or minus is printed before it."""

    @property
    def span(self) -> tuple[float, float]:
        """Both ends in the base unit."""
        return self.low * self.scale + self.offset, self.high * self.scale + self.offset

    @property
    def tolerance(self) -> float:
        """Half a unit of the last place, in the base unit."""
        return self.step * self.scale


@dataclass(frozen=True, slots=True)
class _Number:
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
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
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
_RANGE = re.compile(
    r"\sof\s(?:the\s)?|\s?(?:-|–|—|−|‐|‑|~|〜|～|至)\s?|\s(?:to|and|through)\s(?:up\sto\s)?|\s?±\s?|\s?/\s?",
    re.IGNORECASE,
)
_BOUND_BEFORE = (
    ("<=", re.compile(r"(?:≤|⩽|<=|at most|no more than|not more than|maximum of)\s*$", re.IGNORECASE)),
    (">=", re.compile(r"(?:≥|⩾|>=|at least|no less than|not less than|minimum of|no fewer than)\s*$", re.IGNORECASE)),
    (
        "<",
        re.compile(
            r"(?:<|&lt;|less than|fewer than|lower than|below|under|smaller than|younger than)\s*$", re.IGNORECASE
        ),
    ),
    (
        ">",
        re.compile(
            r"(?:>|&gt;|more than|greater than|over|above|exceeding|exceeds|higher than|larger than|older than|"
            r"longer than)\s*$",
            re.IGNORECASE,
        ),
    ),
    (
        "~",
        re.compile(
            r"(?:~|≈|∼|about|approximately|approx\.?|around|roughly|nearly|almost|some|close to|"
            r"an estimated|estimated)\s*$",
            re.IGNORECASE,
        ),
    ),
)
_BOUND_AFTER = (
    (">=", re.compile(r"\s?(?:or (?:more|older|over|above|greater|higher)|and (?:older|over|above))\b", re.IGNORECASE)),
    ("<=", re.compile(r"\s?(?:or (?:less|fewer|younger|under|below|lower))\b", re.IGNORECASE)),
)
_BEFORE = 64
"""Characters before a number that are looked at for what it is."""
_JOINT = 24
"""Characters between the two ends of a range, at most."""
_LABEL_BEFORE = re.compile(
    r"\b(?:fig|figs|figure|figures|table|tables|types?|phase|grade|stage|stages|groups?|class|classes|chromosomes?|"
    r"intron|exon|"
    r"exons|codons?|residues?|positions?|interleukin|isoform|serotype|subtype|cohort|step|appendix|eq|equation|"
    r"refs?|reference|no|nos|part|experiment|domain|receptor|kinase|vitamin|omega|factor|protein|version|category|"
    r"chapter|section|item|question|panel|box|supplementary|patient|case|subject|lane|helper|ser|thr|tyr|lys|"
    r"arg|asp|glu|his|cys|ortholog|complex|model|cyclin|caspase|trial|level|number)\.?\s*[-(]?\s*$",
    re.IGNORECASE,
)
_NAME_BEFORE = re.compile(r"(?:^|[\s(])[A-Z][A-Z]+\s$")
_KNOWN_CAPITALS = re.compile(
    r"\b(?:CI|HR|OR|RR|SD|SE|SEM|IQR|BMI|AUC|IRR|SMD|MD|WMD|SMR|CONCLUSIONS?|RESULTS?|METHODS?|FINDINGS|OBJECTIVE|AT|"
    r"WITH|WE|IN|OF|DESIGN|SETTING|PARTICIPANTS|BACKGROUND|AND|TO|BY|ONLY|A|THE|NOT|ALL)\s$"
)
_P_BEFORE = re.compile(
    r"\bp(?:[\s-]?values?)?(?:\s(?:for|of)\s\w{1,20})?\s*(?:[<>=≤≥]|&[lg]t;|of|was|were|to)+\s*$", re.IGNORECASE
)
_N_BEFORE = re.compile(r"\bn\s*=\s*$", re.IGNORECASE)
_RATIO_BEFORE = re.compile(
    r"(?:\b(?:a?HR|a?OR|a?RR|IRR|SMR|PR)s?\b|"
    r"\b(?i:odds|hazards?|risk|rate|prevalence|incidence)[\s-]ratios?\b|\b(?i:relative)\srisks?\b)"
    r"[^\d;.]{0,48}$",
)
_CI_BEFORE = re.compile(
    r"(?:\bCI|\bCrI|\bconfidence\sintervals?|\bcredible\sintervals?|\bIQR|\brange)s?\b[\])]?[\s,:;=(\[]*(?:of\s|from\s|was\s)?$"
)
_CI_AFTER = re.compile(r"\s?(?:CI|CrI|confidence|credible|prediction\sinterval|limits)\b")
_AGED_BEFORE = re.compile(r"\b(?:aged?|ages|age\sof|aged?\s(?:over|under|between|from))\s$", re.IGNORECASE)
_PER_BEFORE = re.compile(r"(?:\bper|/|\bevery)\s?$", re.IGNORECASE)
_YEAR_AFTER = re.compile(
    r"\s(?:patients|participants|people|women|men|children|adults|subjects|individuals|cases|deaths|controls|samples|"
    r"genes|cells|infants|studies|trials|proteins|families|mice|persons|births|of)\b"
)
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
_NOUN = re.compile(
    r"[\s-]{0,2}(?:\([^()\n]{0,40}\)\s)?(?:of\s(?:the\s|all\s|these\s|them\s)?)?([A-Za-z][\w-]{0,40}(?:\s[A-Za-z][\w-]{0,40}){0,3})"
)
_BRACKETS = re.compile(r"\[\s?\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){0,20}\s?\]")
_MONTHS = re.compile(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s(?P<day>\d{1,2})(?=,?\s\d{4}|\b)(?!\d)|"
    r"\b(?P<first>\d{1,2})\s(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−–", "0123456789-+--")


def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of a text in order, at most `MAX_QUANTITIES`, none overlapping. Time is linear in the text;
    never raises."""
    found: list[Quantity] = []
    numbers = _numbers(text)
    i = 0
    while i < len(numbers) and len(found) < MAX_QUANTITIES:
        quantity, used = _quantity(text, numbers, i)
        if quantity is not None:
            found.append(quantity)
        i += used
    return tuple(_share_units(found, text))


def _numbers(text: str) -> list[_Number]:
    """Every number of a text, names and labels left out, in order."""
    skipped = sorted([m.span() for m in _BRACKETS.finditer(text)] + [m.span() for m in _MONTHS.finditer(text)])
    found = [n for m in _NUMBER.finditer(text) if (n := _from_digits(text, m)) is not None]
    found += [n for m in _WORDS.finditer(text) if (n := _from_words(text, m)) is not None]
    found.sort(key=lambda n: (n.start, -n.end))
    starts = [s for s, _ in skipped]
    kept: list[_Number] = []
    for number in found:
        at = bisect_left(starts, number.end) - 1
        inside = at >= 0 and number.start < skipped[at][1]
        if not inside and (not kept or number.start >= kept[-1].end):
            kept.append(number)
    return kept


def _from_digits(text: str, match: re.Match[str]) -> _Number | None:
    start = match.start() if match["sign"] else match.start("power") if match["power"] else match.start("digits")
    before = text[max(0, start - _BEFORE) : start]
    sign = match["sign"] or ""
    if sign == "±" or (sign and re.search(r"[\d)\]%°]$", before)):
        return _value(text, match, start + 1, "")
    if re.search(r"[^\W_一-鿿]$|[_.,·'’′]$|\d:$|[^\W\d_一-鿿][-‐‑–/]$", before):
        return None
    return _value(text, match, start, sign)


def _value(text: str, match: re.Match[str], start: int, sign: str) -> _Number | None:
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
    return _Number(start, end, value * factor, step * factor, bool(sign), times=factor)


def _exponent(text: str) -> int:
    digits = re.sub(r"[^\d+-]", "", text.translate(_SUPER))
    sign = -1 if digits.startswith("-") else 1
    return sign * min(int(re.sub(r"\D", "", digits) or "0"), 300)


def _from_words(text: str, match: re.Match[str]) -> _Number | None:
    start, end = match.span()
    if text[max(0, start - 1) : start] in {"-", "–", "_"}:
        return None
    if match["part"]:
        return _part(text, match)
    if match["per"]:
        value = _small(match["per"]) / max(_small(match["of"]), 1)
        return _Number(start, end, value * 100, value * 100 * _PART_STEP, unit="%") if value <= 1 else None
    if match["fold"]:
        value = _FOLDS[match["fold"].casefold()]
        return _Number(start, end, value, _WORD_STEP, unit=FOLD)
    value = _counted(match)
    multiple = _MULTIPLE.match(text, end) if not match["many"] else None
    factor = _MULTIPLES[multiple["m"].casefold()] if multiple else 1.0
    end = multiple.end() if multiple else end
    is_one = match["one"] and match["one"].casefold() in ("one", "zero")
    if is_one and not multiple and not _unit_at(text, end)[0]:
        return None
    return _Number(start, end, value * factor, _WORD_STEP * factor, times=factor)


def _counted(match: re.Match[str]) -> float:
    if match["many"]:
        return _MULTIPLES[match["many"].split()[1].casefold()]
    if match["tens"]:
        return _TENS[match["tens"].casefold()] + _ONES.get((match["ones"] or "zero").casefold(), 0)
    return _ONES[match["one"].casefold()]


def _small(word: str) -> float:
    word = word.casefold()
    return float(word) if word.isdigit() else float(_ONES.get(word, _TENS.get(word, 1)))


def _part(text: str, match: re.Match[str]) -> _Number | None:
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
    return _Number(match.start(), match.end(), value, value * _PART_STEP, unit="%")


def _quantity(text: str, numbers: list[_Number], i: int) -> tuple[Quantity | None, int]:
    """The quantity that begins at number i, and how many numbers it took."""
    first, used = numbers[i], 1
    second, joint = _other_end(text, numbers, i)
    last = first
    low, high, step = first.value, first.value, first.step
    if second is not None:
        used, last = 2, second
        if joint == "±":
            second = None
        else:
            times = second.times if first.times == 1 and joint != "/" else 1.0
            low, high, step = first.value * times, second.value, max(first.step * times, second.step)
    spelling, end = (last.unit, last.end) if last.unit else _unit_at(text, last.end)
    if not spelling and _AGED_BEFORE.search(text[max(0, first.start - _BEFORE) : first.start]):
        spelling = "years"
    if not spelling and joint == "±":
        spelling, end = _unit_at(text, first.end)
        end = max(end, last.end)
    if not spelling and used == 2 and joint != "±" and numbers[i].unit:
        spelling = numbers[i].unit
    before = text[max(0, first.start - _BEFORE) : first.start]
    if not spelling and _is_name(text, before, first, last.end):
        return None, used
    if joint != "/":
        low, high = min(low, high), max(low, high)
    measure = unit(spelling) if spelling and spelling not in (FOLD, PERCENT) else Unit(spelling) if spelling else None
    bound = _bound(text, before, end)
    kind = _kind(text, before, first, second, joint, spelling, end)
    noun = _NOUN.match(text, end)
    start = first.start
    return (
        Quantity(
            start, end, text[start:end], low, high, step,
            kind, bound, spelling, measure.dimension if measure else "", measure.factor if measure else 1.0,
            measure.offset if measure else 0.0, noun[1] if noun else "", first.signed,
        ),
        used,
    )  # fmt: skip


def _other_end(text: str, numbers: list[_Number], i: int) -> tuple[_Number | None, str]:
    """The number that ends a range begun at i ("5-10", "5% to 10%", "between 5 and 10", "5 ± 1", "140/90")."""
    if i + 1 >= len(numbers):
        return None, ""
    first, second = numbers[i], numbers[i + 1]
    if second.start - first.end > _JOINT or _PER_BEFORE.search(text[max(0, first.start - _BEFORE) : first.start]):
        return None, ""
    spelling, end = _unit_at(text, first.end)
    for at in {first.end, end}:
        joint = _RANGE.match(text, at)
        if joint and joint.end() == second.start:
            word = joint.group().strip().casefold()
            if word == "and" and not re.search(
                r"(?:between|from)\s$", text[max(0, first.start - 9) : first.start], re.IGNORECASE
            ):
                continue
            if word == "to" and re.search(r"\bfrom\s$", text[max(0, first.start - 6) : first.start], re.IGNORECASE):
                return (None, "") if not _is_interval(text, first.start) else (second, "to")
            if word.startswith("of") and (first.unit or spelling):
                continue
            if word[0] in "/o" and (
                (spelling and at == end)
                or first.step != 0.5
                or second.step != 0.5
                or _unit_at(text, second.end)[0] in ("%", "percent")
            ):
                continue
            return second, "/" if word[0] in "/o" else word
    return None, ""


def _is_interval(text: str, start: int) -> bool:
    return bool(_CI_BEFORE.search(text[max(0, start - _BEFORE) : start]))


def _unit_at(text: str, at: int) -> tuple[str, int]:
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


def _is_name(text: str, before: str, number: _Number, end: int) -> bool:
    """Whether a number without a unit is part of a name or a label."""
    after = text[end : end + 2]
    if re.match(r"[^\W\d_]|[-‐‑–][^\W\d_]|[′’'+:^_(]\S|\+", after) and not re.match(r"[一-鿿]", after):
        return True
    if _LABEL_BEFORE.search(before):
        return True
    return bool(_NAME_BEFORE.search(before)) and not _KNOWN_CAPITALS.search(before)


def _bound(text: str, before: str, end: int) -> str:
    for bound, pattern in _BOUND_BEFORE:
        if pattern.search(before):
            return bound
    return next((bound for bound, pattern in _BOUND_AFTER if pattern.match(text, end)), "")


def _kind(text: str, before: str, first: _Number, second: _Number | None, joint: str, spelling: str, end: int) -> Kind:
    if spelling in ("%", "percent", "per cent") and _CI_AFTER.match(text, end):
        return Kind.LEVEL
    if second is not None and joint != "±" and _CI_BEFORE.search(before):
        return Kind.INTERVAL
    if joint == "/" and second is not None:
        return Kind.PAIR
    if spelling:
        return Kind.MEASURE
    for kind, pattern in (
        (Kind.P_VALUE, _P_BEFORE),
        (Kind.SAMPLE, _N_BEFORE),
        (Kind.RATIO, _RATIO_BEFORE),
        (Kind.BASE, _PER_BEFORE),
    ):
        if pattern.search(before):
            return kind
    return Kind.YEAR if _is_year(text, first, end) else Kind.COUNT


def _is_year(text: str, number: _Number, end: int) -> bool:
    written = text[number.start : number.end]
    return bool(re.fullmatch(r"(?:1[89]|20)\d\d", written)) and not _YEAR_AFTER.match(text, end)


def _share_units(found: list[Quantity], text: str) -> Iterator[Quantity]:
    """Gives "23" and "15" of "23, 15 and 216 kDa" the unit that is printed once."""
    heir: Quantity | None = None
    shared: list[Quantity] = []
    for quantity in reversed(found):
        gap = text[quantity.end : heir.start] if heir is not None and heir.start - quantity.end <= 9 else None
        if (
            heir is not None
            and quantity.kind is Kind.COUNT
            and gap is not None
            and re.fullmatch(r",?\s?(?:and|or|vs\.?|versus|v|to)?\s?|,\s?", gap)
        ):
            quantity = replace(
                quantity, kind=heir.kind, unit=heir.unit, dimension=heir.dimension, scale=heir.scale,
                offset=heir.offset, noun=heir.noun,
            )  # fmt: skip
        heir = quantity if quantity.kind is Kind.MEASURE else None
        shared.append(quantity)
    return reversed(shared)
