"""A test set made by rule from a library's own passages: queries with the passages they came from, questions that it
cannot answer, and statements with their negations. Pure, given papers, passages and how often words occur.

It tells how settings compare on these papers and how often nothing is mistaken for an answer. It does not tell how good
answers to a person's questions are: its queries are made of the passages' own words, so search by words looks better
than it will, a second passage that answers as well counts as wrong, and the negations are those that a rule can make.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from assistant.finetune.swaps import swap_direction, swap_negation
from assistant.index.chinese import UNSPACED
from assistant.index.scripts import script
from assistant.index.search import content_words
from assistant.index.sentences import sentences
from assistant.language import is_english
from assistant.quotes import is_quotable
from assistant.types import Paper, Passage, PassageKind

LEAST_WORDS = 8
"""Content words of a sentence that queries are made of."""
MOST_CHARACTERS = 400
LEFT_OUT = 1 / 3
"""Share of a claim's words that are left out, the rarest: they alone would find the passage."""
KEYWORDS = 4
LEAST_TITLE = 3
"""Content words of a title that is asked for."""
LEAST_INVENTED = 6
"""Letters of a word whose half goes into an invented one."""
SUBJECT_CHARACTERS = 4
MAX_TRIES = 20
"""Invented words given up on, one after another, where the library holds them."""
CLAIMS, TITLES = ("claims", "keywords"), "titles"
ELSEWHERE = {
    "en": (
        "perovskite solar cells", "black hole accretion", "medieval tax registers", "bird song dialects",
        "quantum error correction", "glacier mass balance", "sign language acquisition", "opioid desensitisation",
        "zebrafish fin regeneration", "monetary policy shocks", "lithium dendrite growth", "coral bleaching thresholds",
        "sourdough fermentation", "railway timetable robustness", "dental implant osseointegration",
        "volcanic ash dispersal", "honeybee waggle dances", "graph neural networks", "seismic hazard maps",
        "pottery kiln temperatures",
    ),
    "zh": (
        "钙钛矿太阳能电池", "黑洞吸积盘", "宋代税收档案", "鸟类鸣声方言", "量子纠错编码", "冰川物质平衡",
        "手语习得过程", "阿片受体脱敏", "斑马鱼鳍再生", "货币政策冲击", "锂枝晶生长", "珊瑚白化阈值", "酸面团发酵",
        "列车时刻表优化", "牙种植体骨结合", "火山灰扩散", "蜜蜂舞蹈语言", "图神经网络", "地震危险性区划",
        "陶瓷窑炉温度",
    ),
}  # fmt: skip
"""Subjects of many fields. Those that a library knows a word of are not asked about."""
ASKED = {
    "en": ("How does {0} affect {1}?", "What is known about {0}?"),
    "zh": ("{0}对{1}有什么作用？", "{0}有哪些特点？"),
}
_LEANS = re.compile(r"(?:it|its|this|that|these|those|they|their|he|she|such|both|here|however|thus|therefore)\b", re.I)
_INVOLVED = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|un\w+|hardly|cannot|whether|which|who|that|if|because|but|while|whereas|"
    r"although|unless|one|both|other)\b|n['’]t\b|[;:?]", re.I,
)  # fmt: skip
"""What makes it unsure that a rule denies the whole of a sentence."""
_BLANKS = re.compile(r"\s{2,}| (?=[,.;:)])")

Frequency = Callable[[str], int]
"""In how many passages a word of `content_words` occurs."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query and the ids of the passages it came from. Those `ignored` are taken out of a ranking before it is
    measured: they hold the query word for word."""

    kind: str
    text: str
    relevant: frozenset[int] = frozenset()
    ignored: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Gold:
    """What a library is measured by. `statements` are sentences, each with itself negated."""

    queries: tuple[Query, ...]
    unanswerable: tuple[Query, ...]
    statements: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """A sentence, its content words, and the passages that hold it."""

    text: str
    words: tuple[str, ...]
    held_by: frozenset[int]


def make_gold(
    papers: Sequence[Paper],
    passages_of: Callable[[str], Sequence[Passage]],
    frequency: Frequency,
    *,
    n: int,
    seed: int,
) -> Gold:
    """At most `n` queries of each kind. Equal libraries and seeds, equal sets; papers take turns, so that a long one
    does not outweigh the rest."""
    pick = random.Random(seed)  # noqa: S311 (a sample, no secret)
    chosen = pick.sample(sorted(papers, key=lambda p: p.id), min(n, len(papers)))
    read = {paper.id: [p for p in passages_of(paper.id) if p.kind is PassageKind.TEXT] for paper in chosen}
    sources = list(islice(_by_turns([_sources(found, pick) for found in read.values()]), n))
    language = "zh" if script(" ".join(s.text for s in sources)) == "zh" else "en"
    claims = [query for source in sources for query in _claims(source, frequency)]
    titles = [query for paper in chosen if (query := _title(paper, read[paper.id]))]
    statements = ((s.text, negated) for s in sources if (negated := _negated(s.text, pick)))
    unanswerable = _unanswerable(sources, frequency, language, pick)
    return Gold((*claims, *titles), tuple(islice(unanswerable, n)), tuple(statements))


def _by_turns(lists: Sequence[Sequence[_Source]]) -> Iterator[_Source]:
    return (source for turn in zip_longest(*lists) for source in turn if source is not None)


def _sources(passages: Sequence[Passage], pick: random.Random) -> list[_Source]:
    """The sentences of a paper that queries can be made of, in an order of chance."""
    found: dict[str, tuple[str, ...]] = {}
    for passage in passages:
        for start, end in sentences(passage.text):
            text = " ".join(passage.text[start:end].split())
            words = tuple(content_words(text))
            if is_quotable(text) and len(words) >= LEAST_WORDS and len(text) <= MOST_CHARACTERS:
                found[text] = words
    plain = {passage.id: " ".join(passage.text.split()) for passage in passages}
    made = [_Source(t, w, frozenset(i for i, whole in plain.items() if t in whole)) for t, w in found.items()]
    pick.shuffle(made)
    return made


def _claims(source: _Source, frequency: Frequency) -> Iterator[Query]:
    """The sentence without its rarest words, and the rarest of those left, as keywords."""
    ranked = sorted(source.words, key=frequency)
    left_out, kept = ranked[: round(LEFT_OUT * len(ranked))], ranked[round(LEFT_OUT * len(ranked)) :]
    claim, keywords = CLAIMS
    yield Query(claim, _without(source, set(left_out)), source.held_by)
    yield Query(keywords, " ".join(kept[:KEYWORDS]), source.held_by)


def _without(source: _Source, words: set[str]) -> str:
    """The sentence without these words; of one with runs of characters without spaces, the other words alone."""
    if UNSPACED.search(source.text):
        return " ".join(word for word in source.words if word not in words)
    kept = re.sub(r"[^\W_]+", lambda m: "" if m[0].lower() in words else m[0], source.text)
    return _BLANKS.sub(lambda m: " " if m[0].isspace() and len(m[0]) > 1 else "", kept).strip()


def _title(paper: Paper, passages: Sequence[Passage]) -> Query | None:
    """The title as a query for the paper's passages but those that hold it; None where it says too little."""
    named = " ".join(paper.title.split()).casefold()
    holding = frozenset(p.id for p in passages if named in " ".join(p.text.split()).casefold())
    relevant = frozenset(p.id for p in passages) - holding
    said = len(content_words(paper.title)) >= LEAST_TITLE
    return Query(TITLES, paper.title, relevant, holding) if said and relevant else None


def _negated(text: str, pick: random.Random) -> str | None:
    """A plain English statement denied, or its direction turned round; None for any other sentence."""
    if not is_english(text) or _LEANS.match(text) or _INVOLVED.search(text):
        return None
    return swap_negation(text) or swap_direction(text, pick=pick)


def _unanswerable(
    sources: Sequence[_Source], frequency: Frequency, language: str, pick: random.Random
) -> Iterator[Query]:
    """Questions about things that are not, about other fields, and about something there with something that is not, by
    turns."""
    about_two, about_one = ASKED[language]
    elsewhere = [t for t in ELSEWHERE[language] if not any(frequency(w) for w in content_words(t))]
    pick.shuffle(elsewhere)
    invented = _invented([w for s in sources for w in s.words], frequency, pick)
    subjects = [_subject(s) for s in sources]
    turns = zip_longest(
        (Query("invented", about_two.format(a, b)) for a, b in zip(invented, invented, strict=False)),
        (Query("another field", about_one.format(term)) for term in elsewhere),
        (Query("half invented", about_two.format(a, b)) for a, b in zip(invented, subjects, strict=False)),
    )
    return (query for query in chain.from_iterable(islice(turns, len(sources))) if query is not None)


def _subject(source: _Source) -> str:
    """The longest word of a sentence; of a Chinese one its first characters."""
    run = UNSPACED.search(source.text)
    return run[0][:SUBJECT_CHARACTERS] if run else max(source.words, key=len)


def _invented(words: Sequence[str], frequency: Frequency, pick: random.Random) -> Iterator[str]:
    """Words that no passage holds, of the halves of two that some do; of Chinese two pairs of characters."""
    chinese = sorted({w for w in words if UNSPACED.fullmatch(w) and len(w) > 1})
    latin = sorted({w for w in words if w.isascii() and w.isalpha() and len(w) >= LEAST_INVENTED})
    usable = chinese if len(chinese) > len(latin) else latin
    while len(usable) > 1:
        for _ in range(MAX_TRIES):
            a, b = pick.sample(usable, 2)
            made = a[0] + b[-1] + b[0] + a[-1] if usable is chinese else a[: len(a) // 2] + b[len(b) // 2 :]
            if not any(frequency(word) for word in content_words(made)):
                yield made
                break
        else:
            return
