"""Which way a word changes what it is said of: verbs, comparatives and nouns of change, by `assistant.directions`.

Knows words, no sentences.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.directions import pointers
from assistant.surroundings import read_words


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CAUSES = _words("causes caused cause triggers triggered trigger produces produced produce elicits elicited elicit")
"""Verbs that bring something about, and so raise it, or begin a change: "caused a decline in"."""
LEADS = {"lead": "to", "leads": "to", "led": "to", "result": "in", "results": "in", "resulted": "in",
         "contributes": "to", "contributed": "to", "contribute": "to"}  # fmt: skip
"""The same, with the preposition they take."""
NEUTRAL = re.compile(r"(?:affect|alter|influenc|modif|chang|impact)(?:s|es|e|ed|ied|y|ies)?$")
"""Verbs without a direction: they say something only where they are denied."""
COMPARATIVES = _words(
    "lower higher greater less fewer more larger smaller longer shorter better worse faster slower reduced increased "
    "elevated decreased improved impaired stronger weaker earlier later"
)
_BAD_THINGS = re.compile(
    r"symptom|pain|depress|anxi|fatigue|diseas|injur|damag|mortal|death|risk|inflamm|stress|insomni|nausea|vomit|"
    r"cough|fever|toxic|relaps|disorder|syndrome|impair|headache|swelling|infect|lesion|dysfunction|error|loss|burden"
)
_VERB_ENDINGS = ("ed", "es", "s")
_IRREGULAR = _words("rose fell grew shrank")
_NOT_TRANSITIVE = re.compile(
    r"(?:gain|grow|grew|fall|fell|ris|rose|declin|shrink|shrank|high|low(?!er)|great|less|few|more|larg|small|"
    r"short(?!en)|long|bett|worse$|best|fast|slower|earl|late|posit|negat|direct|invers|effect|able|unable|stabl|"
    r"unstab|strong|weak(?!en)|poor|limit|benefi)"
)
_CHANGE_NOUN = re.compile(
    r"(?:reduction|decrease|decline|increase|improvement|rise|fall|drop|elevation|inhibition|suppression|prolongation|"
    r"deterioration|impairment|enhancement|worsening|gain)s?$"
)


@lru_cache(maxsize=4096)
def direction(word: str) -> tuple[int, str]:
    """(+1 or -1, family) of a word that points up or down; (0, "") for any other."""
    found = pointers(word, read_words(word))
    return (found[0].sign, found[0].family) if found else _OWN.get(word, (0, ""))


_OWN = {
    "improvement": (1, "worth"), "improvements": (1, "worth"), "fall": (-1, "amount"), "worsening": (-1, "worth"),
    "impairment": (-1, "act"), "rise": (1, "amount"), "drop": (-1, "amount"), "improved": (1, "worth"),
    "worse": (-1, "worth"), "better": (1, "worth"), "impaired": (-1, "act"), "later": (-1, "speed"),
    "slower": (-1, "speed"), "faster": (1, "speed"),
}  # fmt: skip


def transitive(word: str, *, bare: bool = False) -> int:
    """+1 or -1 for a verb in a form that takes an object ("reduced", "reduces"; "reduce" where `bare`), else 0."""
    if word in CAUSES:
        return 1
    if _NOT_TRANSITIVE.match(word) or not (bare or word.endswith(_VERB_ENDINGS)):
        return 0
    return (
        0
        if word.endswith(("ing", "ion", "ions", "ments", "ment", "er", "ly")) and word != "lower"
        else direction(word)[0]
    )


def intransitive(word: str) -> int:
    """+1 or -1 for a past verb that says its subject rose or fell ("increases" may be a noun), else 0."""
    if word in _IRREGULAR:
        return direction(word)[0]
    if not re.match(r"(?:increas|decreas|declin|improv|worsen|rises|falls|dropp|diminish|grows)", word):
        return 0
    return direction(word)[0] if word.endswith("ed") else 0


def change_noun(word: str) -> int:
    """+1 or -1 for a noun of change ("reduction"), else 0."""
    return direction(word)[0] if _CHANGE_NOUN.match(word) else 0


def comparative(word: str) -> int:
    """+1 or -1 for a word that compares ("lower", "reduced"), else 0."""
    return direction(word)[0] if word in COMPARATIVES else 0


def sign_for(word: str, effect: str) -> int:
    """The sign of a pointing word on what it is said of. What gets better goes up, but for a bad thing (pain), which
    goes down."""
    sign, family = direction(word)
    if word in CAUSES:
        return 1
    head = re.split(r" (?:of|to|and|or) ", effect.casefold(), maxsplit=1)[0]
    return -sign if family == "worth" and _BAD_THINGS.search(head) else sign
