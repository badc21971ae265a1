"""A sentence as clauses of tokens, and what of a run of tokens may be named as a cause or an effect.

Pure; English by lists of words, no grammar and no model. In doubt a run of words is no noun phrase: an edge that is
wrong is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.relations import signs


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_CAUSE = 14
MAX_EFFECT = 12
"""Words of a cause and of an effect, at most: more is more likely half a sentence than a name."""
OPEN = "("
"""The token that stands for all that is in one pair of brackets."""

NEGATIONS = _words("not never no without neither nor cannot didn't doesn't don't isn't wasn't weren't")
AUXILIARIES = _words(
    "is are was were be been being has have had do does did will would can could may might must shall should cannot "
    "didn't doesn't don't isn't wasn't weren't"
)
BE = _words("is are was were be been being isn't wasn't weren't")
ADVERBS = _words(
    "also both further often even only not never more most less much far then thus rather quite generally too all "
    "consistently still again already once together alone"
)
DETERMINERS = _words("the a an its their his her our any some each every")
PREPOSITIONS = _words(
    "in on at for with within during after before under over by from to of among between across through via as than "
    "into onto upon against about around per without despite following given because since until toward towards "
    "compared relative versus vs"
)
_STOPS_EFFECT = (PREPOSITIONS - _words("of to")) | _words(
    "when where while if which that who whom whose whereas but so is are was were has have had remained did does do "
    "independently respectively thereby thus resulting leading suggesting indicating such up associated "
    "regardless owing owning leading reaching using"
)
_EMPTY_HEADS = _words(
    "it this that these those they them we i he she there which who what such same latter former both either "
    "others other prior terms one ones two three four five none all some many most each several first second "
    "third results result data findings finding study studies analysis analyses paper work authors model models "
    "table figure"
)
_VAGUE = _words(
    "effect effects change changes difference differences result results number numbers extent rate rates amount "
    "increase increases decrease decreases reduction reductions improvement improvements decline level levels value "
    "values group groups impact impacts score scores risk risks phase phases"
)
_HALF = _words("and or al lower higher greater less more fewer same new true real active high low early late standard")
"""A name that ends so was cut in the middle."""
_CHANGED = _words("effect effects change changes difference differences result results")
"""Ends of names that name nothing by themselves, whatever stands before them."""
_ANY_CAUSE = _words(
    "treatment treatments therapy intervention interventions patients participants subjects placebo control controls "
    "time baseline group groups women men children adults people individuals mice rats animals plants administration "
    "application injection case cases and or arm arms"
)
"""Words that are no cause by themselves: which treatment, the sentence does not say."""
_SOURCES = _words(
    "study studies trial trials author authors report reports comparison comparisons analysis analyses review"
)
"""Who says it is not what does it."""
_REPORTED = re.compile(r"indicates?$|(?:show|found|report|observ|demonstrat|suggest|conclud|reveal)(?:ed|n|s)?$")
_RELATIVES = _words("that which who whom whose if whether when where how why because unless")
_REPORTS = re.compile(
    r"(?:show|found|find|suggest|indicat|demonstrat|report|observ|conclud|reveal|confirm|evidence|know|note|establish|"
    r"argu|impl|support|see|saw|seen|propos|appear|likely|agree|mean|stat)"
)
_PEOPLE = _words(
    "patients participants subjects volunteers women men children adults infants adolescents people individuals "
    "students mice rats animals plants rabbits pigs cows chickens fish cells seedlings piglets calves mothers those "
    "workers athletes"
)
_GIVEN = _words(
    "receiving received given treated assigned randomised randomized allocated taking fed exposed supplemented using "
    "undergoing drinking eating"
)
_GROUPS = _words("group groups arm arms cohort")
_LEADS = _words("who that were was had have been are which on with to a an the in")
_FRONTED = PREPOSITIONS | _words(
    "overall moreover furthermore however interestingly here therefore hence finally first second notably importantly "
    "additionally similarly conversely consequently meanwhile surprisingly accordingly nevertheless compared although "
    "while when if using"
)
_TOKEN = re.compile(r"\d+(?:[.,·]\d+)*|[^\W\d_](?:\w|[-‐‑–'’/](?=\w))*|\d\w*|[^\w\s]")
_QUOTES = frozenset("'\"“”‘")
_BREAKS = _words("but whereas while although though however because ; : — yet")
_BRACKETS = {"(": ")", "[": "]", "（": "）"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or mark at [start, end) of the sentence; `text` in lower case."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> bool:
        return self.text[0].isalpha()


Tokens = Sequence[Token]


def clauses(sentence: str) -> list[list[Token]]:
    """The tokens of each clause. What stands in brackets is one token OPEN; a clause ends where one thing is set
    against another."""
    found: list[list[Token]] = [[]]
    for token in _without_brackets(sentence):
        if token.text in _BREAKS:
            found.append([])
        else:
            found[-1].append(token)
    return [clause for clause in found if clause]


def _without_brackets(sentence: str) -> list[Token]:
    found: list[Token] = []
    closing: list[str] = []
    for match in _TOKEN.finditer(sentence):
        text = match.group().casefold().replace("’", "'")
        if closing:
            found[-1] = Token(OPEN, found[-1].start, match.end())
            if text == closing[-1]:
                closing.pop()
            elif text in _BRACKETS:
                closing.append(_BRACKETS[text])
        elif text in _BRACKETS:
            closing.append(_BRACKETS[text])
            found.append(Token(OPEN, match.start(), match.end()))
        else:
            found.append(Token(text, match.start(), match.end()))
    return found


def is_adverb(token: Token) -> bool:
    return token.text in ADVERBS or (token.text.endswith("ly") and len(token.text) > 4 and token.text != "supply")


def subject(tokens: Tokens) -> Tokens:
    """The noun phrase that ends these tokens and is what is spoken of; empty where that is in doubt."""
    tokens = _after_report(tokens)
    tokens = _after_place(_last_part(tokens))
    tokens = _trim(_without_people(_trim(tokens)))
    return tokens if _is_name(tokens, MAX_CAUSE) else ()


def following(tokens: Tokens, *, limit: int = MAX_EFFECT) -> Tokens:
    """The noun phrase that begins these tokens, up to the first preposition (but "of", "to"); empty in doubt."""
    kept: list[Token] = []
    for i, token in enumerate(tokens):
        if token.text in _QUOTES:
            return ()
        if not (token.word or token.text == "-" or (kept and token.text[0].isdigit())) or token.text in _STOPS_EFFECT:
            break
        if token.text == "to" and not _goes_on(tokens, i):
            break
        if token.text in ("and", "or") and not _names_more(tokens, i):
            break
        kept.append(token)
    phrase = _trim(_without_people(_trim(kept)))
    if not _is_name(phrase, limit) or phrase[-1].text in _CHANGED or (phrase[-1].text in _VAGUE and len(phrase) == 1):
        return ()
    return () if any(t.text == "baseline" for t in phrase) else phrase


def cause_after(tokens: Tokens) -> Tokens:
    """The noun phrase after "by", "with", "between" and the like: a thing, no amount; people who were given a thing
    stand for the thing."""
    while tokens and (is_adverb(tokens[0]) or tokens[0].text in DETERMINERS):
        tokens = tokens[1:]
    if not tokens or not tokens[0].word:
        return ()
    return is_cause(following(_without_people(tokens), limit=MAX_CAUSE))


def is_cause(tokens: Tokens) -> Tokens:
    """The tokens, if they name something that may act; else none."""
    if all(t.text in _ANY_CAUSE for t in tokens) or tokens[-1].text in _SOURCES:
        return ()
    return tokens


def _goes_on(tokens: Tokens, at: int) -> bool:
    """Whether "to" belongs to the name ("resistance to rust"): a noun before it, no verb or number after it."""
    after = tokens[at + 1 : at + 2]
    return (
        at > 0 and bool(after) and after[0].word and tokens[at - 1].text.endswith(("ance", "ence", "ity", "ure", "se"))
    )


def _names_more(tokens: Tokens, at: int) -> bool:
    """Whether "and" joins one more noun rather than one more verb."""
    rest = [t for t in tokens[at + 1 : at + 4] if not is_adverb(t)]
    if not rest or not rest[0].word or rest[0].text in _STOPS_EFFECT | DETERMINERS | _EMPTY_HEADS:
        return bool(rest) and rest[0].text in DETERMINERS
    verb = rest[0].text.endswith("ed") or signs.transitive(rest[0].text) or rest[0].text in signs.LEADS
    return not verb and not any(t.text in BE for t in rest)


def _after_report(tokens: Tokens) -> Tokens:
    """What follows "we found that", "the results suggest"."""
    for i in range(len(tokens) - 1, 0, -1):
        if tokens[i].text == "that" and any(_REPORTS.match(t.text) for t in tokens[max(0, i - 2) : i]):
            return tokens[i + 1 :]
    return tokens


def _last_part(tokens: Tokens) -> Tokens:
    """What follows the last comma; a list ("A, B and C") whole."""
    commas = [i for i, t in enumerate(tokens) if t.text == ","]
    if not commas:
        return tokens
    tail = tokens[commas[-1] + 1 :]
    listed = any(t.text in ("and", "or") for t in tail)
    if listed and tokens[0].text not in _FRONTED and not is_adverb(tokens[0]):
        return tokens if len(tokens) <= MAX_CAUSE else ()
    return tail if (tail and tokens[0].text in _FRONTED) or (tail and is_adverb(tokens[0])) else ()


def _after_place(tokens: Tokens) -> Tokens:
    """ "On loam the amendment" -> "the amendment": where a place comes first, the next article begins the subject."""
    if not tokens or tokens[0].text not in ("on", "in", "at", "under"):
        return tokens
    at = next((i for i in range(2, len(tokens)) if tokens[i].text in ("the", "a", "an")), None)
    if at is None or tokens[at - 1].text in PREPOSITIONS or "and" in (tokens[at - 1].text, tokens[-1].text):
        return tokens
    return tokens[at:]


def _without_people(tokens: Tokens) -> Tokens:
    """ "Patients who received X" -> "X": the thing given stands for those who were given it."""
    at = next((i for i, t in enumerate(tokens[:6]) if t.text in _PEOPLE), None)
    if at is None:
        return tokens
    group = next((i for i in range(at + 1, len(tokens)) if tokens[i].text in _GROUPS), None)
    if at == 0 and len(tokens) > 1 and tokens[1].text in ("in", "from", "on", "of"):
        return [t for t in tokens[2:group] if t.text not in DETERMINERS] if group is not None else ()
    given = next((i for i in range(at + 1, min(at + 5, len(tokens))) if tokens[i].text in _GIVEN), None)
    if given is None or any(t.text not in _LEADS for t in tokens[at + 1 : given]):
        return tokens
    rest = list(tokens[given + 1 :])
    while rest and rest[0].text in _LEADS:
        rest.pop(0)
    return rest


def _trim(tokens: Tokens) -> Tokens:
    """Without determiners, adverbs and joining words at its ends, and without "group" after what it was given."""
    kept = list(tokens)
    while kept and (kept[0].text in DETERMINERS or kept[0].text in ("and", "or", "then", ",") or is_adverb(kept[0])):
        kept.pop(0)
    while kept and (is_adverb(kept[-1]) or kept[-1].text in AUXILIARIES | {OPEN, ",", "."}):
        kept.pop()
    while len(kept) > 1 and kept[-1].text in _GROUPS:
        kept.pop()
    return kept


def _is_name(tokens: Tokens, limit: int) -> bool:
    """Whether this is a noun phrase that names something by itself."""
    if not tokens or sum(t.word for t in tokens) > limit:
        return False
    first, last = tokens[0].text, tokens[-1].text
    if first in _EMPTY_HEADS | PREPOSITIONS | NEGATIONS or last in PREPOSITIONS | DETERMINERS | NEGATIONS | _HALF:
        return False
    if signs.comparative(last):
        return False
    if any(
        t.text in _RELATIVES | AUXILIARIES | {"we", "there", "it", "they"} or _REPORTED.match(t.text) for t in tokens
    ):
        return False
    if first.endswith("ed") and len(tokens) > 1 and tokens[1].text in PREPOSITIONS:
        return False
    return any(len(t.text) > 1 and t.word and t.text not in _EMPTY_HEADS for t in tokens)
