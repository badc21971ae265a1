"""What sort of number it is, by the words around it: a p value, a year, a sample, at least so many, or only a name.

Pure, by rule; English. It reads no number itself.
"""

from __future__ import annotations

import enum
import re

from assistant.numerals import Number


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


def kind_of(text: str, before: str, first: Number, second: Number | None, joint: str, spelling: str, end: int) -> Kind:
    """The kind of the number `first`, or of the range or pair that `joint` makes of it and `second`; `before` are the
    words before it, `spelling` its unit ("": none), which ends at `end`."""
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


def bound_of(text: str, before: str, end: int) -> str:
    """One of "", "<", "<=", ">", ">=", "~" for a number after the words `before` that ends, unit included, at `end`."""
    for bound, pattern in _BOUND_BEFORE:
        if pattern.search(before):
            return bound
    return next((bound for bound, pattern in _BOUND_AFTER if pattern.match(text, end)), "")


def is_name(text: str, before: str, number: Number, end: int) -> bool:
    """Whether a number without a unit is part of a name or a label."""
    after = text[end : end + 2]
    if re.match(r"[^\W\d_]|[-‐‑–][^\W\d_]|[′’'+:^_(]\S|\+", after) and not re.match(r"[一-鿿]", after):
        return True
    if _LABEL_BEFORE.search(before):
        return True
    return bool(_NAME_BEFORE.search(before)) and not _KNOWN_CAPITALS.search(before)


def is_interval(before: str) -> bool:
    """Whether numbers after these words are the ends of an interval ("95 % CI")."""
    return bool(_CI_BEFORE.search(before))


def is_per(before: str) -> bool:
    """Whether a number after these words is the base of a rate ("per 1000")."""
    return bool(_PER_BEFORE.search(before))


def is_aged(before: str) -> bool:
    """Whether a number after these words is an age in years."""
    return bool(_AGED_BEFORE.search(before))


def _is_year(text: str, number: Number, end: int) -> bool:
    written = text[number.start : number.end]
    return bool(re.fullmatch(r"(?:1[89]|20)\d\d", written)) and not _YEAR_AFTER.match(text, end)
