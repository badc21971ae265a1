"""Which way a sentence points: words of direction, worth and link, negations, and what statistics say.

Pure, English only, by lists of words: no grammar, no model. It reads one sentence and does not compare two; a sentence
in another language has no cues and so points nowhere.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from itertools import pairwise


class Axis(enum.StrEnum):
    """What a cue speaks of: more or less of it, better or worse, or whether two things are linked."""

    CHANGE = "change"
    WORTH = "worth"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that points: `sign` is +1 or -1, or 0 where it is denied ("did not increase", "no association"); `at` is
    its place among the words of the sentence, `clause` the number of the clause it stands in."""

    axis: Axis
    sign: int
    at: int
    clause: int


@dataclass(frozen=True, slots=True)
class Word:
    """The stem of a content word, its place among the words of the sentence, and the number of its clause."""

    stem: str
    at: int
    clause: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sentence offers for comparison: what it speaks of (`words`, without the cues's) and which way it points.
    `negated` holds the numbers of the clauses with a negation."""

    words: tuple[Word, ...]
    cues: tuple[Cue, ...]
    negated: frozenset[int]

    @property
    def stems(self) -> frozenset[str]:
        return frozenset(w.stem for w in self.words)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Beginnings of words; a word belongs to the first group that has a beginning of it.
_BEGINNINGS: tuple[tuple[Axis, int, str], ...] = (
    (
        Axis.CHANGE,
        -1,
        "decreas reduc lower declin diminish fewer less fell fall drop inhibit suppress block attenuat impair prevent "
        "downregulat down-regulat abolish abrogat silenc repress limit slow shorten delay decelerat "
        "protect smaller shorter weaken weaker imped restrict depriv shrink shrank minimi alleviat mitigat lessen "
        "eliminat halv depress antagoni counteract hinder hamper curb poorer underexpress",
    ),
    (
        Axis.CHANGE,
        +1,
        "increas rais rise rose risen higher greater elevat enhanc promot activat induc upregulat up-regulat stimulat "
        "accelerat augment boost amplif potentiat longer larger stronger strengthen grew grow gain more exceed "
        "heighten facilitat expan prolong overexpress encourag exacerbat aggravat doubl tripl extend lengthen",
    ),
    (
        Axis.WORTH,
        -1,
        "ineffective inefficacious worse worsen harm detriment inferior fail unsuccessful useless inefficien",
    ),
    (Axis.WORTH, +1, "effective efficac benefi improv better superior successful useful efficien favorabl favourabl"),
    (Axis.LINK, -1, "unrelated independent dispensabl irrelevant uncorrelated"),
    (
        Axis.LINK,
        +1,
        "associat correlat linked link relat predict caus lead leads led contribut depend requir necessary essential "
        "involv affect influenc alter regulat mediat modulat result critical crucial determin effect impact",
    ),
)
_LOOKALIKES = _words(
    "unless nonetheless nevertheless moreover furthermore growth grown effector moreso dropout limitation limitations "
    "fallen leadership result results resulting relative relatively relation relations relationship growers grower "
    "growing linker"
)
_POSITIVE, _INVERSE = _words("positively directly"), _words("negatively inversely")
_NEGATIONS = _words(
    "not no never without neither nor lack lacks lacked lacking absence cannot unable fails failed didn't doesn't "
    "don't isn't wasn't weren't can't unlikely little hardly"
)
_UNCHANGED = _words("unchanged unaffected unaltered similar comparable")
_DIFFER = _words("differ differs differed differing difference differences change changes changed evidence")
_NEGATION_REACH = 5
"""Words from a negation to the cue it denies, at most."""

_STOP_WORDS = _words(
    "a an the and or of in on at to for from by with as is are was were be been being it its this that these those we "
    "our they their he she i you his her than then there here which who whom whose what when where how why do does did "
    "done has have had having can could may might must shall should will would also both each such some any all other "
    "others into over under between among during after before through per via about because if so only very however "
    "thus therefore while whereas although though but not no nor neither without never none most many much several "
    "significantly significant substantially show shows showed shown found find findings suggest suggests suggested "
    "results result study studies compared reported observed p ci vs"
)
_SUFFIXES = tuple(
    "ization ational ations ingly ation ments ities ness ment ally ious ions ing ity ies ied ion ive ous als "  # noqa: SIM905
    "ed es ly al ic s e y".split()
)

_WORD = re.compile(r"[^\W_]+(?:['’\-‐‑][^\W_]+)*")
_CLAUSE = re.compile(
    r"(?:[;:]|,?\s\b(?:but|whereas|while|although|though|however|despite)\b|,\s(?=and\s(?!.{0,15}$)))(?![^()]*\))",
    re.IGNORECASE,
)
_RATIO = re.compile(
    r"\b(?:a?OR|a?HR|RR|(?:odds|hazard|risk|rate) ratios?|relative risks?)\b[^0-9;]{0,40}?(\d+[.·]\d+)",
    re.IGNORECASE,
)
_INTERVAL = re.compile(
    r"(?:\bCI\b|confidence interval)[^0-9−-]{0,6}(\d+[.·]?\d*)\s*(?:-|–|to|,)\s*(\d+[.·]?\d*)", re.IGNORECASE
)
_P_VALUE = re.compile(r"\bp\s*(?:=|>|≥)\s*(0?[.·]\d+)", re.IGNORECASE)


def stem(word: str) -> str:
    """A word without its ending, roughly; equal stems are taken for equal words."""
    word = word.casefold().replace("’", "'")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word[:-1] if len(word) == 4 and word.endswith("s") and not word.endswith("ss") else word


def read(sentence: str) -> Reading:
    """Content words and cues by clause; a clause ends at a semicolon and where one thing is set against another."""
    words: list[Word] = []
    cues: list[Cue] = []
    negated: set[int] = set()
    at = 0
    cuts = [0, *(m.start() for m in _CLAUSE.finditer(sentence)), len(sentence)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        part = sentence[start:end]
        tokens = [m.group().casefold().replace("’", "'") for m in _WORD.finditer(part)]
        found = _read_cues(part, tokens, at, number)
        pointing = {c.at - at for c in found}
        words += [Word(stem(t), at + i, number) for i, t in enumerate(tokens) if i not in pointing and _is_content(t)]
        cues += found
        if any(t in _NEGATIONS for t in tokens):
            negated.add(number)
        at += len(tokens)
    return Reading(tuple(words), tuple(cues), frozenset(negated))


def _is_content(token: str) -> bool:
    return len(token) > 1 and token not in _STOP_WORDS and not token[0].isdigit()


def _read_cues(part: str, tokens: list[str], at: int, clause: int) -> list[Cue]:
    found = [
        Cue(kind[0], kind[1], at + i, clause) for i in range(len(tokens)) if (kind := _cue_at(tokens, i)) is not None
    ]
    ratio = _read_ratio(part)
    if ratio is not None:
        place = len(_WORD.findall(part[: ratio[1]]))
        return [*found, Cue(Axis.CHANGE, ratio[0], at + place, clause)]
    if _is_chance(part):
        return [Cue(c.axis, 0, c.at, c.clause) for c in found]
    return found


def _cue_at(tokens: list[str], i: int) -> tuple[Axis, int] | None:
    token = tokens[i]
    after = tokens[i + 1 : i + 3]
    if token in _UNCHANGED:
        return Axis.CHANGE, 0
    if token in _DIFFER:
        return (Axis.CHANGE, 0) if _is_denied(tokens, i) else None
    kind = _kind(token)
    if kind is None or (len(after) == 2 and after[0] == "than" and after[1][0].isdigit()):
        return None
    axis, sign = kind
    if axis is Axis.LINK and i and tokens[i - 1] in _POSITIVE | _INVERSE:
        axis, sign = Axis.CHANGE, (1 if tokens[i - 1] in _POSITIVE else -1)
    return axis, 0 if _is_denied(tokens, i) else sign


def _kind(token: str) -> tuple[Axis, int] | None:
    if token in _LOOKALIKES or token.endswith(("or", "ors")):
        return None
    return next(((axis, sign) for axis, sign, pattern in _PATTERNS if pattern.match(token)), None)


_PATTERNS = tuple((axis, sign, re.compile("(?:" + "|".join(names.split()) + ")")) for axis, sign, names in _BEGINNINGS)


def _is_denied(words: list[str], i: int) -> bool:
    """Whether a negation stands within reach before the cue, an odd number of times."""
    before = words[max(0, i - _NEGATION_REACH) : i]
    return sum(w in _NEGATIONS for w in before) % 2 == 1


def _read_ratio(text: str) -> tuple[int, int] | None:
    """(sign, place) of a risk ratio: above 1 more, below 1 less, 0 where its interval holds 1."""
    ratio = _RATIO.search(text)
    if ratio is None:
        return None
    value = _number(ratio.group(1))
    interval = _INTERVAL.search(text, ratio.end())
    low, high = (_number(interval.group(1)), _number(interval.group(2))) if interval else (value, value)
    sign = 0 if low <= 1 <= high else 1 if value > 1 else -1
    return sign, ratio.start()


def _is_chance(text: str) -> bool:
    """Whether every p value given is 0.05 or more: a difference that may be chance is not one."""
    values = [_number(v) for v in _P_VALUE.findall(text)]
    return bool(values) and min(values) >= 0.05 and "<" not in text


def _number(text: str) -> float:
    return float(text.replace("·", "."))
