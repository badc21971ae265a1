"""What kind of study a text speaks of: by the words that name study designs. English.

Pure. It reads what is said of the design and judges nothing; a text that names none has none.
"""

from __future__ import annotations

import re

# In order: what comes first wins where a text names several ("a meta-analysis of randomised trials").
_KINDS: tuple[tuple[str, str], ...] = (
    ("meta-analysis", r"meta-?\s?analy[sz]"),
    ("review", r"(?:systematic|narrative|literature|scoping) review|\breview of the literature|\bwe review(?:ed)?\b"),
    ("randomised trial", r"randomi[sz](?:ed|ation)|\brandomly (?:assigned|allocated)|\bRCTs?\b|double-?\s?blind"),
    ("case-control", r"case[- –]controls?\b"),
    ("cross-sectional", r"cross-?\s?sectional"),
    ("cohort", r"\bcohorts?\b|prospective(?:ly)? (?:study|follow|cohort)|longitudinal(?:ly)?\b|retrospective"),
    ("simulation", r"\bsimulat|in silico|Monte Carlo|\bnumerical (?:model|experiment)"),
    ("in vitro", r"in vitro|\bcell (?:lines?|cultures?)\b|\bcultured\b|\bHEK ?293|\bHeLa\b"),
    ("animal", r"\b(?:mice|mouse|murine|rats?|rabbits?|zebrafish|piglets?)\b|animal (?:model|study|experiment)"),
    ("field trial", r"field (?:trials?|experiments?|stud(?:y|ies))|\bplots? (?:trial|experiment)"),
    ("case report", r"case (?:report|series)"),
)  # fmt: skip
KINDS = tuple(name for name, _ in _KINDS)
"""The kinds there are, the likeliest to sum up others first."""
_PATTERNS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _KINDS)
_OTHERS = re.compile(
    r"\b(?:previous|earlier|prior|other|several|many|most|past|recent|future|further) "
    r"(?:\w+[ -]){0,3}?(?:stud|trial|work|report|research|experiment|cohort|meta|review)",
    re.IGNORECASE,
)


def study_kind(*texts: str) -> str:
    """The kind of study that the first text names that names one; "" for none. A text that speaks of other studies
    ("previous trials") says nothing of its own."""
    for text in texts:
        if text and not _OTHERS.search(text):
            found = next((name for name, pattern in _PATTERNS if pattern.search(text)), "")
            if found:
                return found
    return ""
