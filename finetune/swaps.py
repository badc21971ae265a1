"""One fact of a sentence turned round by rule: direction, negation, a number. English.

For training pairs whose label is known by construction. Knows words; no model, no data set.
"""

from __future__ import annotations

import random
import re

_OPPOSITES = """
increase decrease; increases decreases; increased decreased; increasing decreasing; higher lower; high low; more less;
greater smaller; improve worsen; improves worsens; improved worsened; reduce raise; reduces raises; reduced raised;
enhance impair; enhances impairs; enhanced impaired; promote inhibit; promotes inhibits; promoted inhibited;
activate suppress; activates suppresses; activated suppressed; upregulated downregulated; upregulates downregulates;
upregulation downregulation; positive negative; positively negatively; elevated diminished; gain loss; better worse;
stronger weaker; faster slower; longer shorter; larger smaller; rise fall; rises falls; effective ineffective;
beneficial harmful; protects endangers; above below; before after; most least; early late; necessary unnecessary;
sufficient insufficient; stabilizes destabilizes; sensitive resistant; increase reduce; facilitates hinders;
presence absence; common rare; gain lose; survive die; favors disfavors; strengthens weakens; accelerates delays
"""
OPPOSITES: dict[str, str] = {}
for _pair in _OPPOSITES.split(";"):
    _a, _b = _pair.split()
    OPPOSITES.setdefault(_a, _b)
    OPPOSITES.setdefault(_b, _a)
_DIRECTION = re.compile(r"\b(" + "|".join(sorted(OPPOSITES, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_BE = re.compile(r"\b(is|are|was|were|has|have|had|can|could|may|might|will|would|should|does|do|did)\b(?! not\b)")
_NOT = re.compile(r"\b(?:(is|are|was|were|has|have|had|can|could|may|might|will|would|should) not|cannot)\b")
_DOES_NOT = re.compile(r"\b(?:does|do) not (\w+)\b")
NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w,]*\w)")
FACTORS = (0.25, 0.4, 0.5, 1.5, 2.0, 3.0)
"""What a number is multiplied by to make a wrong one: far outside of rounding."""


def swap_direction(sentence: str, *, pick: random.Random) -> str | None:
    """One word of direction or worth turned into its opposite; None where there is none."""
    found = list(_DIRECTION.finditer(sentence))
    if not found:
        return None
    match = pick.choice(found)
    return sentence[: match.start()] + _like(match[0], OPPOSITES[match[0].lower()]) + sentence[match.end() :]


def swap_negation(sentence: str) -> str | None:
    """A negated main verb made plain, a plain one negated; None where neither can be done by rule."""
    if match := _NOT.search(sentence):
        return sentence[: match.start()] + (match[1] or "can") + sentence[match.end() :]
    if match := _DOES_NOT.search(sentence):
        verb = match[1] if match[0].startswith("do ") else match[1] + "s"
        return sentence[: match.start()] + verb + sentence[match.end() :]
    if match := _BE.search(sentence):
        return sentence[: match.end()] + " not" + sentence[match.end() :]
    return None


def swap_number(sentence: str, *, pick: random.Random) -> str | None:
    """One number changed far beyond rounding; None where there is none."""
    found = [m for m in NUMBER.finditer(sentence) if float(m[0].replace(",", ""))]
    if not found:
        return None
    match = pick.choice(found)
    decimals = len(match[0].partition(".")[2])
    wrong = float(match[0].replace(",", "")) * pick.choice(FACTORS)
    text = f"{wrong:.{decimals}f}"
    if float(text) == float(match[0].replace(",", "")):
        text = f"{wrong + 1:.{decimals}f}"
    return sentence[: match.start()] + text + sentence[match.end() :]


def _like(old: str, new: str) -> str:
    return new.capitalize() if old[0].isupper() else new
