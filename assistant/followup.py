"""A question that leans on earlier ones -> one that stands alone, by rule: "the second paper", "[3]", "and in men?",
"why?", "does it last?".

Pure; English, and a few forms of Chinese. It knows what was asked and cited before, and nothing of how answers are
made. What it is not sure to be a follow-up it leaves as it is: a question read wrongly is worse than one read alone.
What it makes is shown to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import UsageError
from assistant.types import Evidence, Paper

FRAGMENT_WORDS = 8
"""Words of a question without a verb of its own that may lean on the last one, at most."""
CHINESE_FRAGMENT = 15
"""The same in Chinese characters."""
SHOWN_TITLE = 60
"""Characters of a paper's title in a question, at most."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier turn, as far as a later one may lean on it: its stand-alone question, what it cited, the ids of the
    papers that it named itself, and what it was searched with ("": the question)."""

    question: str
    evidence: tuple[Evidence, ...] = ()
    named: tuple[str, ...] = ()
    query: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """`standalone` is the question for a reader, "" where it stands alone as it is; `query` what to search with, which
    leaves out the names of papers; `papers` the ids of those it is only about, none for all."""

    standalone: str
    query: str
    papers: tuple[str, ...] = ()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ORDINALS = {
    **dict.fromkeys(("first", "1st", "一", "1"), 0),
    **dict.fromkeys(("second", "2nd", "二", "2"), 1),
    **dict.fromkeys(("third", "3rd", "三", "3"), 2),
    **dict.fromkeys(("fourth", "4th", "四", "4"), 3),
    **dict.fromkeys(("fifth", "5th", "五", "5"), 4),
    **dict.fromkeys(("sixth", "6th", "六", "6"), 5),
    "last": -1,
}
_PAPER = r"(?:paper|study|article|trial|publication|report|source|experiment)"
_PAPERS = r"(?:papers|studies|articles|trials|publications|reports|sources|experiments)"
_NOT_NAMED = r"(?!\s+(?:of|that|which|to|on|by|with)\b)"
"""A noun with a description of its own ("the first study of penicillin") points at nothing said before."""
_ORDINAL = re.compile(
    rf"\b(?:in |of |from )?the ({'|'.join(w for w in _ORDINALS if len(w) > 2)}) (?:{_PAPER}|one)\b{_NOT_NAMED}|"
    rf"\b(?:in |of |from )?{_PAPER} (?:no\.? ?|number |#)?([1-6])\b|"
    r"第([一二三四五六1-6])(?:篇|个)(?:论文|文章|研究|文献)?",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"(?:\b(?:in|of|from) )?\[[1-9]\d{0,2}\](?:(?:,| and|, and|,? &)? ?\[[1-9]\d{0,2}\])*", re.IGNORECASE
)
_OTHER = re.compile(rf"\b(?:in |of |from )?the other (?:{_PAPER}|one)\b", re.IGNORECASE)
_ONE = re.compile(rf"\b(?:in |of |from )?(?:this|that|the same) {_PAPER}\b{_NOT_NAMED}", re.IGNORECASE)
_AUTHORS = re.compile(
    r"\bthe authors\b|\b(?<=did )they(?= (?:find|report|measure|use|conclude|say|test|show|observe|recommend|do)\b)",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"\b(?:(?:these|those|both|all|all the|all of the|of the|all these) |^(?:do|did|are|were) the ){_PAPERS}\b", re.I
)

_STOP = _words(
    "a an and or but so then the of in on at to for from by with without under over after before during into than as "
    "about against between among per via what which who whom whose when where why how do does did is are was were be "
    "been being has have had can could may might will would should must not no it its they them their this that these "
    "those he she his her there here also too only even still yet ever any some all both each more most less much many "
    "i you we me us my your our"
)
_GENERIC = _words(
    "sure certain true really right evidence say says said state states find finds found show shows proof know known "
    "think mean means explain elaborate detail details example examples please tell give summarise summarize summary "
    "paper study one conclude agree agrees disagree differ effect effects long often far large big high old"
)
"""Words that a question may have and still say nothing of what it is about."""
_OF_ANY_STUDY = _words(
    "dose doses dosage amount amounts concentration concentrations duration time sample size participants subjects "
    "people plots replicates control controls placebo randomised randomized blinded limitation limitations mechanism "
    "mechanisms method methods side needed used tested measured required found reported strongest largest smallest "
    "best worst significant optimal fast exactly"
)
"""Words of what every study has: a question of nothing else asks it of what was asked last."""
_AUXILIARIES = _words("do does did is are was were has have had can could may might will would should must")
_LEAD = re.compile(r"(?:(?:and|but|or|so|then|ok|okay|what about|how about|what if)\b[\s,:]*)+", re.IGNORECASE)
_PREPOSITIONS = (
    "in|on|of|at|for|from|by|with|without|under|over|after|before|during|among|between|against|since|to|per|within"
)
_PREPOSITIONAL = re.compile(rf"(?:{_PREPOSITIONS})\b", re.IGNORECASE)
_ASKING = re.compile(rf"(?:(?:{_PREPOSITIONS}) )?(?:why|how|when|where|who|what|which|whom)\b", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(it|its|they|them|their)\b", re.IGNORECASE)
_EXPLETIVE = re.compile(
    r"\bit (?:(?:is|was|has been) )?(?:true|clear|known|possible|likely|better|best|important|necessary|safe|shown|"
    r"thought|believed|recommended) (?:that|to)\b",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"^(?:(?:why|how|when|where) )?(?:is|was|has|does|did|can|could|will|would|are|were) (?:this|that|these|those)"
    r"(?:$|\?| (?:been|seen|true|certain|so|work|hold|happen|change|apply|matter|mean|known|proven|also|still|in|for|"
    r"with|because|the|a|always|only|\w+ed)\b)",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"^(?:那么?|为什么|为何|还有|怎么)|它|呢[？?]?$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OPENING = re.compile(
    r"^(?:which|what) (?=\w)|^(?:why|how(?: \w+)?|when|where)?\s*(?:do|does|did|is|are|was|were|has|have|had|can|could|"
    r"may|might|will|would|should)\s+",
    re.IGNORECASE,
)
_EFFECT_OF = re.compile(
    r"^what (?:is|are|was|were) (?:the )?(?:\w+ )?(?:effects?|roles?|impacts?|influences?|uses?|benefits?|risks?|"
    r"consequences?|causes?) of (.+?)(?: (?:on|in|for|among|upon) (.+))?$",
    re.IGNORECASE,
)
_WHAT_IS = re.compile(r"^(?:what|who) (?:is|are|was|were) (.+)$", re.IGNORECASE)
_VERB = re.compile(
    r"(?:increas|decreas|reduc|rais|lower|improv|worsen|affect|chang|caus|prevent|lead|help|harm|work|act|influenc|alter|"
    r"promot|inhibit|protect|induc|enhanc|impair|support|suppress|mak|play|need|requir|depend|differ|correlat|associat|"
    r"predict|treat|cur|regulat|control|modulat|stimulat|trigger|boost|slow|limit|kill|contribut|relat|link|interact|bind|"
    r"block|activat|extend|shorten|damag|benefit|contain|produc|occur|survive|grow|migrat|use|used|good|bad|safe|harmful|"
    r"effective|useful|toxic|better|worse|important|necessary|responsible|possible|able|known|cost|last|delay)"
    r"(?:e|es|s|ed|d|ing|ful|ive)?$",
    re.IGNORECASE,
)
_HOW = re.compile(r"\bhow \w+", re.IGNORECASE)
_ACTED_ON = re.compile(
    rf"(?:does|do|did|can|could|will|would|may|might) (?:\w+ ){{1,3}}{_VERB.pattern.removesuffix('$')} (?:it|them)\b",
    re.IGNORECASE,
)
""" "Does acidification worsen it": the pronoun is what another thing acts on."""
_ARTICLE = re.compile(r"^(?:the|a|an)\s+", re.IGNORECASE)


def resolve(question: str, earlier: Sequence[Earlier]) -> Resolved:
    """The question as it stands alone after the `earlier` turns, oldest first.

    Raises UsageError where it names a paper by a number that the last answer does not have.
    """
    question = " ".join(question.split())
    if not earlier or not question:
        return Resolved("", question)
    papers, places = _papers_meant(question, earlier)
    if papers:
        return _about(question, papers, places, earlier[-1])
    last = earlier[-1]
    if whole := _joined(question, last.question):
        return Resolved(whole, _joined(question, last.query or last.question), last.named)
    whole = _with_antecedents(question, earlier)
    return Resolved(whole, whole or question)


def name_of(paper: Paper) -> str:
    """A paper as a question names it."""
    title = paper.title if len(paper.title) <= SHOWN_TITLE else paper.title[:SHOWN_TITLE].rsplit(" ", 1)[0] + " …"
    return f"“{title}”" if title else f"paper {paper.id[:8]}"


# papers


def _papers_meant(question: str, earlier: Sequence[Earlier]) -> tuple[list[Paper], list[tuple[int, int]]]:
    """The papers that a question points at, and where it does; none where it points at no paper."""
    works = _works(earlier)
    if not works:
        return [], []
    focus = [p for p in works if p.id in earlier[-1].named] or works[:1]
    sole = focus if len(works) == 1 or earlier[-1].named else works
    other = [p for p in works if p not in focus] if len(works) == 2 else []
    meant = [(found, [_numbered(found, works)]) for found in _ORDINAL.finditer(question)]
    meant += [(found, _cited_as(found[0], earlier)) for found in _MARK.finditer(question)]
    for pattern, named in ((_OTHER, other), (_ONE, focus), (_AUTHORS, sole), (_ALL, works)):
        meant += [(found, named) for found in pattern.finditer(question)]
    papers = {p.id: p for _, named in meant for p in named}
    return list(papers.values()), [found.span() for found, named in meant if named]


def _works(earlier: Sequence[Earlier]) -> list[Paper]:
    """One paper of each work that the last answer with evidence cites, in the order of its [n]."""
    evidence = next((e.evidence for e in reversed(earlier) if e.evidence), ())
    first: dict[str, Paper] = {}
    for one in sorted(evidence, key=lambda e: e.n):
        first.setdefault(one.paper.work_id, one.paper)
    return list(first.values())


def _numbered(found: re.Match[str], works: Sequence[Paper]) -> Paper:
    word = next(g for g in found.groups() if g).lower()
    if _ORDINALS[word] >= len(works):
        count = "one paper" if len(works) == 1 else f"{len(works)} papers"
        raise UsageError(f"“{found[0].strip()}” points at nothing: the last answer cites {count}; name it by its title")
    return works[_ORDINALS[word]]


def _cited_as(marks: str, earlier: Sequence[Earlier]) -> list[Paper]:
    """The paper of each [n] in the last answer that has one; none where no answer has."""
    latest = [{e.n: e.paper for e in turn.evidence} for turn in reversed(earlier)]
    found = [next((papers[n] for papers in latest if n in papers), None) for n in map(int, re.findall(r"\d+", marks))]
    return list({p.id: p for p in found if p is not None}.values())


def _about(question: str, papers: Sequence[Paper], places: Sequence[tuple[int, int]], last: Earlier) -> Resolved:
    """A question about papers. Its query goes without their names, which no passage holds, and is the last question
    where nothing else is left of it."""
    names = " and ".join(", ".join(name_of(p) for p in papers).rsplit(", ", 1))
    shown, query = question, question
    for i, (start, end) in enumerate(sorted(places, reverse=True)):
        lead = re.match(r"(?:in|of|from) ", question[start:end], re.IGNORECASE)
        by = "the authors of " if _AUTHORS.match(question, start) else lead[0] if lead else ""
        shown = shown[:start] + (by + names if i == len(places) - 1 else "") + shown[end:]
        query = query[:start] + query[end:]
    query = re.sub(r"\s+(?=[,;?])|^[\s,;]+", "", " ".join(query.split()))
    if not _content(query):
        query = last.query or last.question
        shown = f"{shown.rstrip('?')} (on: {last.question})"
    return Resolved(" ".join(shown.split()), query, tuple(p.id for p in papers))


# fragments


def _joined(question: str, before: str) -> str:
    """The question `before` with a fragment put to it; "" where the question is no fragment."""
    before = before.rstrip("?？.。 ")
    if _HAN.search(question):
        leans = len(_HAN.findall(question)) <= CHINESE_FRAGMENT and _CHINESE.search(question)
        return f"{before}？{question}" if leans else ""
    bare = question.rstrip("?!. ")
    lead = _LEAD.match(bare)
    rest = bare[lead.end() :] if lead else bare
    words = _tokens(rest)
    if _FACT.match(bare) or not _content(rest) - _OF_ANY_STUDY:
        return "" if _PRONOUN.search(rest) else f"{before}, and {_lower(rest or 'what else')}?"
    if len(words) > FRAGMENT_WORDS or _AUXILIARIES & set(words):
        return ""
    if _PREPOSITIONAL.match(rest):
        return f"{before}, and {_lower(rest)}?" if _ASKING.match(rest) else _placed(before, _lower(rest))
    return f"{before}, and what about {_lower(rest)}?" if lead else ""


def _placed(before: str, phrase: str) -> str:
    """The question with a phrase ("in men") in the place of one with the same preposition ("in women"), else behind
    it; the question alone where it says the phrase already ("on sandy soil"). A phrase with an article says something
    else ("in the long term")."""
    if _content(phrase) <= _content(before):
        return f"{before}?"
    preposition = phrase.split()[0]
    own = list(re.finditer(rf"\b{preposition} (?!the\b|a\b)((?!(?:{_PREPOSITIONS})\b)\w[\w-]*(?: |$))+", before))
    if own and not re.match(rf"{preposition} (?:the|a)\b", phrase):
        start, end = own[-1].span()
        return f"{before[:start]}{phrase} {before[end:]}".rstrip() + "?"
    return f"{before} {phrase}?"


# pronouns


def _with_antecedents(question: str, earlier: Sequence[Earlier]) -> str:
    """The question with its pronouns replaced by what the last one is about that is not about a paper; "" where none
    points there."""
    topics = [turn.question for turn in earlier if not turn.named] or [earlier[-1].question]
    before = topics[-1].rstrip("?？.。 ")
    if _EXPLETIVE.search(question):
        return ""
    pronouns = list(_PRONOUN.finditer(question))
    if not pronouns or (_content(_HOW.sub("", question[: pronouns[0].start()])) and not _ACTED_ON.match(question)):
        return ""
    subject, things = _subject_and_object(before)
    if not subject:
        return f"{before}, and {_lower(question.rstrip('? '))}?"
    for pronoun in reversed(pronouns):
        noun = _antecedent(pronoun[0].lower(), subject, things)
        noun = noun[0].upper() + noun[1:] if pronoun[0][0].isupper() else noun
        question = question[: pronoun.start()] + noun + question[pronoun.end() :]
    return question


def _antecedent(pronoun: str, subject: str, things: str) -> str:
    """What a pronoun stands for: the subject, or the object where only that agrees in number."""
    plural = pronoun in ("they", "them", "their")
    noun = things if things and _is_plural(subject) != plural and _is_plural(things) == plural else subject
    if pronoun in ("its", "their"):
        return f"{noun}'" if noun.endswith("s") else f"{noun}'s"
    return noun


def _subject_and_object(question: str) -> tuple[str, str]:
    """ "Does nitrogen affect soil microbes in May" -> ("nitrogen", "soil microbes"); "" for what is not found."""
    if found := _EFFECT_OF.match(question):
        return _bare(found[1]), _bare(found[2] or "")
    if found := _WHAT_IS.match(question):
        return _bare(found[1]), ""
    opening = _OPENING.match(question)
    words = question[opening.end() if opening else 0 :].split()
    at = next((i for i, w in enumerate(words) if _VERB.match(w)), len(words))
    if not opening and not 0 < at < len(words):
        return "", ""
    subject = re.split(rf" (?!of )(?:{_PREPOSITIONS}) ", " ".join(words[:at]))[0]
    rest = re.sub(rf"^(?:(?:{_PREPOSITIONS}) )", "", " ".join(words[at + 1 :]))
    things = re.split(rf" (?!of )(?:{_PREPOSITIONS}) ", rest)[0]
    return _bare(subject or things), _bare(things if subject else "")


def _bare(noun: str) -> str:
    return _ARTICLE.sub("", noun.strip())


def _is_plural(noun: str) -> bool:
    last = noun.split(" of ")[0].split()[-1].lower() if noun else ""
    return last.endswith("s") and not last.endswith(("ss", "us", "is"))


def _content(text: str) -> set[str]:
    """The words of a text that say what it is about."""
    return {w for w in _tokens(text) if w not in _STOP and w not in _GENERIC}


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _lower(text: str) -> str:
    """A text as it stands within a sentence; an abbreviation ("DNA") keeps its letters."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or len(text.split()[0]) == 1 else text
