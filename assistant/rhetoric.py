"""What a sentence does in a paper: gives the background, asks, says what was done, found or limits it. By cue "
"words and
place; English.

Pure. It knows no meaning: a sentence without a cue gets the role that its place in the abstract, or its section, makes
likeliest. `benchmarks/roles.py` says how often that is right.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence


class Role(enum.StrEnum):
    """What a sentence is there for."""

    BACKGROUND = "background"
    OBJECTIVE = "objective"
    METHOD = "method"
    RESULT = "result"
    LIMIT = "limit"
    OTHER = "other"


EARLY, LATE = 0.3, 0.75
"""Shares of an abstract: up to the first a sentence without a cue is background, from the second on a result."""

_CUES: tuple[tuple[Role, float, str], ...] = (
    (
        Role.OTHER, 4.0,
        r"all rights reserved|©|\(c\) \d{4}|elsevier|^keywords?\b|https?://|^copyright|published by|^funding\b"
        r"|^trial registration",
    ),
    (
        Role.LIMIT, 2.6,
        r"\blimitations?\b(?! of (?:existing|current|previous|these methods))|\blimited by\b|\bcaveats?\b"
        r"|\b(?:results|findings|data|conclusions?|estimates?) (?:should|must|need to) be (?:interpreted"
        r"|treated|taken|read)"
        r"|\bwith caution\b|\bcautious(?:ly)?\b|\bwe (?:cannot|could not|did not|were unable|were not able)\b"
        r"|\bcannot be (?:excluded|ruled out|generali[sz]ed|extrapolated|inferred)"
        r"|\bmay not (?:be )?(?:apply|hold|generali[sz]e|representative)\w*|\bsmall (?:sample|number of)"
        r"|\b(?:further|more|larger|longer|future) (?:\w+ ){0,3}?(?:studies|work|research|trials?|experiments?) "
        r"(?:is|are|will be|would be|should|must|need)|\bonly one (?:site|season|year|centre|center)\b"
        r"|\b(?:bias|confounding|confounders?) (?:cannot|may|might|could)|\bremains? to be (?:seen|shown|tested"
        r"|established)",
    ),
    (
        Role.OBJECTIVE, 2.5,
        r"\b(?:aims?|objectives?|goals?|purpose) (?:was|is|were|are)\b|\b(?:the|our) (?:\w+ )?(?:aims?"
        r"|objectives?|goals?|purpose) of (?:this|the|our)\b|\b(?:aims?|aimed|seeks?|sought) (?:to|at)\b"
        r"|\bwe (?:ask|asked|wanted|set out|investigate whether|tested whether|test whether|examined? whether"
        r"|hypothesi[sz]ed?)\b"
        r"|^to (?:find out|learn|understand)\b|\bto (?:find out|know|learn) (?:whether|if|how|what)\b"
        r"|\bto (?:determine|investigate|examine|assess|evaluate|test|explore|compare) (?:whether|if|the|how|what)\b"
        r"|\b(?:our|the|main|primary|specific) (?:aim|objective|goal|purpose|question|hypothesis)\b"
        r"|\bresearch questions?\b|^(?:this|the present|the current|our) (?:paper|article|study|work|chapter"
        r"|report|thesis|research) "
        r"(?:\w+ly )?(?:aims|investigates?|examines?|explores?|addresses|asks|seeks|tests|considers|focuse[sd]"
        r"|discusses|describes"
        r"|presents|proposes|introduces|analy[sz]es|reviews|studies|deals)\b"
        r"|^in this (?:paper|article|study|work|chapter|research|thesis),? (?:we|i|the authors?) (?:aim|address"
        r"|consider|study"
        r"|investigate|examine|explore|analy[sz]e|discuss|focus|tackle|present|propose|introduce|describe|review)\b",
    ),
    (
        Role.RESULT, 2.0,
        r"\b(?:results?|findings?|experiments?|evaluations?|data|simulations?|analys[ie]s|evidence) (?:\w+ ){0,4}?"
        r"(?:show(?:s|ed|n)?|demonstrate[sd]?|indicate[sd]?|suggest(?:s|ed)?|reveal(?:s|ed)?|confirm(?:s|ed)?"
        r"|support(?:s|ed)?)\b"
        r"|\bwe (?:also |further |then |finally )?(?:f(?:ind|ound)|show(?:ed)?|observed?|conclude[sd]?"
        r"|demonstrated?|report(?:ed)?)\b"
        r"|^(?:results?|findings?|conclusions?|in conclusion|our results|our findings)\b"
        r"|\bsignificant(?:ly)? (?:\w+ )?(?:high|low|"
        r"differ|increas|decreas|reduc|improv|better|great|associat|more|less)|\b(?:out-?performs?|outperformed"
        r"|achieve[sd]?|"
        r"state[- ]of[- ]the[- ]art results)\b|\bp\s*[<=]\s*0?\.\d|\b95\s?% CI\b|\b(?:by|to|of|was|were"
        r"|at) (?:about )?[+−-]?\d[\d.,]*\s?%|\bwas found to\b|\bwere found\b"
        r"|\bconcluded? that\b|\bincreased by\b|\bcompared (?:to|with)\b",
    ),
    (
        Role.METHOD, 1.6,
        r"\bwe (?:also |first |then |further |thus |next )*(?:use[sd]?|appl(?:y|ied)|develop(?:ed)?"
        r"|propose[sd]?|collect(?:ed)?"
        r"|measured?|recruited|conduct(?:ed)?|perform(?:ed)?|employ(?:ed)?|design(?:ed)?|implement(?:ed)?"
        r"|train(?:ed)?|introduced?"
        r"|present|combined?|extend|adopt|model(?:led|ed)?|analy[sz]ed?|compared?|evaluated?|searched|pooled"
        r"|included|excluded|extracted|calculated|estimated|tested|surveyed|grew|sampled|extract)\b"
        r"|^(?:methods?|materials and methods|design|participants|setting|measurements)\b|\b(?:was"
        r"|were) (?:\w+ly )?(?:used|measured|"
        r"collected|recruited|randomi[sz]ed|assigned|conducted|performed|analy[sz]ed|administered|sampled|grown"
        r"|applied|recorded|"
        r"included|calculated|estimated|selected|assessed|carried out|obtained|interviewed|treated)\b"
        r"|\busing (?:a|an|the)\b"
        r"|\b(?:based on|by means of|consists of|is used to|are used to)\b|\bour (?:method|approach|algorithm"
        r"|model|framework|system)\b"
        r"|\bthe proposed (?:method|approach|algorithm|model|framework|system)\b|^(?:first|second|then|next"
        r"|finally|specifically)\b",
    ),
    (
        Role.BACKGROUND, 1.7,
        r"\b(?:has|have) (?:been|become|attracted|received|emerged|led|gained|recently)\b|\b(?:however|although"
        r"|despite),? .{0,60}"
        r"(?:little|few|unclear|unknown|lack|remain|challeng|difficult)|\bis (?:a|an"
        r"|one of the) (?:\w+ )?(?:key|common|major|"
        r"important|critical|fundamental|challenging|well[- ]known|crucial|leading)|\b(?:recent(?:ly)?"
        r"|increasing(?:ly)?|traditional(?:ly)?"
        r"|in recent years|nowadays|previous(?:ly)? (?:stud|work|research|report)\w*|existing (?:methods"
        r"|approaches|work|studies))\b"
        r"|\b(?:little|not much|less) is known\b|\bplays? (?:a|an) (?:\w+ )?role\b|^(?:background|introduction"
        r"|context)\b|\bwidely\b"
        r"|\b(?:many|several|most) (?:studies|researchers|methods|approaches|people|systems)\b|\boften\b",
    ),
)  # fmt: skip
_PATTERNS = tuple((role, weight, re.compile(pattern, re.IGNORECASE)) for role, weight, pattern in _CUES)
_PRIOR = {
    "early": {Role.BACKGROUND: 1.5, Role.OBJECTIVE: 0.2},
    "middle": {Role.METHOD: 0.9, Role.OBJECTIVE: 0.3},
    "late": {Role.RESULT: 1.0, Role.METHOD: 0.2},
}
_SECTIONS: tuple[tuple[Role, str], ...] = (
    (Role.LIMIT, r"limitation|weakness|threats? to validity"),
    (Role.RESULT, r"result|finding|conclusion|evaluation"),
    (Role.METHOD, r"method|material|procedure|participants|design|experiment|data collection|implementation"),
    (Role.OBJECTIVE, r"aims?\b|objective|purpose"),
    (Role.BACKGROUND, r"introduction|background|related work|literature"),
)
_SECTION_PATTERNS = tuple((role, re.compile(pattern, re.IGNORECASE)) for role, pattern in _SECTIONS)


def cues(sentence: str) -> dict[Role, float]:
    """The weight of the cues in a sentence for each role that has any."""
    return {role: weight for role, weight, pattern in _PATTERNS if pattern.search(sentence)}


def roles(sentences: Sequence[str]) -> list[Role]:
    """The role of each sentence of an abstract, in order."""
    last = max(1, len(sentences) - 1)
    return [_best(cues(s), _PRIOR[_part(i / last)]) for i, s in enumerate(sentences)]


def _part(place: float) -> str:
    return "early" if place < EARLY else "late" if place >= LATE else "middle"


def _best(weights: dict[Role, float], prior: dict[Role, float]) -> Role:
    total = {role: weights.get(role, 0.0) + prior.get(role, 0.0) for role in Role}
    return max(total, key=lambda role: total[role])


def section_role(section: str) -> Role | None:
    """The role that a heading names for what stands under it; None for one that names none. Of a path of headings
    ("Methods > Participants") the last that names one."""
    for heading in reversed(section.split(">")):
        found = next((role for role, pattern in _SECTION_PATTERNS if pattern.search(heading)), None)
        if found is not None:
            return found
    return None
