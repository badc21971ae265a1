"""Pages a second of a whole ingest, and of its parts one after the other; and the time of a second run.

    python benchmarks/ingest_speed.py [--papers N]

Papers: the ground-truth folder of ASSISTANT_SHARED (default ../shared beside the checkout). One run, one machine: read
the ratios. The parts run alone; the whole reads and embeds at the same time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from assistant.config import Settings
from assistant.encoders import load_embedder
from assistant.index import writes
from assistant.index.chunk import passages
from assistant.index.ingest import ingest
from assistant.index.library import Library
from assistant.index.sandbox import READER, read_paper
from assistant.types import FileStatus, IngestReport

T = TypeVar("T")


def papers_folder() -> Path:
    shared = os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    folder = Path(shared) / "pdfs" / "ground_truth"
    if not folder.is_dir():
        sys.exit(f"no papers in {folder}; set ASSISTANT_SHARED to the folder that holds pdfs/")
    return folder


def timed(call: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return call(), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--papers", type=int, default=10)
    files = sorted(papers_folder().glob("*.pdf"))[: parser.parse_args().papers]
    settings = Settings()
    embedder, loading = timed(load_embedder)
    embedder.embed_passages(["The first call loads what is loaded late."] * 200)
    documents, reading = timed(lambda: [read_paper(f) for f in files])
    pages = sum(len(d.pages) for d in documents)
    cut, chunking = timed(
        lambda: [passages(d, "x", target=settings.passage_tokens, count=embedder.count_tokens) for d in documents]
    )
    vectors, embedding = timed(lambda: [embedder.embed_passages([p.text for p in writes.findable(c)]) for c in cut])
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder) / "parts", create=True)

        def store() -> None:
            for n, (document, found, rows) in enumerate(zip(documents, cut, vectors, strict=True)):
                with writes.transaction(library.store.db) as db:
                    writes.set_setting(db, "dimension", str(embedder.dimension))
                    writes.add_paper(db, str(n), document, found, rows, reader=READER, fallback_title="")

        _, storing = timed(store)
        library.close()
        whole_library = Library(Path(folder) / "whole", create=True)

        def run() -> IngestReport:
            events = ingest(
                files, whole_library, lambda: embedder, workers=settings.workers, target=settings.passage_tokens
            )
            *_, report = events
            assert isinstance(report, IngestReport)
            return report

        _, whole = timed(run)
        second, again = timed(run)
        whole_library.close()
    assert second.count(FileStatus.UNCHANGED) == len(files)
    n_passages = sum(len(writes.findable(c)) for c in cut)
    print(f"{len(files)} papers, {pages} pages, {n_passages} passages; {settings.workers} reader(s); {embedder.id}")
    print(f"{'part':<28}{'seconds':>9}{'pages/s':>9}{'passages/s':>12}{'share of whole':>16}")
    rows = {
        "load the model": loading,
        "read (in its own process)": reading,
        "cut into passages": chunking,
        "embed": embedding,
        "store": storing,
        "whole ingest": whole,
        "second run, nothing new": again,
    }
    for name, seconds in rows.items():
        print(f"{name:<28}{seconds:>9.2f}{pages / seconds:>9.1f}{n_passages / seconds:>12.1f}{seconds / whole:>15.0%}")


if __name__ == "__main__":
    main()
