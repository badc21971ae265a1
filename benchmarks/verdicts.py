"""Verdicts on SciFact pairs (a claim, one cited abstract): macro-F1, accuracy, precision and recall of each label.

    python benchmarks/verdicts.py [--split dev | train]

By the product's own sentences, embedder, relevance and `check_claim`, each abstract a library of one passage. Two
baselines read no evidence: always NOT_ENOUGH_INFO, and a classifier of the claim's words alone, fitted on train. The
rows "new documents" leave out pairs whose abstract train cites too. Thresholds are tuned on train; dev is only
reported. The data lie in the folder named by ASSISTANT_SHARED (default: ../shared beside the checkout).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]

from assistant.encoders import Embedder, load_embedder
from assistant.index.relevance import idf_overlap, inverse_document_frequency, load_relevance
from assistant.index.search import content_words
from assistant.index.sentences import sentences
from assistant.polarity import stem
from assistant.reasoning import check_claim
from assistant.types import Filters, Hit, Label, Paper, Passage, Provenance, Span, Verdict

LABELS = {"SUPPORT": Label.SUPPORTS, "REFUTE": Label.REFUTES, "NEI": Label.NOT_ENOUGH_INFO}
Row = dict[str, Any]


def read_pairs(split: str) -> list[Row]:
    shared = os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    path = Path(shared) / "data" / "scifact" / f"pairs_{split}.jsonl.gz"
    if not path.is_file():
        sys.exit(f"no data at {path}; set ASSISTANT_SHARED to the folder that holds data/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def abstract(row: Row) -> str:
    return " ".join(" ".join(sentence.split()) for sentence in row["abstract"])


class Vectors:
    """Texts embedded once, all together."""

    def __init__(self, embedder: Embedder, rows: Sequence[Row]) -> None:
        texts = {row["claim"] for row in rows} | {abstract(row) for row in rows}
        texts |= {a[s:e] for a in {abstract(row) for row in rows} for s, e in sentences(a)}
        ordered = sorted(texts)
        self._vectors = dict(zip(ordered, embedder.embed_passages(ordered), strict=True))

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self._vectors[t] for t in texts])


class Words:
    """Word overlap weighted by inverse document frequency over the abstracts of train."""

    def __init__(self, rows: Sequence[Row]) -> None:
        abstracts = {row["doc_id"]: abstract(row) for row in rows}
        self._n = len(abstracts)
        self._df = Counter(word for text in abstracts.values() for word in self._stems(text))

    def _stems(self, text: str) -> set[str]:
        return {stem(word) for word in content_words(text)}

    def __call__(self, query: str, texts: Sequence[str]) -> list[float]:
        weights = {w: inverse_document_frequency(self._n, self._df[w]) for w in self._stems(query)}
        return [idf_overlap(weights, {stem(w) for w in text.casefold().replace(",", " ").split()}) for text in texts]


class OneAbstract:
    """A library of one passage: the abstract of one pair."""

    def __init__(self, row: Row, vectors: Vectors, words: Words, embedder_id: str) -> None:
        text = abstract(row)
        self._passage = Passage(str(row["doc_id"]), text, (Span(1, 0, len(text)),), "Abstract", 1)
        self._paper = Paper(str(row["doc_id"]), str(row["doc_id"]), row["title"])
        self.embed, self.overlap = vectors, words
        self._id = embedder_id

    def describe(self) -> tuple[int, int]:
        return 1, 1

    def provenance(self) -> Provenance:
        return Provenance(0, "", self._id)

    def search(self, query: str, *, k: int, filters: Filters) -> list[Hit]:
        a, b = self.embed([query, self._passage.text])
        cosine, overlap = float(a @ b), self.overlap(query, [self._passage.text])[0]
        return [Hit(self._passage, 1, load_relevance(self._id).probability(cosine, overlap), cosine, overlap)]

    def paper(self, paper_id: str) -> Paper:
        return self._paper

    def evidence(self, hit: Hit, start: int, end: int) -> tuple[tuple[Span, ...], str]:
        return (Span(1, start, end),), "1"

    def split(self, passage: Passage) -> list[tuple[int, int]]:
        return sentences(passage.text)

    def relevance(self, cosine: float, overlap: float) -> float:
        return load_relevance(self._id, unit="sentence").probability(cosine, overlap)


def check_all(rows: Sequence[Row], train: Sequence[Row]) -> list[Label]:
    embedder = load_embedder()
    vectors, words = Vectors(embedder, rows), Words(train)
    labels = []
    for row in rows:
        *_, verdict = check_claim(row["claim"], OneAbstract(row, vectors, words, embedder.id))
        assert isinstance(verdict, Verdict)
        labels.append(verdict.label)
    return labels


def guess_from_claims(rows: Sequence[Row], train: Sequence[Row]) -> list[Label]:
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000, class_weight="balanced")
    )
    model.fit([r["claim"] for r in train], [r["label"] for r in train])
    return [LABELS[str(label)] for label in model.predict([r["claim"] for r in rows])]


def score(rows: Sequence[Row], labels: Sequence[Label]) -> list[str]:
    """n, macro-F1, accuracy, then precision / recall of each label."""
    pairs = Counter((LABELS[r["label"]], label) for r, label in zip(rows, labels, strict=True))
    f1, cells = [], []
    for label in Label:
        right = pairs[label, label]
        said = sum(n for (_, predicted), n in pairs.items() if predicted is label)
        true = sum(n for (gold, _), n in pairs.items() if gold is label)
        f1.append(2 * right / (said + true) if said + true else 0.0)
        cells.append(f"{right / said if said else 0:.2f} / {right / true if true else 0:.2f}")
    accuracy = sum(n for (gold, predicted), n in pairs.items() if gold is predicted) / len(rows)
    return [str(len(rows)), f"{sum(f1) / len(f1):.3f}", f"{accuracy:.3f}", *cells]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    arguments = parser.parse_args()
    rows, train = read_pairs(arguments.split), read_pairs("train")
    known = {r["doc_id"] for r in train}
    methods: dict[str, Callable[[Sequence[Row], Sequence[Row]], list[Label]]] = {
        "always NOT_ENOUGH_INFO": lambda rows, _: [Label.NOT_ENOUGH_INFO] * len(rows),
        "claim only, TF-IDF and LR": guess_from_claims,
        "polarity-1": check_all,
    }
    print("| method | pairs | n | macro-F1 | accuracy | SUPPORTS P / R | REFUTES P / R | NOT_ENOUGH_INFO P / R |")
    print("|---|---|---|---|---|---|---|---|")
    if arguments.split == "train":
        del methods["claim only, TF-IDF and LR"]  # it has seen the answers
    for name, method in methods.items():
        labels = method(rows, train)
        print("|", " | ".join([name, "all", *score(rows, labels)]), "|")
        new = [(r, label) for r, label in zip(rows, labels, strict=True) if r["doc_id"] not in known]
        if new:
            print("|", " | ".join([name, "new documents", *score([r for r, _ in new], [x for _, x in new])]), "|")


if __name__ == "__main__":
    main()
