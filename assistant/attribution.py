"""Whether a sentence reports what others found. Pure, English, by lists of phrases; it knows no grammar.

A paper that says "velorite has been reported to raise yield" and then finds no effect does not support the claim.
"""

from __future__ import annotations

import re

_OTHERS = re.compile(
    r"\b(?:ha(?:s|ve) (?:previously |recently |also |often |long |widely |generally )*been "
    r"(?:reported|shown|found|suggested|proposed|claimed|observed|demonstrated|described|associated|linked|hypothesi[sz]ed)"
    r"|(?:previous|prior|earlier|other|several|some|many|most|past|recent|numerous) "
    r"(?:\w+ ){0,2}(?:studies|reports|trials|works?|authors|researchers|investigators|groups|experiments|literature)"
    r"|others (?:wrote|have|had|found|report(?:ed)?)|previously (?:reported|shown|found|described|published)"
    r"|(?:is|are|was|were|been) (?:widely |generally |commonly |often |well )*"
    r"(?:known|thought|believed|considered|assumed|said|hypothesi[sz]ed)|in the literature|according to|reportedly"
    r"|et al\.?[,;]? ?\(?\[?\d*)",
    re.IGNORECASE,
)
_CITED = re.compile(
    r"\[\d[\d\s,;–-]*\]"  # [12], [3, 4-9]
    r"|\((?:e\.g\.,? |see |cf\. )?[A-Z][\w'’-]+[^()]{0,80}\b(?:19|20)\d\d[a-z]?\)"  # (Sand and Li, 2019)
    r"|[A-Z][\w'’-]+(?: and [A-Z][\w'’-]+)? \((?:19|20)\d\d[a-z]?\)"  # Sand and Li (2019)
)
_OWN = re.compile(
    r"\b(?:we|our|ours|us|here|this (?:study|trial|work|paper|experiment|analysis|survey|review)"
    r"|(?:the )?(?:present|current) (?:study|trial|work|paper|experiment|analysis|data|results|findings))\b",
    re.IGNORECASE,
)


def is_attributed(sentence: str) -> bool:
    """Whether a sentence tells of others' findings: it cites, or says so, and does not speak of its own study."""
    return not _OWN.search(sentence) and bool(_OTHERS.search(sentence) or _CITED.search(sentence))
