"""Make the rows that the built-in ranker of passages is trained on, and those held back for every choice.

    python benchmarks/evidence_data.py OUT [--seed 0]

Writes train.jsonl and look.jsonl for `assistant finetune --task evidence`, and all rows held back, held.jsonl; says how
many there are of each source. From training splits only: SciFact's judged queries and rationales, Evidence Inference's
spans in their full texts, PubMedQA's questions; and closing sentences of SciFact's abstracts, except of those that a
test query cites.
A document is held back where the SHA-256 of its id leaves 0 divided by five, as by claims_data.py, so that the built-in
verifier, which training goes on from, has not seen it either.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from claims_data import is_held
from retrieval import data_folder, queries

from assistant.encoders import load_embedder
from assistant.index import vectors
from assistant.index.evaluation import cached_vectors, temporary_library
from assistant.index.relevance import inverse_document_frequency
from assistant.index.search import any_of, content_words, fuse, quoted
from assistant.index.sentences import sentences
from assistant.index.store import Store, matching
from assistant.index.windows import Part, best_window
from assistant.types import Filters

NEGATIVES = 3
MINED = 30
"""Negatives are drawn from so many of the nearest documents."""
NEAR = 5
"""Every group has one of the nearest so many."""
CUT_WORDS = 75
"""Words of a sentence and its neighbour that are shown: about 110 tokens."""
MIX = {
    "scifact window": 520, "scifact sentence": 420, "evidence inference": 460, "pubmedqa window": 240, "closing": 240,
}  # fmt: skip
"""Rows of each source that are trained on: a quarter of an hour of one core."""
LOOKED = 100
"""Held-back rows that training looks at."""
CLOSINGS = 400
CLOSING_WORDS = (8, 40)
"""Words of a closing sentence that serves as a question."""
LEAST_SENTENCES = 4
FORMS = (
    "Effect of {i} versus {c} on {o}",
    "Does {i} change {o} compared with {c}?",
    "{i} compared with {c}: {o}",
    "{i} has an effect on {o} compared to {c}.",
)
Row = dict[str, Any]


def read(name: str) -> list[Row]:
    path = data_folder() / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@dataclass
class Texts:
    """A library of documents, each a list of sentences, and what is near to a question in it."""

    names: list[str]
    parts: dict[str, list[str]]
    store: Store
    index: vectors.Index
    pick: random.Random

    def near(self, query: str, vector: Any, without: Sequence[str], count: int = MINED) -> list[str]:
        """Documents by fused rank, best first, without some."""
        words = content_words(query)
        lexical = [i for i, _ in self.store.lexical(any_of(words), count, Filters())] if words else []
        ids = [i for i, _ in fuse([lexical, self.index.search(vector, count)[0].tolist()])]
        return [n for n in (self.names[i - 1] for i in ids) if n not in without][:count]

    def drawn(self, near: Sequence[str], count: int) -> list[str]:
        """`count` of the near ones, one of them among the first NEAR."""
        first = self.pick.choice(near[:NEAR])
        return [first, *self.pick.sample([n for n in near if n != first], count - 1)]

    def weights(self, query: str) -> dict[str, float]:
        n = self.store.n_passages
        words = [quoted(w) for w in content_words(query)]
        return {w: inverse_document_frequency(n, self.store.document_frequency(w)) for w in words}

    def windows(self, query: str, lists: Sequence[Sequence[str]]) -> list[str]:
        """The best window of each list of sentences."""
        weights = self.weights(query)
        held = iter(matching(list(weights), [s for part in lists for s in part]))
        return [window(part, [next(held) for _ in part], weights) for part in lists]


def window(part: Sequence[str], held: Sequence[set[str]], weights: dict[str, float]) -> str:
    text, places = joined(part)
    a, b = best_window(text, places, held, weights)
    return text[a:b]


def joined(part: Sequence[str]) -> tuple[str, list[Part]]:
    places, offset = [], 0
    for s in part:
        places.append((offset, offset + len(s)))
        offset += len(s) + 1
    return " ".join(part), places


def group(query: str, positive: str, negatives: Sequence[str], doc_id: str, source: str) -> Row:
    return {"query": query, "positive": positive, "negatives": list(negatives), "doc_id": doc_id, "source": source}


def scifact(texts: Texts, asked: dict[str, tuple[str, set[str]]], vectors_of: dict[str, Any]) -> Iterator[Row]:
    """Judged queries: windows, and gold sentences against others of the same abstract and of near ones."""
    gold = {
        (str(row["id"]), doc): sorted({i for found in sets for i in found["sentences"]})
        for row in read("scifact/claims_train.jsonl")
        for doc, sets in row["evidence"].items()
    }
    for query_id, (query, own) in asked.items():
        near = texts.near(query, vectors_of[query], tuple(own))
        for doc in sorted(own):
            others = texts.drawn(near, NEGATIVES)
            shown = texts.windows(query, [texts.parts[d] for d in (doc, *others)])
            yield group(query, shown[0], shown[1:], doc, "scifact window")
            chosen = gold.get((query_id, doc))
            if chosen:
                yield from _gold(texts, query, doc, chosen, near)


def _gold(texts: Texts, query: str, doc: str, chosen: Sequence[int], near: Sequence[str]) -> Iterator[Row]:
    """Single sentences: the gold one against another of its abstract and the best of near ones."""
    part = texts.parts[doc][1:]  # without the title
    rest = [s for i, s in enumerate(part) if i not in chosen]
    for i in chosen[:2]:
        others = texts.drawn(near, NEGATIVES - 1)
        weights = texts.weights(query)
        far = []
        for other in others:
            held = matching(list(weights), texts.parts[other])
            worth = [sum(weights[w] for w in found) for found in held]
            far.append(texts.parts[other][int(np.argmax(worth))])
        same = texts.pick.sample(rest, min(1, len(rest)))
        if i < len(part):
            yield group(query, part[i], [*same, *far], doc, "scifact sentence")


def closings(texts: Texts, usable: Sequence[str], embed: Any) -> Iterator[Row]:
    """Closing sentences, which say what was found, as questions for what is left of their abstract."""
    fit = [d for d in usable if CLOSING_WORDS[0] <= len(texts.parts[d][-1].split()) <= CLOSING_WORDS[1]]
    chosen = texts.pick.sample([d for d in fit if len(texts.parts[d]) > LEAST_SENTENCES], CLOSINGS)
    for doc, vector in zip(chosen, embed([texts.parts[d][-1] for d in chosen]), strict=True):
        query = texts.parts[doc][-1]
        others = texts.drawn(texts.near(query, vector, (doc,)), NEGATIVES)
        shown = texts.windows(query, [texts.parts[doc][:-1], *(texts.parts[d][1:] for d in others)])
        yield group(query, shown[0], shown[1:], doc, "closing")


def pubmedqa(pick: random.Random, embedder: Any) -> Iterator[Row]:
    rows = read("pubmedqa/train.jsonl.gz")
    names = [str(row["id"]) for row in rows]
    parts = {n: _sentences(" ".join(row["contexts"])) for n, row in zip(names, rows, strict=True)}
    whole = [" ".join(parts[n]) for n in names]
    with temporary_library(whole, cached_vectors(whole, embedder)) as (store, index):
        texts = Texts(names, parts, store, index, pick)
        asked = cached_vectors([row["question"] for row in rows], embedder)
        for name, row, vector in zip(names, rows, asked, strict=True):
            query = row["question"]
            others = texts.drawn(texts.near(query, vector, (name,)), NEGATIVES)
            shown = texts.windows(query, [parts[n] for n in (name, *others)])
            yield group(query, shown[0], shown[1:], name, "pubmedqa window")


def _sentences(text: str) -> list[str]:
    return [" ".join(text[a:b].split()) for a, b in sentences(text)]


def evidence_inference(pick: random.Random) -> Iterator[Row]:
    """The sentence that a span begins in, with what follows, against the nearest and other stretches of its paper."""
    papers = {row["pmcid"]: row["text"] for row in read("evidence_inference/fulltext_sample.jsonl.gz")
              if row["split"] == "train"}  # fmt: skip
    prompts: dict[str, list[Row]] = {}
    for row in read("evidence_inference/pairs_train.jsonl.gz"):
        if row["pmcid"] in papers and row["start"] >= 0:
            prompts.setdefault(row["prompt_id"], []).append(row)
    for rows in prompts.values():
        yield from _prompt(rows, papers[rows[0]["pmcid"]], pick)


def _prompt(rows: Sequence[Row], text: str, pick: random.Random) -> Iterator[Row]:
    places = sentences(text)
    gold = {n for n, (a, b) in enumerate(places) for r in rows if a < r["end"] and r["start"] < b}
    one = rows[0]
    words = {k: " ".join(one[f].split()) for k, f in (("i", "intervention"), ("c", "comparator"), ("o", "outcome"))}
    for form in pick.sample(FORMS, 2):
        query = form.format(**words)
        asked = [quoted(w) for w in content_words(query)]
        held = matching(asked, [text[a:b] for a, b in places])
        weights = {w: inverse_document_frequency(len(places), sum(w in h for h in held)) for w in asked}
        worth = [sum(weights[w] for w in h) for h in held]
        others = [n for n in np.argsort(-np.array(worth), kind="stable").tolist() if n not in gold][:MINED]
        if not gold or len(others) < NEGATIVES:
            continue
        near = [pick.choice(others[:NEAR])]
        near += pick.sample([n for n in others if n not in near], NEGATIVES - 1)
        shown = [_stretch(text, places, n, pick) for n in (pick.choice(sorted(gold)), *near)]
        yield group(query, shown[0], shown[1:], one["pmcid"], "evidence inference")


def _stretch(text: str, places: Sequence[Part], n: int, pick: random.Random) -> str:
    """A sentence, half the time with a neighbour, at most CUT_WORDS words."""
    last = min(n + 1, len(places) - 1) if pick.random() < 0.5 else n
    return " ".join(text[places[n][0] : places[last][1]].split()[:CUT_WORDS])


def mixed(rows: Sequence[Row]) -> list[Row]:
    """The first rows of each source, as many as MIX says."""
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[row["source"]] += 1
        if seen[row["source"]] <= MIX[row["source"]]:
            kept.append(row)
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    pick, embedder = random.Random(arguments.seed), load_embedder()
    corpus = {str(r["doc_id"]): [r["title"], *r["abstract"]] for r in read("scifact/corpus.jsonl.gz")}
    whole = [" ".join(part).strip() for part in corpus.values()]
    asked, tested = queries("train"), {d for _, own in queries("test").values() for d in own}
    vectors_of = dict(zip((q for q, _ in asked.values()), cached_vectors([q for q, _ in asked.values()], embedder),
                          strict=True))  # fmt: skip
    with temporary_library(whole, cached_vectors(whole, embedder)) as (store, index):
        texts = Texts(list(corpus), corpus, store, index, pick)
        rows = list(scifact(texts, asked, vectors_of))
        rows += closings(texts, [d for d in corpus if d not in tested], embedder.embed_passages)
    rows += [*pubmedqa(pick, embedder), *evidence_inference(pick)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    held = [r for r in rows if is_held(r["doc_id"])]
    shut = {r["query"] for r in held}
    train = [r for r in rows if not is_held(r["doc_id"]) and r["query"] not in shut]
    pick.shuffle(train)
    pick.shuffle(held)
    for name, part in (("train", mixed(train)), ("look", held[:LOOKED]), ("held", held)):
        lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in part)
        (arguments.out / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        print(name, len(part), dict(Counter(r["source"] for r in part)))


if __name__ == "__main__":
    main()
