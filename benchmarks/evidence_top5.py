"""Whether what decides is among the first five: gold sentences of SciFact, gold spans of Evidence Inference.

    python benchmarks/evidence_top5.py sentences [--split dev|held] [--rerank N]
    python benchmarks/evidence_top5.py spans [--split validation|train] [--rerank N]

sentences: a claim that some abstract supports or refutes is asked of all 5,183 abstracts; the sentences of the first
PASSAGES hits are ranked by their probability of relevance (the search alone), or the first N by that and the reranker.
Counted where a gold sentence is among the first five. "held": training claims no shipped model was trained on.
spans: full texts are ingested as text files; "effect of I versus C on O" is asked of the one paper, and counted where
one of the first five passages holds the beginning of a span that an annotator marked. Nothing is tuned on dev or
validation.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from claims_data import is_held, read
from fit_relevance import sentence_overlap
from retrieval import scifact_corpus

from assistant import Assistant
from assistant.encoders import load_embedder
from assistant.finetune import load_reranker
from assistant.index.evaluation import cached_vectors, temporary_library
from assistant.index.relevance import load_relevance
from assistant.index.rerank import SHARE, Reranker
from assistant.index.search import search, standard
from assistant.types import Filters

FIRST, PASSAGES, CANDIDATES = 5, 12, 100
BEGINNING = 60
"""Characters of a span, white space aside, that a passage must hold."""
QUESTION = "Effect of {intervention} versus {comparator} on {outcome}"
Row = dict[str, Any]
Asked = tuple[str, dict[str, set[int]]]
"""A claim, and its gold sentences by document."""


def claims(split: str) -> Iterator[Asked]:
    for row in read(f"scifact/claims_{'dev' if split == 'dev' else 'train'}"):
        gold = {d: {i for found in sets for i in found["sentences"]} for d, sets in row["evidence"].items()}
        if gold and (split == "dev" or all(map(is_held, gold))):
            yield row["claim"], gold


def sentence_ranks(asked: Sequence[Asked], model: Reranker | None, depth: int) -> Iterator[tuple[bool, bool]]:
    """For each claim whether a gold sentence is among the first five: by the search alone, and reranked."""
    corpus, embedder = scifact_corpus(), load_embedder()
    parts = {str(r["doc_id"]): r["abstract"] for r in read("scifact/corpus")}
    names, texts = list(corpus), list(corpus.values())
    relevance = load_relevance(embedder.id, unit="sentence")
    known: dict[str, Any] = {}
    with temporary_library(texts, cached_vectors(texts, embedder)) as (store, index):
        for claim, gold in asked:
            hits = search(claim, store=store, vectors=index, embedder=embedder, k=PASSAGES, candidates=CANDIDATES)
            places = [(names[h.passage.id - 1], i) for h in hits for i in range(len(parts[names[h.passage.id - 1]]))]
            said = [parts[d][i] for d, i in places]
            if new := [t for t in dict.fromkeys(said) if t not in known]:
                known.update(zip(new, embedder.embed_passages(new), strict=True))
            vector = embedder.embed([claim])[0]
            overlaps = sentence_overlap(claim, said, store)
            odds = np.array([
                _log_odds(relevance.probability(max(float(known[t] @ vector), 0.0), o))
                for t, o in zip(said, overlaps, strict=True)
            ])  # fmt: skip
            right = [sentence in gold.get(document, ()) for document, sentence in places]
            plain: list[int] = np.argsort(-odds, kind="stable").tolist()
            again = plain if model is None else _reordered(claim, said, odds, plain[:depth], model)
            yield any(right[n] for n in plain[:FIRST]), any(right[n] for n in again[:FIRST])


def _log_odds(p: float) -> float:
    return float(np.log(p / (1 - p)))


def _reordered(claim: str, said: Sequence[str], odds: Any, first: Sequence[int], model: Reranker) -> list[int]:
    mixed = SHARE * standard(model.score_pairs(claim, [said[n] for n in first])) + (1 - SHARE) * standard(odds[first])
    return [first[n] for n in np.argsort(-mixed, kind="stable").tolist()]


def span_ranks(split: str, reranker: str, depth: int, folder: Path) -> Iterator[bool]:
    papers = {r["pmcid"]: r["text"] for r in read("evidence_inference/fulltext_sample") if r["split"] == split}
    if split == "train":
        papers = {name: text for name, text in papers.items() if is_held(name)}
    for name, text in papers.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    prompts: dict[str, list[Row]] = {}
    file = "pairs_train" if split == "train" else "pairs_validation"
    for row in read(f"evidence_inference/{file}"):
        if row["pmcid"] in papers and row["evidence"].strip():
            prompts.setdefault(row["prompt_id"], []).append(row)
    with Assistant(folder / "library", rerank=depth, reranker=reranker) as assistant:
        assistant.ingest(folder)
        ids = {p.paths[0].stem: p.id for p in assistant.papers()}
        searcher = assistant.searcher()
        for rows in prompts.values():
            if rows[0]["pmcid"] not in ids:
                continue
            asked = QUESTION.format(**{k: " ".join(v.split()) for k, v in rows[0].items() if isinstance(v, str)})
            hits = searcher.search(asked, k=FIRST, filters=Filters(papers=(ids[rows[0]["pmcid"]],)))
            shown = ["".join(h.passage.text.split()) for h in hits]
            yield any("".join(r["evidence"].split())[:BEGINNING] in text for r in rows for text in shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sentences", "spans"))
    parser.add_argument("--split", default="")
    parser.add_argument("--rerank", type=int, default=0)
    parser.add_argument("--reranker", default="")
    arguments = parser.parse_args()
    if arguments.what == "sentences":
        model = load_reranker(arguments.reranker) if arguments.rerank else None
        found = np.array(list(sentence_ranks(list(claims(arguments.split or "dev")), model, arguments.rerank)))
        print(f"{len(found)} claims: {found[:, 0].mean():.3f} by the search alone, {found[:, 1].mean():.3f} reranked")
    else:
        with tempfile.TemporaryDirectory() as folder:
            split = arguments.split or "validation"
            spans = list(span_ranks(split, arguments.reranker, arguments.rerank, Path(folder)))
        print(f"{len(spans)} questions: {np.mean(spans):.3f} with {arguments.rerank} reranked")


if __name__ == "__main__":
    main()
