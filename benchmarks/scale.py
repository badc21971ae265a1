"""Search at 100,000 and 1,000,000 passages: time, recall of the approximate index, memory, time to build.

    nice -n 5 python benchmarks/scale.py [--passages 100000 1000000] [--queries 300] [--keep FOLDER]

Made-up passages of real parts: each text is 5 sentences drawn from SciFact's abstracts (by the product's own writes),
each vector a copy of a real sentence's with noise of NOISE times its length, so that a vector's nearest are copies of
its own sentence and others in an order that only the noise decides. The queries are SciFact's training claims, by the
built-in embedder, without reranker: the last ones, since how many lists are looked at was chosen on the first 300.
Times are wall and CPU: on a busy machine only the second says what search costs.
Needs 4 GB of disk for a million. Memory is that of a process of its own that has answered the queries, less that of one
that has done so over an empty library; mapped pages of the index file count in `rss` and can be taken back.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from retrieval import data_folder

from assistant.config import Settings
from assistant.encoders import Embedder, load_embedder
from assistant.index import writes
from assistant.index.evaluation import cached_vectors
from assistant.index.evidence import LibraryRetriever
from assistant.index.library import Library
from assistant.index.search import any_of, content_words, word_overlap
from assistant.types import Document, Filters, Passage

SEED = 0
SENTENCES = 12_000
PER_PASSAGE = 5
PER_PAPER = 50
NOISE = 0.7
HITS = 12
CANDIDATES = 100
TRANSACTION = 200
"""Papers written at once."""


def sentences() -> list[str]:
    with gzip.open(data_folder() / "scifact" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = (text.strip() for line in lines for text in json.loads(line)["abstract"] if 40 < len(text) < 600)
        kept = list(dict.fromkeys(found))
    random.Random(SEED).shuffle(kept)
    return kept[:SENTENCES]


def claims(n: int) -> list[str]:
    lines = (data_folder() / "scifact" / "claims_train.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["claim"] for line in lines[-n:]]


def make(library: Library, n: int, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write a library of `n` passages."""
    draw, db = np.random.default_rng(SEED), library.store.db
    db.execute("PRAGMA synchronous = OFF")
    for start in range(0, n, TRANSACTION * PER_PAPER):
        with writes.transaction(db):
            writes.set_setting(db, "dimension", str(vectors.shape[1]))
            for first in range(start, min(n, start + TRANSACTION * PER_PAPER), PER_PAPER):
                parts = draw.integers(0, len(texts), (min(PER_PAPER, n - first), PER_PASSAGE))
                noise = draw.standard_normal((len(parts), vectors.shape[1]), dtype=np.float32)
                rows = vectors[parts[:, 0]] + NOISE / vectors.shape[1] ** 0.5 * noise
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                paper = f"{first:064x}"
                cut = [Passage(paper, " ".join(texts[i] for i in row), ()) for row in parts]
                writes.add_paper(db, paper, Document(()), cut, rows, reader="", fallback_title=f"Paper {first}")


def measured(library: Library, embedder: Embedder, asked: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """p50 and p99 in milliseconds, wall and then CPU, of a whole search and of its parts."""
    retriever = LibraryRetriever(library, embedder, Settings(candidates=CANDIDATES))
    store = library.store
    vectors = {query: embedder.embed([query])[0] for query in asked}
    ids = library.index().search(vectors[asked[0]], HITS)[0].tolist()
    calls = {
        "whole search, files not read before": lambda query: retriever.search(query, k=HITS, filters=Filters()),
        "whole search": lambda query: retriever.search(query, k=HITS, filters=Filters()),
        "embed": lambda query: embedder.embed([query]),
        "by words": lambda query: store.lexical(any_of(content_words(query)), CANDIDATES, Filters()),
        "by vectors": lambda query: library.index().search(vectors[query], CANDIDATES),
        "overlap": lambda query: word_overlap(content_words(query), ids, store),
    }
    found: dict[str, tuple[float, ...]] = {}
    for name, call in calls.items():
        times = []
        for query in asked:
            wall, cpu = time.perf_counter(), time.process_time()
            call(query)
            times.append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)))
        found[name] = tuple(np.percentile(times, [50, 99], axis=0).T.ravel().tolist())
    return found


def recall(library: Library, embedder: Embedder, asked: Sequence[str]) -> dict[str, float]:
    """Share of the true 10 and 100 nearest that the index finds."""
    index, queries = library.index(), embedder.embed(asked)
    ids, matrix = library.store.vectors()
    shares = []
    for start in range(0, len(asked), 50):
        some = queries[start : start + 50]
        cosines = np.hstack([some @ matrix[i : i + 50_000].astype(np.float32).T for i in range(0, len(ids), 50_000)])
        for query, row in zip(some, cosines, strict=True):
            true = ids[np.argpartition(-row, 100)[:100][np.argsort(-row[np.argpartition(-row, 100)[:100]])]]
            found = index.search(query, CANDIDATES)[0]
            shares.append([len(np.intersect1d(true[:k], found[:k])) / k for k in (10, 100)])
    ten, hundred = np.mean(shares, axis=0).tolist()
    return {"recall@10": ten, "recall@100": hundred}


def memory(folder: Path, queries: int) -> dict[str, float]:
    """MB of a process that has answered the queries over the library in `folder`."""
    command = [sys.executable, __file__, "--memory", str(folder), "--queries", str(queries)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def own_memory(folder: Path, queries: int) -> dict[str, float]:
    library, embedder = Library(folder), load_embedder()
    retriever = LibraryRetriever(library, embedder, Settings(candidates=CANDIDATES))
    for query in claims(queries):
        retriever.search(query, k=HITS, filters=Filters())
    full = psutil.Process().memory_full_info()
    return {"rss": full.rss / 1e6, "pss": full.pss / 1e6, "private": full.uss / 1e6}


def report(folder: Path, n: int, queries: int, embedder: Embedder) -> None:
    library, empty = Library(folder / str(n), create=True), Library(folder / "empty", create=True)
    if library.store.n_passages == 0:
        began, texts = time.monotonic(), sentences()
        make(library, n, texts, cached_vectors(texts, embedder))
        print(f"\nwritten in {time.monotonic() - began:.0f} s", flush=True)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    library.renew_cache()
    library.finish_training()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sizes = {path.name: f"{path.stat().st_size / 1e6:.0f} MB" for path in library.folder.glob("*.*[!k]")}
    print(f"caches made in {time.monotonic() - began:.0f} s ({cpu:.0f} s CPU, {after.ru_maxrss / 1e6:.1f} GB); {sizes}")
    asked = claims(queries)
    print(f"\n{n:,} passages, {library.index().tuning}, load {os.getloadavg()[0]:.1f}\n", flush=True)
    print("| part | wall p50 ms | p99 | CPU p50 ms | p99 |\n|---|---|---|---|---|")
    for name, values in measured(library, embedder, asked).items():
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in values) + " |", flush=True)
    full, none = memory(library.folder, queries), memory(empty.folder, queries)
    print("\nmemory above an empty library:", ", ".join(f"{k} {full[k] - none[k]:.0f} MB" for k in full), flush=True)
    shares = recall(library, embedder, asked)
    print("recall against exact:", ", ".join(f"{k} {v:.3f}" for k, v in shares.items()), flush=True)
    library.close()
    empty.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="folder for the libraries, used again when it holds them")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        print(json.dumps(own_memory(arguments.memory, arguments.queries)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        for n in arguments.passages:
            report(arguments.keep or Path(temporary), n, arguments.queries, load_embedder())


if __name__ == "__main__":
    main()
