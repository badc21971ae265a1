"""How well search and abstention work on a user's own library, by a test set made of it (`assistant.library_gold`).

Runs what asking runs: the same search, the same look at sentences, the same threshold, the same verdicts. Knows how to
measure, not how a query is made or a number shown.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant import rankings
from assistant.config import Settings
from assistant.errors import UsageError
from assistant.finding import find, stop_if
from assistant.library_gold import CLAIMS, Gold, Query
from assistant.types import Filters, Label, Verdict

if TYPE_CHECKING:
    from assistant.index.evidence import LibraryRetriever

DEPTH = 100
AT = 10
RECALLS = (1, 5, DEPTH)
CHECKED = 20
"""Statements that are checked, and as many negations: each takes seconds."""
STEPS = 51
"""Points of the curve over thresholds."""
AS_SET = "as set"
"""Name of the settings that are not varied."""
VARIED = ("candidates", "passages", "answer_above", "rerank", "reranker")
"""Settings that may be compared: those that need no other vectors."""

Ranker = Callable[[str], Sequence[int]]
Say = Callable[[str], None]
Verdicts = Callable[[str], Verdict]


def evaluate_library(
    gold: Gold,
    stages: Mapping[str, Ranker],
    searchers: Mapping[str, tuple[LibraryRetriever, Settings]],
    judge: Verdicts,
    *,
    say: Say = lambda _: None,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """`retrieval`: measures by ranking and kind of query; `abstention`: by settings; `negations`: how statements and
    their negations were judged. `stages` rank by parts of the search, `searchers` are the settings to compare. All
    shares lie in 0..1; a kind without queries is left out. Raises Cancelled."""
    retrieval: dict[str, dict[str, dict[str, float]]] = {}
    whole = {_full(name): _whole(found) for name, (found, _) in searchers.items()}
    for name, rank in {**stages, **whole}.items():
        say(f"ranking: {name}")
        retrieval[name] = _by_kind(rank, gold.queries, cancel)
    abstention = {}
    for name, (searcher, settings) in searchers.items():
        say(f"answering: {name}")
        abstention[name] = _abstention(gold, searcher, settings, cancel)
    say("statements and their negations")
    return {
        "queries": dict(Counter(q.kind for q in (*gold.queries, *gold.unanswerable))),
        "retrieval": retrieval,
        "abstention": abstention,
        "negations": _negations(gold.statements[:CHECKED], judge, cancel),
    }


def varied(settings: Settings, changes: Sequence[str]) -> dict[str, Settings]:
    """`["candidates=200,rerank=20"]` -> the settings by name: as they are, and with each group of changes. UsageError
    for a setting that is none of VARIED or a value that it cannot have."""
    return {AS_SET: settings} | {change: _changed(settings, change) for change in changes}


def _changed(settings: Settings, change: str) -> Settings:
    values = {}
    for name, sign, value in (part.strip().partition("=") for part in change.split(",")):
        if name not in VARIED or not sign:
            raise UsageError(f"--set {change}: name one of {', '.join(VARIED)} with its value, such as candidates=200")
        try:
            values[name] = type(getattr(settings, name))(value)
        except ValueError as error:
            raise UsageError(f"--set {change}: {name} cannot be {value!r}") from error
    return replace(settings, **values)


def _full(name: str) -> str:
    return "full" if name == AS_SET else f"full, {name}"


def _whole(searcher: LibraryRetriever) -> Ranker:
    return lambda query: [hit.passage.id for hit in searcher.search(query, k=DEPTH, filters=Filters())]


def _by_kind(rank: Ranker, queries: Sequence[Query], cancel: threading.Event | None) -> dict[str, dict[str, float]]:
    rows: dict[str, list[list[float]]] = {}
    for query in queries:
        stop_if(cancel)
        began = time.perf_counter()
        found = rank(query.text)
        milliseconds = 1000 * (time.perf_counter() - began)
        rows.setdefault(query.kind, []).append([*_scores(query, found), milliseconds])
    return {kind: _summary(np.array(table)) for kind, table in rows.items()}


def _scores(query: Query, found: Sequence[int]) -> list[float]:
    ranking = [str(i) for i in found if i not in query.ignored]
    relevant = {str(i): 1 for i in query.relevant}
    # A title has many passages: the first `depth` cannot hold more of them than `depth`.
    recalls = [rankings.recall(ranking, relevant, d) * len(relevant) / min(len(relevant), d) for d in RECALLS]
    return [*recalls, rankings.ndcg(ranking, relevant, AT), rankings.reciprocal_rank(ranking, relevant, AT)]


def _summary(table: Any) -> dict[str, float]:
    names = [f"recall@{d}" for d in RECALLS] + [f"ndcg@{AT}", f"mrr@{AT}"]
    p50, p95 = np.percentile(table[:, -1], [50, 95]).tolist()
    means = dict(zip(names, table[:, :-1].mean(axis=0).tolist(), strict=True))
    return {"n": len(table), **means, "p50_ms": p50, "p95_ms": p95}


def _abstention(
    gold: Gold, searcher: LibraryRetriever, settings: Settings, cancel: threading.Event | None
) -> dict[str, Any]:
    """What is answered of the queries with a passage, what is declined of the questions without, and both by the
    threshold that decides."""
    own = [q for q in gold.queries if q.kind in CLAIMS]
    looked = [_best(query, searcher, settings, cancel) for query in own]
    without = [_best(query, searcher, settings, cancel)[0] for query in gold.unanswerable]
    scores = np.array([score for score, _ in looked])
    away = np.array(without)
    declined: dict[str, list[bool]] = {}
    for query, score in zip(gold.unanswerable, without, strict=True):
        declined.setdefault(query.kind, []).append(score < settings.answer_above)
    return {
        "threshold": settings.answer_above,
        "answered": _share(scores >= settings.answer_above),
        "quoted_from_its_passage": _share([right for _, right in looked]),
        "declined": _share(away < settings.answer_above),
        "declined_by_kind": {kind: _share(shares) for kind, shares in declined.items()},
        "curve": [
            {"threshold": t, "answered": _share(scores >= t), "declined": _share(away < t)}
            for t in np.linspace(0, 1, STEPS).round(3).tolist()
        ],
    }


def _best(
    query: Query, searcher: LibraryRetriever, settings: Settings, cancel: threading.Event | None
) -> tuple[float, bool]:
    """Probability of the sentence that an answer would quote first, and whether it is from the query's passage."""
    *_, findings = find(query.text, searcher, settings=settings, filters=Filters(), cancel=cancel)
    candidates = findings.candidates  # type: ignore[union-attr]
    if not candidates:
        return 0.0, False
    return candidates[0].score, candidates[0].hit.passage.id in query.relevant


def _share(flags: Any) -> float | None:
    values = np.asarray(flags, dtype=float)
    return float(values.mean()) if len(values) else None


def _negations(
    statements: Sequence[tuple[str, str]], judge: Verdicts, cancel: threading.Event | None
) -> dict[str, Any]:
    """How often each label is given to the statements as they stand in the papers and to their negations; of the
    negations none should be SUPPORTS."""
    said: dict[str, Counter[str]] = {"as it stands": Counter(), "negated": Counter()}
    wrong = []
    for plain, negated in statements:
        for name, text in (("as it stands", plain), ("negated", negated)):
            stop_if(cancel)
            label = judge(text).label
            said[name][str(label)] += 1
            if name == "negated" and label is Label.SUPPORTS:
                wrong.append(negated)
    labels = {name: {str(label): counts[str(label)] for label in Label} for name, counts in said.items()}
    share = len(wrong) / len(statements) if statements else None
    return {"n": len(statements), **labels, "negated_supports": share, "wrong": wrong}
