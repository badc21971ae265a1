"""Turns of phrase that tell what a claim compares: patterns of English, and what is refused.

Only patterns; knows no table. A phrase that is not here leaves a claim undecided.
"""

from __future__ import annotations

import re


def _any_of(words: str, after: str = "") -> str:
    return rf"\b(?:{'|'.join(words.split())})\b{after}"


_SUPERLATIVES = (
    "highest lowest largest smallest best worst longest shortest greatest fewest heaviest lightest oldest youngest "
    "tallest deepest warmest coldest hottest strongest weakest fastest slowest"
)
_AUXILIARIES = ("did", "does", "do", "is", "was", "were", "are", "has", "have", "had")
_REFUSED = (
    (_any_of("may might could possibly perhaps probably likely would should will"), "a possibility or a forecast"),
    (
        r"\b(?:because|due to|caused by|explains?|explained by|thanks to|owing to|mediat\w+)\b",
        "a cause, which a table alone cannot show",
    ),
    (
        r"\b(?:adjust(?:ed|ing)|controlling for|interact\w*|regardless|irrespective|except|unless|if|only|always)\b",
        "a condition beyond the closed set",
    ),
    (
        r"\b(?:without|never|neither|nor)\b|\b(?:who|that|which|whose)\b[^,]*\bnot\b|"
        + "".join(f"(?<!{word} )" for word in _AUXILIARIES)
        + r"\bnot\b(?! all)",
        "something denied in a way that is not followed",
    ),
    (_any_of(_SUPERLATIVES, r"(?!\s+(?:value|recorded|measured|observed))"), "a superlative"),
    (
        r"\b(?:faster|slower|more|less)\s+(?:steeply|quickly|rapidly)\b|\b(?:steeper|accelerat\w+)",
        "how a trend changes",
    ),
)
REFUSED = [(re.compile(p, re.IGNORECASE), why) for p, why in _REFUSED]
"""What no table of the closed set can decide, and how it is called."""
NEGATION = re.compile(r"\b(?:not|cannot)\b|n['’]t\b", re.IGNORECASE)
NO = re.compile(
    r"\bno\s+(?:\w+\s+)?(?:differences?|effects?|influences?|associations?|correlations?|relations?|relationships?|links?|"
    r"trends?|changes?|increases?|decreases?|impacts?|evidence)\b",
    re.IGNORECASE,
)
SAME = re.compile(
    r"\b(?:similar|(?:the\s+)?same|equal|comparable|unaffected|unchanged|uncorrelated|unrelated|independent)\b",
    re.IGNORECASE,
)
DIFFERS = re.compile(
    r"\b(?:differ\w*|affect\w*|influenc\w*|depend\w*|impact\w*|effects?|alter\w*|chang\w*|associat\w*|correlat\w*|relat\w+|"
    r"link\w*)\b",
    re.IGNORECASE,
)
LINK = re.compile(
    r"\b(?:correlat\w*|associat\w*|relat\w+|link\w*|depend\w*|relationship|the\s+(?:more|less|higher|lower|longer|larger|"
    r"greater|heavier|older|warmer)\b.*,\s*the|followed\s+by|(?:goes|go|went)\s+(?:up|down)\s+with|"
    r"(?:increas|decreas|ris|fall|declin|grow|drop)\w*\s+(?:\w+\s+){0,2}(?:with|as)|(?:rose|fell|grew)\s+(?:with|as)|as\b.*\b(?:increas|decreas|ris|fall|declin|"
    r"grow)\w*|influenc\w*|affect\w*|effect\s+(?:of|on)|impact\w*|(?:longer|higher|lower|larger|smaller|more|less)\s+with)\b",
    re.IGNORECASE,
)
EFFECT = re.compile(r"\b(?:affect\w*|influenc\w*|impact\w*|effects?|depend\w*|differ\w*|chang\w*)\b", re.IGNORECASE)
"""With a word that points up or down these speak of the size of an effect."""
CHANGING = re.compile(
    r"\b(?:ris(?:e|es|en|ing)|rose|increas(?:e|es|ed|ing)|f[ae]ll(?:s|en|ing)?|declin(?:e|es|ed|ing)|gr[eo]w(?:s|n|ing)?|"
    r"decreas(?:e|es|ed|ing)|drop(?:s|ped|ping)?)\b",
    re.IGNORECASE,
)
OVER_TIME = re.compile(
    r"\b(?:over\s+(?:the\s+)?(?:time|years|study|(?:study|observation|whole)\s+period|period|course|decades?|months|weeks|days|seasons?)|"
    r"since|through(?:out)?\s+the\s+(?:years|study|period)|during\s+the\s+(?:study|period|experiment)|with\s+time|"
    r"year\s+(?:by|after|on)\s+year|from\s+year\s+to\s+year|trend|between\s+(?:1[89]|20)\d\d\s+and\s+(?:1[89]|20)\d\d|"
    r"from\s+(?:1[89]|20)\d\d\s+to\s+(?:1[89]|20)\d\d)\b",
    re.IGNORECASE,
)
THAN = re.compile(
    r"\b(?:than|compared\s+(?:with|to)|in\s+comparison\s+(?:with|to)|relative\s+to|versus|vs\.?|that\s+of|those\s+of|over\s+(?=the))\b",
    re.IGNORECASE,
)
ALL = re.compile(r"\b(?:all|every|each)\b", re.IGNORECASE)
ANY = re.compile(r"\b(?:at\s+least\s+one|any|some|one\s+or\s+more)\b", re.IGNORECASE)
NONE = re.compile(r"\b(?:none|no)\b(?!\s+(?:more|less|fewer))", re.IGNORECASE)
MOST = re.compile(r"\b(?:most|(?:the|a)\s+majority)\s+(?:of\s+)?(?:the\s+)?\w+", re.IGNORECASE)
PAIR = re.compile(r"\b(\d{1,6})\s+(?:out\s+)?of\s+(?:the\s+|all\s+)?(\d{1,6})\b", re.IGNORECASE)
WITHIN = re.compile(r"(?:within|by\s+(?:no\s+more|less|at\s+most)(?:\s+than)?|less\s+than|±)\s*$", re.IGNORECASE)
CONDITION_BEFORE = re.compile(r"\b(?:in|among|amongst|at|for|within)\s+(?:the\s+)?(?:\w+\s)?$", re.IGNORECASE)
AT = re.compile(r"\b(?:at|in|of|under)\s+(?:an?\s+|the\s+)?(?:\w+\s+of\s+)?$", re.IGNORECASE)
MEDIAN = re.compile(r"\bmedians?\b", re.IGNORECASE)
MEAN = re.compile(r"\b(?:means?|averag\w+|median|maximum|minimum)\b", re.IGNORECASE)
ROWS = re.compile(
    r"\b(?:patients|participants|subjects|individuals|people|persons|volunteers|plots|samples|specimens|animals|plants|"
    r"sites|stations|replicates|students|drinkers|users|women|men|children)\b",
    re.IGNORECASE,
)
MAX = re.compile(r"\b(?:maximum|highest|largest)\b", re.IGNORECASE)
MIN = re.compile(r"\b(?:minimum|lowest|smallest)\b", re.IGNORECASE)
HALF_OF = re.compile(r"\s?(?:(?:of\s+)?(?:that|those)\b|as\b)", re.IGNORECASE)
COMPARATIVE = re.compile(
    r"\s?(?:higher|lower|more|less|greater|larger|smaller|longer|shorter|fewer|heavier|lighter|older|younger)\b"
)
PREPOSITIONS = frozenset(["over", "under", "above", "below"])
"""These point up or down only right before a number."""
BY = re.compile(r"\bby\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
