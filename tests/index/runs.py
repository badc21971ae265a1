"""Ingests in processes of their own, to be killed; and what a library holds, for comparing two of them.

Run as a module it ingests with an embedder that needs no model, printing a line of JSON for each acknowledged file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.encoders import Embedder
from assistant.index.ingest import ingest
from assistant.index.library import Library
from assistant.index.search import search
from assistant.testing import HashEmbedder
from assistant.types import FileReport, Filters

ROOT = Path(__file__).parents[2]
QUERIES = ("growth of tomato plants", "no effect", "nitrate leaching in sandy soil", "calibration of the sensor")


def start(papers: Path, library: Path, **environ: str) -> subprocess.Popen[str]:
    """Begin an ingest in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.index.runs", str(papers), str(library)],
        cwd=ROOT,
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, str]]]:
    """Exit code and the files acknowledged before the process ended; a line cut off is no acknowledgement."""
    out, _ = process.communicate(timeout=100)
    return process.returncode, [json.loads(line) for line in out.splitlines() if line.endswith("}")]


def content(folder: Path, embedder: Embedder | None = None) -> dict[str, Any]:
    """All of a library but its row numbers: papers, passages with their places, results of searches."""
    library, embedder = Library(folder), embedder or HashEmbedder()
    store = library.store
    passages = {p.id: [(q.text, q.section, q.spans) for q in store.passages_of(p.id)] for p in store.papers()}
    found = {
        query: [
            (hit.passage.paper_id, hit.passage.spans, round(hit.score, 6))
            for hit in search(
                query, store=store, vectors=library.index(), embedder=embedder, filters=Filters(), k=10, candidates=100
            )
        ]
        for query in QUERIES
    }
    result = {"papers": store.papers(), "passages": passages, "found": found}
    checks = library.doctor()
    library.close()
    assert all(check.ok for check in checks), checks
    return result


def ingest_here(papers: Path, folder: Path) -> Iterator[FileReport]:
    """The same ingest in this process; each report as its file is acknowledged."""
    library = Library(folder, create=True)
    for event in ingest([papers], library, HashEmbedder, workers=2, target=60):
        if isinstance(event, FileReport):
            yield event
    library.close()


def main(papers: str, folder: str) -> None:
    for report in ingest_here(Path(papers), Path(folder)):
        print(json.dumps({"paper_id": report.paper_id, "status": report.status}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
