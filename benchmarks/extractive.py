"""Answers from quotes over SciFact's corpus as one library: are quotes verbatim, is the right paper cited, does it
abstain on questions of other fields, and with which threshold.

    python benchmarks/extractive.py [--train 250] [--limit N]

Answerable: SciFact claims with evidence, asked as they stand. Other fields: half of the committed list
(other_fields.txt) and as many questions made by rule from titles of Chinese abstracts (csl) that name no matter of
medicine or life; odd ones choose the threshold with claims of SciFact train, even ones are reported with all of dev.
The threshold is the highest of the curve at which ANSWERED of the train claims are answered; what that costs where
their papers are left out of the library stands beside it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from retrieval import data_folder

from assistant.config import BUILT_IN_EMBEDDER, Settings
from assistant.encoders import load_embedder
from assistant.finding import Findings, find
from assistant.finetune import load_verifier
from assistant.index.beir import read_collection
from assistant.index.evaluation import cached_vectors, temporary_library
from assistant.index.evidence import LibraryRetriever
from assistant.quotes import Retriever
from assistant.reasoning import answer
from assistant.types import Answer, Filters, Hit

SEED = 0
PER_KIND = 50
"""Questions of other fields of each kind and half."""
LIFE = re.compile(
    r"[病医药患癌瘤炎疗诊症临床细胞基因蛋白血菌毒免疫神经肝肾肺胃肠骨肌肤眼脑心胎孕护理手术激素酶鼠兔猪牛羊鸡鱼虫植物动物"
    r"种子叶根花果稻麦玉米豆棉林木生物生态生理营养食品健康DNARN]"
)
"""What a title of medicine, biology or farming holds, roughly; such titles are left out."""
CURVE = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
WANTED_CITED, WANTED_ABSTAINED = 0.70, 0.80
ANSWERED = 0.80
"""Of train claims, at least: what is wanted of gold documents cited, and room for claims answered without theirs."""


def other_fields(half: int) -> dict[str, list[str]]:
    """English and Chinese questions of other fields; `half` 0 chooses, 1 is reported."""
    lines = (Path(__file__).parent / "other_fields.txt").read_text(encoding="utf-8").splitlines()
    with gzip.open(data_folder() / "csl" / "ts_dev.tsv.gz", "rt", encoding="utf-8") as rows:
        titles = [row.rstrip("\n").split("\t")[2] for row in rows]
    kept = [t for t in dict.fromkeys(titles) if not LIFE.search(t)]
    random.Random(SEED).shuffle(kept)
    made = [f"{title}的结论是什么？" for title in kept]
    return {"English": lines[half::2][:PER_KIND], "Chinese": made[half::2][:PER_KIND]}


def claims(split: str) -> list[tuple[str, set[str]]]:
    """(claim, documents that hold evidence), of those that have any."""
    lines = (data_folder() / "scifact" / f"claims_{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["claim"], set(row["evidence"])) for row in map(json.loads, lines) if row["evidence"]]


@contextmanager
def library() -> Iterator[tuple[Any, dict[str, str], dict[str, str]]]:
    """(makes a retriever for settings, paper id -> document's id, document's id -> text)."""
    documents = read_collection(data_folder() / "beir_scifact").documents
    embedder = load_embedder(BUILT_IN_EMBEDDER)
    texts = list(documents.values())
    with temporary_library(texts, cached_vectors(texts, embedder)) as (store, index):
        held: Any = SimpleNamespace(store=store, index=lambda: index, check_embedder=lambda _: None)
        names = {f"{n:064x}": name for n, name in enumerate(documents)}
        yield (lambda settings: LibraryRetriever(held, embedder, settings)), names, documents


class Without:
    """A retriever that does not find some documents, as if the library did not hold them."""

    def __init__(self, retriever: LibraryRetriever, documents: set[str], names: dict[str, str]) -> None:
        self._retriever, self._documents, self._names = retriever, documents, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._retriever, name)

    def search(self, query: str, *, k: int, filters: Filters) -> list[Hit]:
        hits = self._retriever.search(query, k=k + len(self._documents), filters=filters)
        return [h for h in hits if self._names[h.passage.paper_id] not in self._documents][:k]


def best_score(question: str, retriever: Retriever | Without, settings: Settings) -> float:
    """The probability that decides whether a question is answered."""
    *_, found = find(question, retriever, settings=settings, filters=Filters())
    assert isinstance(found, Findings)
    return max((p.candidates[0].score for p in found.parts if p.candidates), default=0.0)


def choose_threshold(make: Any, names: dict[str, str], n: int) -> float:
    """The threshold; prints what others give."""
    settings = Settings(follow_ups=0)
    asked = claims("train")
    random.Random(SEED).shuffle(asked)
    there = np.array([best_score(q, make(settings), settings) for q, _ in asked[:n]])
    missing = np.array([best_score(q, Without(make(settings), own, names), settings) for q, own in asked[:n]])
    away = np.array([best_score(q, make(settings), settings) for qs in other_fields(0).values() for q in qs])
    best = max(t for t in CURVE if (there >= t).mean() >= ANSWERED)
    print(
        "| train, from | claims answered | their papers left out: declined | other fields declined |\n|---|---|---|---|"
    )
    for t in sorted({*CURVE, Settings().answer_above}):
        print(f"| {t} | {(there >= t).mean():.3f} | {(missing < t).mean():.3f} | {(away < t).mean():.3f} |", flush=True)
    return best


def ask(question: str, retriever: LibraryRetriever, verifier: Any, settings: Settings) -> Answer:
    *_, last = answer(question, retriever, verifier=verifier, settings=settings)
    assert isinstance(last, Answer)
    return last


def report(make: Any, names: dict[str, str], documents: dict[str, str], threshold: float, limit: int) -> list[str]:
    """Rows of the table at one threshold."""
    settings, verifier = Settings(follow_ups=0, answer_above=threshold), load_verifier(None, device="cpu")
    counts: Counter[str] = Counter()
    asked = claims("dev")[: limit or None]
    began = time.perf_counter()
    for claim, gold in asked:
        found = ask(claim, make(settings), verifier, settings)
        cited = {names[e.paper.id] for e in found.evidence}
        counts["answered"] += not found.abstained
        counts["cited"] += bool(cited & gold) and not found.abstained
        _count(found, names, documents, counts)
    seconds = (time.perf_counter() - began) / len(asked)
    rows = [
        f"| answerable claims answered | {counts['answered'] / len(asked):.3f} | {len(asked)} |",
        f"| gold document cited (wanted {WANTED_CITED:.2f}) | {counts['cited'] / len(asked):.3f} | {len(asked)} |",
    ]
    declined: list[bool] = []
    for kind, questions in other_fields(1).items():
        answers = [ask(q, make(settings), verifier, settings) for q in questions[: limit or None]]
        for found in answers:
            _count(found, names, documents, counts)
        here = [a.abstained for a in answers]
        declined += here
        rows.append(f"| abstained, other fields, {kind} | {np.mean(here):.3f} | {len(here)} |")
    rows.append(
        f"| abstained, other fields (wanted {WANTED_ABSTAINED:.2f}) | {np.mean(declined):.3f} | {len(declined)} |"
    )
    rows.append(f"| quotes verbatim | {counts['verbatim'] / counts['quotes']:.3f} | {counts['quotes']} |")
    rows.append(f"| steps with a verdict | {counts['judged'] / counts['steps']:.3f} | {counts['steps']} |")
    rows.append(f"| seconds a claim | {seconds:.2f} | |")
    return rows


def _count(found: Answer, names: dict[str, str], documents: dict[str, str], counts: Counter[str]) -> None:
    """Quotes are held against the corpus file itself, not against what the library says it holds."""
    counts["quotes"] += len(found.evidence)
    counts["verbatim"] += sum(e.text in documents[names[e.paper.id]] for e in found.evidence)
    counts["steps"] += len(found.steps)
    counts["judged"] += sum(s.verdict is not None for s in found.steps)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=int, default=250, help="train claims that choose the threshold")
    parser.add_argument("--limit", type=int, default=0, help="only so many claims and questions of each kind")
    options = parser.parse_args(arguments)
    with library() as (make, names, documents):
        threshold = choose_threshold(make, names, options.train)
        for at in dict.fromkeys([threshold, Settings().answer_above]):
            print(f"\n| from {at} on | share | n |\n|---|---|---|", flush=True)
            print("\n".join(report(make, names, documents, at, options.limit)), flush=True)


if __name__ == "__main__":
    main()
