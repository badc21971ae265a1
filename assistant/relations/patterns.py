"""A sentence -> the edges that it states: what acts, on what, and which way. By rule, English.

Pure. Nine forms are known (active, passive, association, no effect, nouns of change, comparison, difference, "had
lower", "rose with"); any other says nothing. It reads one sentence: a pronoun names nothing here, and what a sentence
only asks, plans or supposes is no finding. Two conventions: "did not raise" is no effect (0), and what gets better
goes up, but for a bad thing (pain), which goes down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from assistant.polarity import Axis, read
from assistant.relations import signs
from assistant.relations.phrases import (
    AUXILIARIES,
    BE,
    DETERMINERS,
    NEGATIONS,
    OPEN,
    Token,
    Tokens,
    cause_after,
    clauses,
    following,
    is_adverb,
    is_cause,
    subject,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_SENTENCE = 2000
"""Characters of a sentence that is read; a longer one is a table or a list."""
NEAR = 4
"""Words between a verb and its auxiliary, and between a pointing word and "with", at most."""

_ASKS = re.compile(
    r"\b(?:whether|hypothes\w+|aim(?:s|ed)?|objective|purpose|goal|if|unclear|unknown|we (?:test|investigat|examin|ask|"
    r"explor|evaluat|assess|stud|sought|want)\w*|in order to|to (?:determine|test|examine|assess|investigate|evaluate)|"
    r"future|should|calculated that|sample size|power|neither|questions?|designed to|attempt\w*|expected)\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:not|no|without|any) (?:statistically )?significant|\bnon-?significant|\bn\.s\."
    r"|\bfail\w* to (?:achieve|reach)|\bdid not (?:achieve|reach)|\bexcept|\bat baseline\b",
    re.IGNORECASE,
)
_BASELINE = re.compile(r"\bat baseline\b|\bexcept", re.IGNORECASE)
_P_VALUE = re.compile(r"\bp(?:[ -]values?)?\s*([=<>≤≥])\s*(0?[.·]\d+)", re.IGNORECASE)
CHANCE = 0.05
"""A p value from which a difference is taken for chance: an edge whose p values are all so large states no effect."""
_HEDGES = re.compile(
    r"\b(?:may|might|could|can|possibly|probably|likely|potentially|perhaps|presumably|apparently|suggest(?:s|ed|ing)?|"
    r"appear(?:s|ed)?|seem(?:s|ed)?|tend(?:s|ed)? to|would|thought to|believed to)\b",
    re.IGNORECASE,
)
_BY = _words("by")
_AFTER_CHANGE = _words("with after following under by upon")
_COMPARED_IN = _words("with in after under following among for at")
_SHOWED = _words("had have has showed shows show shown exhibited displayed experienced reported exhibit")
_LINKS = _words("associated linked correlated correlates correlate related")
_SENSES = {"positively": 1, "directly": 1, "negatively": -1, "inversely": -1}
_EFFECT = _words("effect effects impact influence")
_TO_OBJECT = _words("on upon")
_SAME = _words("unchanged unaffected unaltered similar comparable")
_BARE_AFTER = _words("to may might could can would did does do not didn't doesn't don't cannot will")
_FOUND_TO = _words("found shown reported known observed seen seems seem appears appear tends tend tended likely able "
                   "failed fails fail unable helped helps proven seemed appeared")  # fmt: skip
_FAILS = _words("failed fails fail unable")


@dataclass(frozen=True, slots=True)
class Edge:
    """What a sentence states: `sentence[a:b]` for each of cause, relation and effect. `sign` is +1 (raises), -1
    (lowers) or 0 (no effect); `hedge` the words that weaken it."""

    cause: tuple[int, int]
    relation: tuple[int, int]
    effect: tuple[int, int]
    sign: int
    hedge: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """Tokens of cause and effect, places [first, last] of the words between, and the sign."""

    cause: Tokens
    first: int
    last: int
    effect: Tokens
    sign: int


def edges(sentence: str) -> list[Edge]:
    """The edges of one sentence, in order; none for a question, an aim, a supposition or a language that is not
    English. Causes and effects are places in the sentence as given."""
    if len(sentence) > MAX_SENTENCE or sentence.rstrip().endswith(("?", "？")) or _ASKS.search(sentence):
        return []
    found: list[Edge] = []
    for clause in clauses(sentence):
        for edge in _in_clause(sentence, clause):
            if edge is not None and all((edge.cause, edge.effect) != (o.cause, o.effect) for o in found):
                found.append(edge)
    return found


def _in_clause(sentence: str, clause: list[Token]) -> Iterator[Edge | None]:
    cause: Tokens = ()
    spent = -1
    for i in range(len(clause)):
        if i <= spent or not clause[i].word:
            continue
        found = next((f for form in _FORMS if (f := form(clause, i)) is not None), None)
        if found is None:
            found = _continued(clause, i, cause)
        if found is None or not found.cause or not found.effect:
            continue
        cause, spent = (found.cause if found.cause[0].start < found.effect[0].start else ()), found.last
        yield _checked(sentence, clause, found)


def _checked(sentence: str, clause: Tokens, found: _Found) -> Edge | None:
    """The edge, if what the statistics and the other cues of its clause say leaves no doubt of its sign."""
    sign = found.sign
    text = sentence[clause[0].start : clause[-1].end]
    if (_DOUBT if sign else _BASELINE).search(sentence):
        return None
    relation = (clause[found.first].start, clause[found.last].end)
    if sign and _is_chance(text):
        if "significantly" in sentence[relation[0] : relation[1]]:
            return None
        sign = 0
    elif sign:
        cues = [c for c in read(text).cues if c.axis is not Axis.LINK]
        if cues and all(c.sign == 0 for c in cues) and "not only" not in text:
            return None
    cause, effect = _span(found.cause), _span(found.effect)
    if cause[0] < effect[1] and effect[0] < cause[1]:
        return None
    return Edge(cause, relation, effect, sign, _hedge(sentence))


def _is_chance(text: str) -> bool:
    values = _P_VALUE.findall(text)
    return bool(values) and all(mark not in "<≤" and float(value.replace("·", ".")) >= CHANCE for mark, value in values)


def _span(tokens: Tokens) -> tuple[int, int]:
    return tokens[0].start, tokens[-1].end


def _hedge(sentence: str) -> str:
    return ", ".join(dict.fromkeys(m.group().casefold() for m in _HEDGES.finditer(sentence)))


def _back(tokens: Tokens, at: int) -> int:
    """The place where the verb group ending before `at` begins: adverbs, auxiliaries, negations."""
    while at > 0 and (
        is_adverb(tokens[at - 1])
        or tokens[at - 1].text in AUXILIARIES | NEGATIONS
        or (tokens[at - 1].text == OPEN and at > 1)
    ):
        at -= 1
    return at


def _denied(tokens: Tokens) -> bool:
    if any(a.text == "not" and b.text == "only" for a, b in pairwise(tokens)):
        return False
    return sum(t.text in NEGATIONS or t.text in _FAILS for t in tokens) % 2 == 1


def _skip(tokens: Tokens, at: int) -> int:
    """The place of the first token from `at` that is no adverb, determiner or bracket."""
    while at < len(tokens) and (
        (is_adverb(tokens[at]) and not signs.comparative(tokens[at].text)) or tokens[at].text in DETERMINERS | {OPEN}
    ):
        at += 1
    return at


def _passive(tokens: Tokens, i: int) -> _Found | None:
    """ "Y was reduced by X"."""
    sign = signs.transitive(tokens[i].text)
    start = _back(tokens, i)
    group = tokens[start:i]
    if not (sign or signs.NEUTRAL.match(tokens[i].text)) or not any(t.text in BE for t in group):
        return None
    by = next((k for k in range(i + 1, min(i + 1 + 3 * NEAR, len(tokens))) if tokens[k].text in _BY and
               cause_after(tokens[k + 1 :])), None)  # fmt: skip
    if by is None:
        return None
    effect = subject(tokens[:start])
    denied = _denied(group)
    if not denied and not sign:
        return None
    return _found(cause_after(tokens[by + 1 :]), start, by, effect, 0 if denied else sign, tokens[i].text)


def _active(tokens: Tokens, i: int) -> _Found | None:
    """ "X reduced Y", "X did not change Y", "X failed to improve Y", "Statins lower cholesterol"."""
    verb = _verb(tokens, i)
    if verb is None:
        return None
    start, sign, end = verb
    group = tokens[start:i]
    if any(t.text in BE for t in group if t.text != "been") and not any(t.text in _FOUND_TO for t in group):
        return None
    cause = is_cause(subject(tokens[:start]))
    if not cause or (start == i and tokens[i].text.endswith("ed") and _verb_follows(tokens, i)):
        return None
    return _object(tokens, cause, start, end, sign, denied=_denied(group))


def _verb_follows(tokens: Tokens, i: int) -> bool:
    """Whether another verb follows before the clause turns: then "inactivated" in "the inactivated vaccine was given"
    is no verb."""
    for token in tokens[i + 1 :]:
        if token.text in (",", "and", "that", "which", "who", "than", "as", "or"):
            return False
        if token.text in AUXILIARIES:
            return True
    return False


def _object(tokens: Tokens, cause: Tokens, start: int, end: int, sign: int, *, denied: bool) -> _Found | None:
    """The edge of a verb that ends at `end`, with its object; an object that is a change turns the sign."""
    verb = tokens[end].text
    at = _skip(tokens, end + 1)
    if sign and (verb in signs.CAUSES or verb in signs.LEADS.values()):
        changed = _change(tokens, at) or _compared(tokens, at)
        if changed is not None:
            last, effect, change = changed
            return _Found(cause, start, last, effect, 0 if denied else change) if effect else None
    effect = following(tokens[at:])
    if not effect or signs.change_noun(effect[-1].text):
        return None
    if not sign and not denied:
        return None
    word = verb if verb not in signs.LEADS.values() else "causes"
    return _found(cause, start, end, effect, 0 if denied else sign, word)


def _verb(tokens: Tokens, i: int) -> tuple[int, int, int] | None:
    """(first place of the verb group, sign, last place) of a finite verb at `i`."""
    word = tokens[i].text
    before = tokens[i - 1].text if i else ""
    start = _back(tokens, i)
    bare = before in _BARE_AFTER or (start < i and any(t.text in _BARE_AFTER for t in tokens[start:i]))
    if before == "to" or (i > 1 and is_adverb(tokens[i - 1]) and tokens[i - 2].text == "to"):
        at = i - 1 if before == "to" else i - 2
        if at < 1 or tokens[at - 1].text not in _FOUND_TO:
            return None
        start = _back(tokens, at - 1)
    if word in signs.LEADS:
        after = tokens[i + 1].text if i + 1 < len(tokens) else ""
        return (start, 1, i + 1) if after == signs.LEADS[word] else None
    if signs.NEUTRAL.match(word):
        return start, 0, i
    plural = start == i and before.endswith("s") and not before.endswith(("ss", "us", "is"))
    sign = signs.transitive(word, bare=bare or (plural and not signs.change_noun(word)))
    if (not sign and bare and word == "lower") or (not sign and plural and word == "lower" and i == 1):
        sign = -1
    if not sign:
        return None
    if word.startswith("protect"):
        after = tokens[i + 1].text if i + 1 < len(tokens) else ""
        return (start, sign, i + 1) if after in ("against", "from") else None
    return start, sign, i


def _continued(tokens: Tokens, i: int, cause: Tokens) -> _Found | None:
    """ "... and reduced Z", said of the cause of the edge before it."""
    start = _back(tokens, i)
    if (
        not cause
        or start < 1
        or tokens[start - 1].text not in ("and", ",")
        or (start != i and _denied(tokens[start:i]))
    ):
        return None
    sign = signs.transitive(tokens[i].text)
    return _object(tokens, cause, start, i, sign, denied=False) if sign else None


def _linked(tokens: Tokens, i: int) -> _Found | None:
    """ "X was associated with lower Y", "X correlated negatively with Y", "X was unrelated to Y"."""
    word = tokens[i].text
    if word not in _LINKS and word != "unrelated":
        return None
    link = next((k for k in range(i + 1, min(i + 4, len(tokens))) if tokens[k].text in ("with", "to")), None)
    start = _back(tokens, i)
    if link is None or (start == i and not word.startswith("correlate")):
        return None
    cause = is_cause(subject(tokens[:start]))
    sense = next((_SENSES[t.text] for t in tokens[start:link] if t.text in _SENSES), 0)
    denied = _denied(tokens[start:i]) or word == "unrelated"
    at = _skip(tokens, link + 1)
    changed = _change(tokens, at) or _compared(tokens, at)
    if changed is not None and not sense:
        last, effect, sign = changed
        return _Found(cause, start, last, effect, 0 if denied else sign)
    effect = following(tokens[at:])
    return _Found(cause, start, link, effect, 0 if denied else sense) if denied or sense else None


def _change(tokens: Tokens, at: int) -> tuple[int, Tokens, int] | None:
    """(last place, Y, sign) for "(significant) reduction in Y" at `at`."""
    for k in range(at, min(at + 3, len(tokens) - 1)):
        sign = signs.change_noun(tokens[k].text)
        if sign and tokens[k + 1].text in ("in", "of"):
            effect = following(tokens[k + 2 :])
            return k + 1, effect, signs.sign_for(tokens[k].text, _text(effect))
        if not tokens[k].word:
            return None
    return None


def _compared(tokens: Tokens, at: int) -> tuple[int, Tokens, int] | None:
    """(last place, Y, sign) for "(significantly) lower Y" at `at`."""
    at = _skip(tokens, at)
    if at >= len(tokens) or not signs.comparative(tokens[at].text):
        return None
    effect = following(tokens[at + 1 :])
    if any(signs.change_noun(t.text) for t in effect):
        effect = ()  # "smaller increases in Y" says little of Y itself
    return at, effect, signs.sign_for(tokens[at].text, _text(effect))


def _no_effect(tokens: Tokens, i: int) -> _Found | None:
    """ "no effect of X on Y", "X had no effect on Y"."""
    if tokens[i].text not in _EFFECT or i + 1 >= len(tokens):
        return None
    before = [t.text for t in tokens[max(0, i - 3) : i]]
    if "no" not in before and not {"not", "any"} <= {t.text for t in tokens[max(0, i - 6) : i]}:
        return None
    on = next((k for k in range(i + 1, min(i + 12, len(tokens))) if tokens[k].text in _TO_OBJECT), None)
    if on is None:
        return None
    effect = following(tokens[_skip(tokens, on + 1) :])
    if tokens[i + 1].text == "of":
        return _Found(cause_after(tokens[i + 2 : on]), i, on, effect, 0)
    had = next((k for k in range(i - 1, max(-1, i - 6), -1) if tokens[k].text in ("had", "has", "have")), None)
    if had is None or on != i + 1:
        return None
    start = _back(tokens, had)
    return _Found(subject(tokens[:start]), start, on, effect, 0)


def _change_with(tokens: Tokens, i: int) -> _Found | None:
    """ "a reduction in Y with X"."""
    changed = _change(tokens, i) if signs.change_noun(tokens[i].text) else None
    if changed is None or not changed[1]:
        return None
    last, effect, sign = changed
    at = next(k for k in range(len(tokens)) if tokens[k] is effect[-1]) + 1
    if at >= len(tokens) or tokens[at].text not in _AFTER_CHANGE:
        return None
    before = [t.text for t in tokens[max(0, i - NEAR) : i]]
    denied = any(w in NEGATIONS for w in before)
    return _Found(cause_after(tokens[at + 1 :]), i, last, effect, 0 if denied else sign)


def _lower_with(tokens: Tokens, i: int) -> _Found | None:
    """ "Y was lower with X than without", "Y was faster after X", "Y decreased with X"."""
    word = tokens[i].text
    start = _back(tokens, i)
    group = [t.text for t in tokens[start:i]]
    sign = signs.comparative(word) if any(w in BE for w in group) or "remained" in group else 0
    if not sign and (not group or not any(w in BE for w in group)):
        sign = signs.intransitive(word)
        if tokens[start - 1].text == "to" or not start:
            return None
    at = next((k for k in range(i + 1, min(i + 1 + NEAR, len(tokens))) if tokens[k].text in _COMPARED_IN), None)
    if not sign or at is None or any(not is_adverb(t) for t in tokens[i + 1 : at]):
        return None
    if tokens[at].text in ("in", "among", "for", "at") and not _against(tokens, at):
        return None
    effect = subject(tokens[:start])
    named = cause_after(tokens[at + 1 :])
    return _found(named, start, at, effect, 0 if _denied(tokens[start:i]) else sign, word)


def _against(tokens: Tokens, at: int) -> bool:
    """Whether what stands after "in" is set against something else, or is a group of an experiment."""
    return any(t.text in ("than", "compared", "versus", "vs", "relative") for t in tokens[at:])


def _had_lower(tokens: Tokens, i: int) -> _Found | None:
    """ "X had lower Y than Z"."""
    if tokens[i].text not in _SHOWED:
        return None
    start = _back(tokens, i)
    at = _skip(tokens, i + 1)
    changed = _compared(tokens, at) or _change(tokens, at)
    cause = is_cause(subject(tokens[:start]))
    if changed is None or not cause or any(t.text in BE for t in tokens[start:i]):
        return None
    last, effect, sign = changed
    return _Found(cause, start, last, effect, 0 if _denied(tokens[start : i + 1]) else sign)


def _no_difference(tokens: Tokens, i: int) -> _Found | None:
    """ "no difference in Y between X and Z", "Y did not differ between X and Z", "Y was similar with X and Z"."""
    word = tokens[i].text
    if word in ("difference", "differences"):
        if not any(t.text == "no" for t in tokens[max(0, i - 3) : i]) or i + 1 >= len(tokens):
            return None
        return _difference_in(tokens, i) if tokens[i + 1].text == "in" else None
    start = _back(tokens, i)
    same = word in _SAME and any(t.text in BE or t.text == "remained" for t in tokens[start:i])
    if not same and not (word.startswith("differ") and word != "different" and _denied(tokens[start:i])):
        return None
    at = next((k for k in range(i + 1, min(i + 3, len(tokens))) if tokens[k].text in ("between", "with", "in")), None)
    if at is None or _denied(tokens[start:i]) == same:
        return None
    cause = _first_of_two(tokens[at + 1 :], needed=tokens[at].text != "with")
    return _Found(cause, start, at, subject(tokens[:start]), 0)


def _difference_in(tokens: Tokens, i: int) -> _Found | None:
    effect = following(tokens[_skip(tokens, i + 2) :])
    between = next((k for k in range(i + 2, len(tokens)) if tokens[k].text == "between"), None)
    if between is None or not effect:
        return None
    return _Found(_first_of_two(tokens[between + 1 :], needed=True), i, i + 1, effect, 0)


def _first_of_two(tokens: Tokens, *, needed: bool) -> Tokens:
    """X of "X and Z"; nothing where only one stands there ("the two groups") and two are `needed`."""
    at = next((k for k, t in enumerate(tokens) if t.text == "and"), None)
    if at is None or any(t.text == "," for t in tokens[:at]):
        return () if needed else cause_after(tokens)
    return cause_after(tokens[:at])


def _found(cause: Tokens, first: int, last: int, effect: Tokens, sign: int, word: str) -> _Found:
    return _Found(cause, first, last, effect, sign and signs.sign_for(word, _text(effect)))


def _text(tokens: Tokens) -> str:
    return " ".join(t.text for t in tokens)


_FORMS: tuple[Callable[[list[Token], int], _Found | None], ...] = (
    _linked, _no_effect, _no_difference, _had_lower, _change_with, _passive, _lower_with, _active,
)  # fmt: skip
