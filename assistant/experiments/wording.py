"""The words of claims about measurements: which point up or down, which name the same thing, which say nothing.

Lists of English words, and how a claim is cut into tokens. Knows no table. What is not on a list is a word that the
table must explain, so a missing synonym leads to "not decidable", never to a wrong reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.experiments.tables import WORD
from assistant.polarity import stem


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the claim at [start, end): `text` in small letters, `key` its stem, `sign` +1 or -1 where it points up
    or down, `concept` the thing an adjective measures ("heavier": mass)."""

    start: int
    end: int
    text: str
    key: str
    sign: int = 0
    concept: str = ""


UP = _words(
    "more higher greater larger bigger increase increases increased increasing rise rises rose risen rising raise "
    "raises raised raising grow grows grew grown growing gain gains gained above exceed exceeds exceeded exceeding "
    "longer elevate elevates elevated boost boosts boosted enhance enhances enhanced up upward upwards stronger "
    "surpass surpasses surpassed lengthen lengthens lengthened prolong prolongs prolonged high positive positively "
    "over"
)
DOWN = _words(
    "less lower fewer smaller decrease decreases decreased decreasing reduce reduces reduced reducing reduction "
    "decline declines declined declining fall falls fell fallen falling drop drops dropped dropping below shorter "
    "shrink shrinks shrank shrunk diminish diminishes diminished lowers lowered lowering weaker down downward "
    "downwards shorten shortens shortened under low negative negatively inverse inversely suppress suppresses "
    "suppressed"
)
ADJECTIVES: dict[str, tuple[str, int]] = {
    "heavier": ("mass", 1), "lighter": ("mass", -1), "longer": ("length", 1), "shorter": ("length", -1),
    "taller": ("height", 1), "older": ("age", 1), "younger": ("age", -1), "warmer": ("temperature", 1),
    "hotter": ("temperature", 1), "colder": ("temperature", -1), "cooler": ("temperature", -1),
    "warmed": ("temperature", 1), "warms": ("temperature", 1), "warming": ("temperature", 1),
    "cooled": ("temperature", -1), "deeper": ("depth", 1), "shallower": ("depth", -1), "wider": ("width", 1),
    "narrower": ("width", -1), "faster": ("speed", 1), "quicker": ("speed", 1), "slower": ("speed", -1),
    "slows": ("speed", -1), "slowed": ("speed", -1), "speeds": ("speed", 1), "denser": ("density", 1),
    "earlier": ("time", -1), "later": ("time", 1), "saltier": ("salinity", 1),
}  # fmt: skip
"""Words that name a measure and which way it goes; speed is turned round where the column holds a time."""
_SYNONYMS = (
    "mass weight weigh weighs weighed wt bodyweight", "length long len", "height tall", "age old aged ages",
    "temperature temp temperatures", "depth deep", "width wide", "speed velocity fast",
    "concentration conc", "sex gender", "female f woman women girls females",
    "male m man men boys males", "mercury hg", "lead pb", "cadmium cd", "arsenic as", "copper cu", "zinc zn",
    "iron fe", "sodium na", "potassium k", "calcium ca", "magnesium mg", "chlorophyll chl",
    "sleep slept sleeps sleeping",
    "drink drank drunk drinks drinking", "oxygen o2", "yield yields yielded harvest", "salinity salt",
    "precipitation rain rainfall precip", "phosphorus p", "nitrogen n", "volume vol", "pressure press",
    "die died dies death deaths dead mortality", "survive survived survival survives", "eat ate eaten eats",
    "wildtype wt", "diameter dia diam",
)  # fmt: skip
_ABBREVIATIONS = {
    "sbp": "systolic blood pressure", "dbp": "diastolic blood pressure", "bp": "blood pressure",
    "bmi": "body mass index", "hr": "heart rate", "doc": "dissolved organic carbon", "do": "dissolved oxygen",
    "rt": "reaction time", "ldl": "ldl cholesterol", "hdl": "hdl cholesterol", "crp": "c reactive protein",
    "gfr": "glomerular filtration rate", "tp": "total phosphorus", "tn": "total nitrogen",
    "soc": "soil organic carbon", "som": "soil organic matter", "od": "optical density", "sla": "specific leaf area",
    "lai": "leaf area index", "chol": "cholesterol", "hba1c": "glycated haemoglobin", "qol": "quality life",
}  # fmt: skip
INDISTINCT = _words(
    "total mean average number no count level value body surface week day month baseline final initial time rate "
    "index score data max min per and of the at in a an test measured measurement content concentration conc amount"
)
"""Words of a header that alone do not tell the column."""
_CONCEPTS: dict[str, str] = {}
for _row in _SYNONYMS:
    for _word in _row.split():
        _CONCEPTS.setdefault(_word, _row.split()[0])

_STOP = _words(
    "a an the and of in on at to for from by with as is are was were be been being it its this that these those than "
    "their there here which who whom whose what when where did do does have has had having each both such also per "
    "then so s t one ones they them he she her his our we had between among across within into during after before "
    "because compared versus vs relative against according out about approximately roughly around nearly almost some "
    "significantly significant statistically substantially considerably markedly clearly strongly strong weak "
    "slightly slight much far even still very rather moderately moderate overall respectively"
)
_GENERIC = _words(
    "patient patients participant participants subject subjects individual individuals people person persons "
    "respondents volunteers plot plots sample samples specimen specimens animal animals plant plants replicate "
    "replicates group groups arm arms trial study experiment survey observation observations record records row rows "
    "mutant mutants variant variants strain strains line lines drinker drinkers user users treatment treatments "
    "treated untreated station stations site sites condition conditions mean means average averages averaged "
    "averaging median medians number numbers count counts level levels concentration concentrations content contents "
    "value values amount amounts share proportion percentage fraction rate rates frequency frequencies often frequent "
    "common commonly rarely prevalence incidence occurrence maximum minimum max min highest lowest most majority all "
    "every no none any least half third twice double doubled doubles triple tripled times fold not never without nor "
    "neither cannot given giving give gives receive received receiving take takes taking took taken get got carry "
    "carries carried contain contains contained hold holds held show shows showed shown shows include includes "
    "included including consist consisted comprise comprised occur occurs occurred lie lies lay remain remained reach "
    "reaches reached go goes went gone going became become follow follows followed following lead leads led leading "
    "result results resulted cause causes caused make makes made observed found measured recorded had tend tends "
    "tended correlate correlates correlated correlating correlation correlations associate associates associated "
    "association relate relates related relation relationship link linked differ differs differed difference "
    "differences different affect affects affected effect effects influence influences influenced depend depends "
    "depended impact impacts change changes changed alter alters altered similar same equal comparable unaffected "
    "unchanged uncorrelated unrelated independent increase decrease reduction rise decline trend body water time "
    "period course years year months weeks days begin beginning end start over since throughout there"
)
ROW_NOUN = re.compile(
    r"\b(?:all|every|each|most|any|(?:at\s+least|more\s+than)\s+one|some|none\s+of|no|half|majority\s+of|%|per\s?cent)\s+"
    r"(?:of\s+)?(?:the\s+)?(?P<noun>[a-z]+)\b|\b(?P<before>[a-z]+s)\s+(?:who|that|which|given|receiving|treated|exposed|assigned)\b",
    re.IGNORECASE,
)
"""The noun that names what a row of the table is: "every plot", "20 % of the students", "students who drank"."""


def key_of(word: str) -> str:
    """What two words must share to be the same: a concept of the synonyms, else the stem, "smoker" as "smoke"."""
    word = word.casefold()
    if word in _CONCEPTS:
        return _CONCEPTS[word]
    stemmed = stem(word)
    if stemmed in _CONCEPTS:
        return _CONCEPTS[stemmed]
    if stemmed.endswith(("er", "or")) and len(stemmed) >= 6:
        stemmed = stemmed[:-2]
    doubled = len(stemmed) >= 5 and stemmed[-1] == stemmed[-2] and word.endswith(("ed", "ing"))
    return stemmed[:-1] if doubled else stemmed


def tokens(claim: str) -> tuple[Token, ...]:
    """The words of a claim in order."""
    return tuple(_token(m) for m in WORD.finditer(claim))


def _token(match: re.Match[str]) -> Token:
    text = match.group().casefold()
    concept, sign = ADJECTIVES.get(text, ("", 0))
    sign = sign or (text in UP) - (text in DOWN)
    plain = len(text) <= 2 and match.group().islower()  # "as" is no arsenic
    return Token(match.start(), match.end(), text, text if plain else key_of(text), sign, concept)


def spelled_out(word: str) -> frozenset[str]:
    """The keys of what an abbreviation of a header stands for; empty for none known."""
    return frozenset(key_of(w) for w in _ABBREVIATIONS.get(word, "").split())


def says_nothing(token: Token) -> bool:
    """Whether a word needs no explanation by the table."""
    return len(token.text) == 1 or token.text in _STOP or token.text in _GENERIC or bool(token.sign or token.concept)
