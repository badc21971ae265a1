"""Ranking quality: nDCG@10 and recall on SciFact in its BEIR form, by words, by vectors, and fused.

    python benchmarks/retrieval.py [--embedder NAME]

By the product's own store, index and search. The data lie in the folder named by ASSISTANT_SHARED (default: ../shared
beside the checkout). Nothing is tuned here.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from assistant import encoders
from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import Embedder, load_embedder
from assistant.index import schema, vectors, writes
from assistant.index.search import any_of, content_words, fuse
from assistant.index.store import Store
from assistant.types import Document, Filters, Passage

DEPTH = 100
"""Passages each search hands on, as Settings.candidates."""


def data_folder() -> Path:
    shared = os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    folder = Path(shared) / "data"
    if not folder.is_dir():
        sys.exit(f"no data in {folder}; set ASSISTANT_SHARED to the folder that holds data/")
    return folder


def vocabulary() -> list[str]:
    """Whole words of the built-in model's vocabulary, the common ones first."""
    path = encoders.built_in_folder() / "vocab.txt"
    return [w for w in path.read_text(encoding="utf-8").split("\n") if w.isascii() and w.isalpha() and len(w) > 2]


def scifact_corpus() -> dict[str, str]:
    """Document id -> title and abstract."""
    path = data_folder() / "scifact" / "corpus.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {str(row["doc_id"]): f"{row['title']} {' '.join(row['abstract'])}".strip() for row in rows}


def queries(split: str) -> dict[str, tuple[str, set[str]]]:
    """Query id -> text and ids of the relevant documents."""
    folder = data_folder() / "beir_scifact"
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {row["_id"]: row["text"] for row in map(json.loads, lines)}
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels" / f"{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if int(score) > 0:
            relevant.setdefault(query, set()).add(document)
    return {query: (texts[query], documents) for query, documents in relevant.items()}


def embedded(texts: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """The texts' vectors, kept in the user's cache folder under the hash of model and texts."""
    digest = hashlib.sha256(json.dumps([embedder.id, *texts]).encode()).hexdigest()[:16]
    path = user_cache_path("paper-assistant", ensure_exists=True) / f"bench-{digest}.npy"
    if not path.exists():
        print(f"embedding {len(texts)} texts into {path}", file=sys.stderr, flush=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, embedder.embed_passages(texts), allow_pickle=False)
        partial.replace(path)
    found: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return found


@contextmanager
def library(texts: Sequence[str], matrix: NDArray[np.float32]) -> Iterator[tuple[Store, vectors.Index]]:
    """A library with one paper and passage for each text; passage ids count from 1 in the order of `texts`."""
    with tempfile.TemporaryDirectory() as folder:
        db = schema.connect(Path(folder))
        db.execute("PRAGMA synchronous = OFF")
        with writes.transaction(db):
            writes.set_setting(db, "dimension", str(matrix.shape[1]))
            for n, text in enumerate(texts):
                passage = Passage(f"{n:064x}", text, ())
                writes.add_paper(
                    db, passage.paper_id, Document(()), [passage], matrix[n : n + 1], reader="", fallback_title=""
                )
        db.close()
        store = Store(Path(folder))
        try:
            yield store, vectors.build(*store.vectors())
        finally:
            store.close()


def ndcg(ranking: Sequence[str], relevant: set[str], depth: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `depth`, binary relevance (Järvelin and Kekäläinen 2002)."""
    gain = sum(1 / math.log2(rank + 1) for rank, d in enumerate(ranking[:depth], start=1) if d in relevant)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), depth) + 1))


def recall(ranking: Sequence[str], relevant: set[str], depth: int = 100) -> float:
    return len(relevant.intersection(ranking[:depth])) / len(relevant)


def rankings(
    text: str, vector: NDArray[np.float32], store: Store, index: vectors.Index, names: Mapping[int, str]
) -> dict[str, list[str]]:
    """The three rankings of document ids for a query."""
    words = content_words(text)
    lexical = [i for i, _ in store.lexical(any_of(words), DEPTH, Filters())] if words else []
    dense = index.search(vector, DEPTH)[0].tolist()
    fused = [i for i, _ in fuse([lexical, dense])]
    return {name: [names[i] for i in ids] for name, ids in (("words", lexical), ("vectors", dense), ("fused", fused))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedder", default=BUILT_IN_EMBEDDER)
    embedder = load_embedder(parser.parse_args().embedder)
    corpus, asked = scifact_corpus(), queries("test")
    texts = list(corpus.values())
    names = dict(enumerate(corpus, start=1))
    query_vectors = embedder.embed([text for text, _ in asked.values()])
    scores: dict[str, list[tuple[float, float]]] = {}
    with library(texts, embedded(texts, embedder)) as (store, index):
        for (text, relevant), vector in zip(asked.values(), query_vectors, strict=True):
            for name, ranking in rankings(text, vector, store, index, names).items():
                scores.setdefault(name, []).append((ndcg(ranking, relevant), recall(ranking, relevant)))
    print(f"SciFact (BEIR), {len(asked)} test queries, {len(texts)} abstracts, {embedder.id}\n")
    print("| ranking | nDCG@10 | recall@100 |\n|---|---|---|")
    for name, values in scores.items():
        quality, found = np.mean(values, axis=0)
        print(f"| {name} | {quality:.3f} | {found:.3f} |")


if __name__ == "__main__":
    main()
