"""Verdicts on SciFact pairs (a claim, one cited abstract as a whole), by the product's own `check_claim`.

    python benchmarks/verdicts.py [--split dev | train] [--adapter DIR]

Each abstract is a library of one passage: sentences, embedder, relevance floor, windows, votes and thresholds are the
product's. Macro-F1 over three labels with bootstrap 95 % intervals (1,000 draws of pairs, seed 0), the share of pairs
with a rationale of which a whole gold rationale is among the three sentences that decide most, and the calibration
error of the confidence given. Baselines: always NOT_ENOUGH_INFO, and the claim's words alone. "New documents" leaves
out pairs whose abstract train cites too. --split train takes the fifth of train that the built-in verifier was not
trained on, and prints macro-F1 for other thresholds of a vote: there they are chosen; dev is only reported. The data
lie in the folder named by ASSISTANT_SHARED (default: ../shared beside the checkout).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]

from assistant import judging
from assistant.encoders import Embedder, load_embedder
from assistant.finetune import evaluate, load_verifier
from assistant.index.relevance import idf_overlap, inverse_document_frequency, load_relevance
from assistant.index.search import content_words
from assistant.index.sentences import sentences
from assistant.polarity import stem
from assistant.reasoning import check_claim
from assistant.types import Filters, Hit, Label, Paper, Passage, Provenance, Span, Verdict
from assistant.verification import Verifier

LABELS = {"SUPPORT": Label.SUPPORTS, "REFUTE": Label.REFUTES, "NEI": Label.NOT_ENOUGH_INFO}
Row = dict[str, Any]
Pair = tuple[str, str]
THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75)
HELD_ONE_IN = 5
"""As benchmarks/claims_data.py holds documents back from training."""
SHOWN = 3


def read_pairs(split: str) -> list[Row]:
    shared = os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    path = Path(shared) / "data" / "scifact" / f"pairs_{split}.jsonl.gz"
    if not path.is_file():
        sys.exit(f"no data at {path}; set ASSISTANT_SHARED to the folder that holds data/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def is_held(row: Row) -> bool:
    """Whether the built-in verifier was not trained on the pair's abstract."""
    return int(hashlib.sha256(str(row["doc_id"]).encode()).hexdigest(), 16) % HELD_ONE_IN == 0


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

    def voices(self, paper_ids: Sequence[str]) -> dict[str, str]:
        return {i: i for i in paper_ids}

    def evidence(self, hit: Hit, start: int, end: int) -> tuple[tuple[Span, ...], str]:
        return (Span(1, start, end),), "1"

    def split(self, passage: Passage) -> list[tuple[int, int]]:
        return sentences(passage.text)

    def relevance(self, query: str, text: str, *, cosine: float, overlap: float) -> float:
        return load_relevance(self._id, unit="sentence").probability(cosine, overlap)


class Remembered:
    """A verifier that scores all pairs of a run at once, beforehand, so that the run takes minutes."""

    def __init__(self, verifier: Verifier, pairs: Sequence[Pair]) -> None:
        self._verifier, self.id, self.calibrated = verifier, verifier.id, verifier.calibrated
        ordered = sorted(set(pairs))
        self._known = dict(zip(ordered, verifier.probabilities(ordered), strict=True))

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        if missing := [p for p in dict.fromkeys(pairs) if p not in self._known]:
            self._known |= dict(zip(missing, self._verifier.probabilities(missing), strict=True))
        return np.array([self._known[p] for p in pairs], dtype=np.float32).reshape(-1, 3)


@dataclass(frozen=True)
class Checker:
    """What judges a pair."""

    verifier: Verifier
    vectors: Vectors
    words: Words
    embedder_id: str

    def __call__(self, row: Row) -> Verdict:
        *_, verdict = check_claim(
            row["claim"], OneAbstract(row, self.vectors, self.words, self.embedder_id), verifier=self.verifier
        )
        assert isinstance(verdict, Verdict)
        return verdict


def load_checker(rows: Sequence[Row], train: Sequence[Row], adapter: str) -> Checker:
    embedder = load_embedder()
    pairs = [(row["claim"], window) for row in rows for window in judging.windows(abstract(row))]
    verifier = Remembered(load_verifier(adapter, device="cpu"), pairs)
    return Checker(verifier, Vectors(embedder, rows), Words(train), embedder.id)


def guess_from_claims(rows: Sequence[Row], train: Sequence[Row]) -> list[Label]:
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000, class_weight="balanced")
    )
    model.fit([r["claim"] for r in train], [r["label"] for r in train])
    return [LABELS[str(label)] for label in model.predict([r["claim"] for r in rows])]


def indices(labels: Sequence[Label]) -> NDArray[np.int64]:
    return np.array([judging.LABELS.index(label) for label in labels], dtype=np.int64)


def gold(rows: Sequence[Row]) -> NDArray[np.int64]:
    return indices([LABELS[r["label"]] for r in rows])


def score(rows: Sequence[Row], labels: Sequence[Label]) -> list[str]:
    """n, macro-F1 with its interval, accuracy, then precision / recall of each label."""
    said, true = indices(labels), gold(rows)
    low, high = evaluate.bootstrap(true, said)
    cells = []
    for i in range(3):
        right = int(((said == i) & (true == i)).sum())
        cells.append(f"{right / max(1, (said == i).sum()):.2f} / {right / max(1, (true == i).sum()):.2f}")
    f1 = f"{evaluate.macro_f1(true, said):.3f} ({low:.3f} to {high:.3f})"
    return [str(len(rows)), f1, f"{(true == said).mean():.3f}", *cells]


def rationale_found(row: Row, checker: Checker) -> bool:
    """Whether a whole gold rationale is among the three sentences of the abstract that decide most for the claim; a
    sentence decides as its window, alone or with the one before it, does."""
    texts = [" ".join(sentence.split()) for sentence in row["abstract"]]
    before = ["", *texts[:-1]]
    items = [(row["claim"], judging.windows(t, b)) for t, b in zip(texts, before, strict=True)]
    decisive = [j.decisive for j in judging.judge(checker.verifier, items)]
    top = set(sorted(range(len(texts)), key=lambda i: (-decisive[i], i))[:SHOWN])
    return any(set(rationale) <= top for rationale in row["rationales"])


def share(found: Sequence[bool]) -> str:
    """A share with its bootstrap interval."""
    values = np.array(found, dtype=float)
    draws = np.random.default_rng(0).choice(values, (1000, len(values))).mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f}), n = {len(values)}"


def calibration(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    """Mean distance of confidence and share right in ten bins of as many pairs each, of the verdicts with a number."""
    known = [(v.confidence, v.label is LABELS[r["label"]]) for r, v in zip(rows, verdicts, strict=True)
             if v.confidence is not None]  # fmt: skip
    known.sort()
    bins = [b for b in np.array_split(np.array(known, dtype=float), 10) if len(b)]
    error = sum(len(b) * abs(b[:, 0].mean() - b[:, 1].mean()) for b in bins) / len(known)
    return f"{error:.3f}, n = {len(known)}"


def print_thresholds(rows: Sequence[Row], checker: Checker) -> None:
    for threshold in THRESHOLDS:
        judging.VOTE_ABOVE = threshold
        said = indices([checker(row).label for row in rows])
        print(f"threshold of a vote {threshold:.2f}: macro-F1 {evaluate.macro_f1(gold(rows), said):.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    parser.add_argument("--adapter", default="builtin")
    arguments = parser.parse_args()
    rows, train = read_pairs(arguments.split), read_pairs("train")
    known = {r["doc_id"] for r in train}
    if arguments.split == "train":
        rows = [r for r in rows if is_held(r)]
    checker = load_checker(rows, train, arguments.adapter)
    verdicts = [checker(row) for row in rows]
    methods = {
        "always NOT_ENOUGH_INFO": [Label.NOT_ENOUGH_INFO] * len(rows),
        "claim only, TF-IDF and LR": guess_from_claims(rows, train),
        f"check, {checker.verifier.id}": [v.label for v in verdicts],
    }
    if arguments.split == "train":
        del methods["claim only, TF-IDF and LR"]  # it has seen the answers
    print(
        "| method | pairs | n | macro-F1 (95 %) | accuracy | SUPPORTS P / R | REFUTES P / R | NOT_ENOUGH_INFO P / R |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, labels in methods.items():
        print("|", " | ".join([name, "all", *score(rows, labels)]), "|")
        new = [(r, label) for r, label in zip(rows, labels, strict=True) if r["doc_id"] not in known]
        if new:
            print("|", " | ".join([name, "new documents", *score([r for r, _ in new], [x for _, x in new])]), "|")
    print(
        "\na gold rationale among the top 3 sentences:",
        share([rationale_found(r, checker) for r in rows if r["rationales"]]),
    )
    print("calibration error of the confidence (10 equal-mass bins):", calibration(rows, verdicts), flush=True)
    if arguments.split == "train":
        print_thresholds(rows, checker)


if __name__ == "__main__":
    main()
