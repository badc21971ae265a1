"""Words that point up or down in a claim and in its evidence, and where the two point apart.

Pure; English by lists of words, and six Chinese words. Speaks only where both texts say of the same thing, in words
they share, that it goes opposite ways; whatever is denied ("did not increase"), or rests on a lack or a loss in one
text only, is left undecided. Does not follow chains of reasoning.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.surroundings import Text, Word, likeness, read_words


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MIN_LIKENESS = 0.2
"""Least likeness of the places of two words that point apart; set on SciFact train."""
MARGIN = 1.1
"""How many times more alike than the best place that agrees."""
MIN_LIKENESS_ACROSS = 0.4
"""The same for two words of different families (increases, prevents)."""
SOLE = 0.6
"""How much of that is enough where no word of the evidence that agrees shares a word with the place in the
claim. SciFact train, four fifths: 7 more of 104 swaps found for 3 more flags at 602 claims."""
OBJECT_WORDS = 4
"""Content words after a pointing word that may be what it is said of; one must stand beside the other word."""
BESIDE = 6
"""Words to either side of the evidence's word."""
ACTED_ON, ACTED_ON_REACH = 2, 4
"""Content words right after a pointing word that are what it acts on, and the words in which they must stand."""
MAX_CLAIM_CUES = 32
MAX_CUES = 400
"""Pointing words looked at in a claim and in its evidence."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A word at [start, end) that points up (+1) or down (-1); `family` names the pair of opposites it belongs to."""

    start: int
    end: int
    at: int
    family: str
    sign: int
    text: str


@dataclass(frozen=True, slots=True)
class Opposition:
    """A word of the claim and a word of the evidence that point apart; `likeness`, 0..1, of their places."""

    claim: Pointer
    evidence: Pointer
    likeness: float


# Family, words that point up, words that point down; a word is named by its beginning, "=" ends a whole word.
_FAMILIES: tuple[tuple[str, str, str], ...] = (
    (
        "amount",
        "increas rais= raise= raises= raised= raising= rise= rises= rose= risen= rising= elevat grow= grew= grown= "
        "augment upregulat upshift gain= gains= gained= expan overexpress hyper heighten escalat exceed",
        "decreas reduc= reduce= reduces= reduced= reducing= reduction= reductions= lower= lowers= lowered= lowering= "
        "declin diminish fall= falls= fell= "
        "fallen= falling= drop= drops= dropped= downregulat lessen shrink= shrank= shrunk= underexpress curtail dwindl "
        "minimi lost=",
    ),
    ("rank", "higher= greater=", "lower="),
    ("level", "high= higher= highest=", "low= lower= lowest="),
    ("more", "more=", "less= fewer="),
    ("size", "larger= bigger= largest= greater=", "smaller= smallest="),
    ("length", "longer= prolong lengthen=", "shorter= shorten= shortened= shortens= shortest="),
    ("speed", "faster= accelerat quicker= earlier=", "slower= delay slow= slows= slowed= decelerat later="),
    ("strength", "stronger= strengthen", "weaker= weaken"),
    (
        "act",
        "activat promot induc stimulat enhanc facilitat potentiat trigger amplif boost accelerat foster evok elicit "
        "encourag",
        "inhibit prevent suppress block= blocks= blocked= blocking= blockade= attenuat impair abolish abrogat repress "
        "silenc inactivat deactivat hinder hamper restrict limit= limits= limited= dampen blunt "
        "counteract antagoni interfer imped thwart discourag",
    ),
    (
        "worth",
        "better= best= improv benefi superior= favorabl favourabl enhanc",
        "worse= worst= worsen poorer= poor= harm inferior= deteriorat unfavorabl unfavourabl impair "
        "compromis",
    ),
    ("sense", "positive= positively= directly=", "negative= negatively= inverse= inversely="),
    ("ability", "effective= efficacious= able=", "ineffective= inefficacious= unable="),
    ("stability", "stable= stabiliz stabilis stabilit", "unstable= destabiliz destabilis instabilit"),
    ("hazard", "aggravat exacerbat worsen intensif", "alleviat mitigat ameliorat protect reliev"),
)  # fmt: skip
_CHANGE = {"amount", "rank", "act", "hazard"}
"""Families whose words may oppose each other: "increases" and "inhibits"."""
_LOOKALIKES = _words(
    "raison growth inducible activator activators inhibitor inhibitors suppressor suppressors promoter promoters "
    "repressor inducer blocker blockers enhancer enhancers stimulator hypertension hypertensive hyperplasia "
    "hyperthermia hyperactivity hyperglycemia hyperglycaemia hyperlipidemia hypersensitivity hypertrophy expanse "
    "harmony harmonic benefice potentiation"
)
_SENSES = frozenset({"positive", "negative", "effective", "ineffective"})
_REGULATED = frozenset({"regulate", "regulates", "regulated", "regulation"})
_DASHES = frozenset("-‐‑–")
_CHINESE = {"增加": 1, "升高": 1, "提高": 1, "减少": -1, "降低": -1, "下降": -1}
_NEGATIONS = _words(
    "not no never without neither nor cannot unable fails failed failing fail didn't doesn't don't isn't wasn't "
    "weren't couldn't unlikely hardly unchanged unaffected 不 没 未 无"
)
_LACK = re.compile(
    r"lack|loss|absen|deficien|deplet|delet|knock|disrupt|ablat|eliminat|null$|antagonis|inhibit|block|suppress|silenc|"
    r"mutant|mutat|inactivat|removal|withdraw|depriv|interrupt|without|haploinsuff|neutraliz"
)
"""Beginnings of words that turn a sentence about a thing into one about its lack."""
NEGATION_REACH = 5
"""Words from a negation to the word it denies, at most."""
SUBJECT_REACH = 20
"""Words before a pointing word that are searched for a lack or a loss."""


def _patterns() -> dict[int, list[tuple[str, re.Pattern[str]]]]:
    def one(words: str) -> re.Pattern[str]:
        return re.compile("|".join(w[:-1] + "$" if w.endswith("=") else w for w in words.split()))

    return {
        +1: [(family, one(up)) for family, up, _ in _FAMILIES],
        -1: [(family, one(down)) for family, _, down in _FAMILIES],
    }


_PATTERNS = _patterns()


def oppositions(claim: str, evidence: str) -> tuple[Opposition, ...]:
    """The words of a claim whose best counterpart in the evidence points the other way, in the claim's order."""
    mine, theirs = read_words(claim), read_words(evidence)
    ours, others = pointers(claim, mine)[:MAX_CLAIM_CUES], pointers(evidence, theirs)
    if not ours or not others:
        return ()
    found = [o for p in ours if (o := _opposed(p, mine, theirs, others)) is not None]
    found = [o for o in found if not _fits_better(o, ours, mine, theirs)]
    return tuple(_odd_sentences(found, mine))


def pointers(text: str, read: Text) -> list[Pointer]:
    """The pointing words of a text that nothing denies."""
    found = []
    for word in read.words:
        token = text[word.start : word.end].casefold()
        for sign, family in _readings(token, read, word, text):
            if not _is_denied(text, read.words, word):
                found.append(Pointer(word.start, word.end, word.at, family, sign, text[word.start : word.end]))
        if len(found) >= MAX_CUES:
            break
    return found


def _readings(token: str, read: Text, word: Word, text: str) -> list[tuple[int, str]]:
    pair = text[word.start : word.start + 2]
    if pair in _CHINESE:
        return [(_CHINESE[pair], "amount")]
    if token in _REGULATED:
        before = text[max(0, word.start - 5) : word.start].casefold()
        sign = 1 if before.endswith(("up-", "up ")) else -1 if before.endswith(("down-", "own ")) else 0
        return [(sign, "amount")] if sign else []
    if (
        token in _LOOKALIKES
        or (token.endswith(("ory", "ive", "ives")) and token not in _SENSES)
        or (text[word.start - 1 : word.start] in _DASHES and token.endswith("ed"))
    ):
        return []
    return [(sign, family) for sign in (+1, -1) for family, pattern in _PATTERNS[sign] if pattern.match(token)]


def _is_denied(text: str, words: tuple[Word, ...], word: Word) -> bool:
    before = words[max(0, word.at - NEGATION_REACH) : word.at]
    return any(_denies(text, w) for w in before if w.clause == word.clause)


def _denies(text: str, word: Word) -> bool:
    """Whether a word is a negation; "but not" and "not only" deny no verb ("memory, but not naive, cells enhance")."""
    if text[word.start : word.end].casefold().replace("’", "'") not in _NEGATIONS:
        return False
    return not (text.endswith("but ", 0, word.start) or text.startswith(" only ", word.end))


def _opposed(mine: Pointer, claim: Text, evidence: Text, others: Iterable[Pointer]) -> Opposition | None:
    around = claim.near(mine.start, mine.end)
    agreed, against = 0.0, list[tuple[float, Pointer]]()
    for other in others:
        if other.family != mine.family and not {other.family, mine.family} <= _CHANGE:
            continue
        score = likeness(around, evidence.near(other.start, other.end))
        if other.sign == mine.sign:
            agreed = max(agreed, score)
        else:
            against.append((score, other))
    enough = claim.strictness(mine.start) * (1.0 if agreed else SOLE)
    against = [
        (score, other)
        for score, other in against
        if score > 0.0
        and score >= enough * (MIN_LIKENESS if other.family == mine.family else MIN_LIKENESS_ACROSS)
        and _of_the_same_thing(mine, claim, other, evidence)
    ]
    score, opposed = max(against, key=lambda found: found[0], default=(0.0, mine))
    return Opposition(mine, opposed, score) if against and score >= MARGIN * agreed else None


def _of_the_same_thing(mine: Pointer, claim: Text, other: Pointer, evidence: Text) -> bool:
    """Whether two words may be said of one thing: both of it or both of its lack, the claim's object beside the other
    word, and what that acts on is not what acts in the claim ("A inhibits B", "C induces A")."""
    return (
        _lacks(evidence, other) == _lacks(claim, mine)
        and bool(_objects(claim, mine) & _beside(evidence, other))
        and not _acts_on_subject(mine, claim, other, evidence)
    )


def _acts_on_subject(mine: Pointer, claim: Text, other: Pointer, evidence: Text) -> bool:
    here, there = claim.words[mine.at], evidence.words[other.at]
    next_words = evidence.words[other.at + 1 : other.at + 1 + ACTED_ON_REACH]
    acted_on = [w.stem for w in next_words if _goes_with(w, there)][:ACTED_ON]
    before = {w.stem for w in claim.words[: mine.at] if _goes_with(w, here)}
    after = {w.stem for w in claim.words[mine.at + 1 :] if _goes_with(w, here)}
    return len(acted_on) == ACTED_ON and set(acted_on) <= before - after


def _fits_better(o: Opposition, ours: list[Pointer], claim: Text, evidence: Text) -> bool:
    """Whether another word of the claim agrees with the evidence's and stands in more like a place."""
    there = evidence.near(o.evidence.start, o.evidence.end)
    mine = likeness(claim.near(o.claim.start, o.claim.end), there)
    return any(
        p.sign == o.evidence.sign and p.family == o.evidence.family
        and likeness(claim.near(p.start, p.end), there) >= mine
        for p in ours
    )  # fmt: skip


def _objects(text: Text, pointer: Pointer) -> set[str]:
    """What a pointing word of a claim is said of: the content words after it, or where none follow, before it."""
    here = text.words[pointer.at]
    after = [w.stem for w in text.words[pointer.at + 1 : pointer.at + 2 + 2 * OBJECT_WORDS] if _goes_with(w, here)]
    before = [w.stem for w in text.words[max(0, pointer.at - 2 * OBJECT_WORDS) : pointer.at] if _goes_with(w, here)]
    return set(after[:OBJECT_WORDS] + before[-1:] if after else before[-OBJECT_WORDS:])


def _beside(text: Text, pointer: Pointer) -> set[str]:
    here = text.words[pointer.at]
    around = text.words[max(0, pointer.at - BESIDE) : pointer.at + BESIDE + 1]
    return {w.stem for w in around if _goes_with(w, here)}


def _goes_with(word: Word, here: Word) -> bool:
    return word.content and word.sentence == here.sentence and word.at != here.at


def _lacks(text: Text, pointer: Pointer) -> bool:
    """Whether the words before a pointing word speak of a lack or a loss, an odd number of times."""
    here = text.words[pointer.at]
    before = text.words[max(0, pointer.at - SUBJECT_REACH) : pointer.at]
    return sum(bool(_LACK.match(w.stem)) for w in before if w.clause == here.clause) % 2 == 1


def _odd_sentences(found: list[Opposition], claim: Text) -> list[Opposition]:
    """Two opposed words in one sentence turn its meaning back ("less A, less B" and "more A, more B")."""
    per_sentence: dict[int, set[int]] = defaultdict(set)
    for o in found:
        per_sentence[claim.words[o.claim.at].sentence].add(o.claim.at)
    kept: dict[int, Opposition] = {}
    for o in found:
        if len(per_sentence[claim.words[o.claim.at].sentence]) % 2:
            kept.setdefault(o.claim.at, o)
    return list(kept.values())
