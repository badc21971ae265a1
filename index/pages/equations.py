"""Marks displayed equations: lines of symbols that stand by themselves between the lines of the text.

A formula is known by its characters and fonts, not by its meaning; a line that is mostly words is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Role

_MATH_FONT = re.compile(
    r"CM(?:MI|SY|EX|BSY|MIB)|MS[AB]M|Math|MT-?Extra|MTSY|MTMI|Symbol|STIX.*(?:Siz|Int|Var)|Euclid|RSFS|EUFM|TXSY|PXSY|TXMI|NewTXMI",
    re.IGNORECASE,
)
_RELATION = re.compile(r"[=≈≃≅≡≠≤≥≪≫<>∈∉⊂⊆∝∼→←↔⇒⇔↦]|\+|−|±|×|∑|∏|∫|√|∂|∇|∞|∀|∃")
_SYMBOL = re.compile(
    r"[=+−<>≤≥≈±×÷/*^|∑∏∫√∂∇∞∈∀∃⋅·∥‖⟨⟩{}\[\]()\u0370-\u03ff\u2100-\u23ff\u27c0-\u2aff\U0001d400-\U0001d7ff]"
)
_CHINESE = re.compile(r"[\u3040-\u9fff]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        "sin cos tan exp log max min lim arg sup inf det dim ker mod gcd var cov diag sign rank prob argmax argmin "
        "sinh cosh tanh erf subject where and for otherwise true false",
    )
)
"""Words that formulas are written with."""
_NUMBER = re.compile(r"\(?(?:[A-Z]\.?|S)?\d{1,3}(?:\.\d{1,3})?[a-z]?\)")
_NUMBER_AT_END = re.compile(r"(?:^|\s)\((?:[A-Z]\.?|S)?\d{1,3}(?:\.\d{1,3})?[a-z]?\)$")
_FEW_WORDS = 2
_SHORT = 12
"""Characters of a line that may be a formula's piece without a relation in it."""
_MOVED_IN = 1.0
"""Font sizes that an equation begins further in than the text."""
_LINES = 14


def is_formula(line: Line) -> bool:
    """Whether a line reads as a formula: a relation or an operator, many symbols, hardly a word."""
    if not _RELATION.search(line.text) or _CHINESE.search(line.text):
        return False
    words = [w for w in _WORD.findall(line.text) if w.lower() not in _FUNCTIONS]
    if len(words) > _FEW_WORDS:
        return False
    letters = len(line.text.replace(" ", ""))
    symbols = len(_SYMBOL.findall(line.text))
    return sum(map(len, words)) < 0.4 * letters and (symbols >= 0.15 * letters or _in_math(line))


def _in_math(line: Line) -> bool:
    return any(_MATH_FONT.search(style.font) for style in (line.style, line.first, line.last))


def mark_equations(page: Sequence[Line], usual: Profile, *, numbered: bool) -> None:
    """Set the role equation on runs of formula lines that are still body and stand apart from the text.

    `numbered` ones ("(3)" at the right) are known for sure, even beside a table; the others are looked for only where
    tables have been found before.
    """
    lines = [line for line in page if line.role is Role.BODY]
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and end - at < _LINES and _belongs(lines, at, end, usual):
            end += 1
        run = lines[at:end]
        if any(map(is_formula, run)) and _apart(lines, at, end, usual, numbered):
            for line in run:
                line.role = Role.EQUATION
        at = max(end, at + 1)


def _belongs(lines: Sequence[Line], start: int, i: int, usual: Profile) -> bool:
    """Whether line `i` may be a piece of the equation that begins with line `start`."""
    line = lines[i]
    piece = len(line.text) <= _SHORT and not any(w.lower() not in _FUNCTIONS for w in _WORD.findall(line.text))
    if not (is_formula(line) or _NUMBER.fullmatch(line.text) or (piece and (_in_math(line) or i > start))):
        return False
    return i == start or (line.page == lines[i - 1].page and abs(line.middle - lines[i - 1].middle) < 3 * usual.leading)


def _apart(lines: Sequence[Line], start: int, end: int, usual: Profile, numbered: bool) -> bool:
    """Whether a run stands on heights of its own and is moved in, or ends with a number as equations do."""
    run = lines[start:end]
    low, high = min(x.middle for x in run), max(x.middle for x in run)
    around = [*lines[max(0, start - 1) : start], *lines[end : end + 1]]
    if any(low - 0.5 * x.size < x.middle < high + 0.5 * x.size for x in around):
        return False
    if numbered:
        return any(_NUMBER_AT_END.search(x.text) for x in run)
    left = min((x.box[0] for x in around if x.width > 0.5 * usual.column), default=None)
    return left is not None and min(x.box[0] for x in run) > left + _MOVED_IN * usual.size
