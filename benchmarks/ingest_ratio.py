"""Whole ingest of real papers, and of the same by the plain recipe: pypdf, pieces of 1,000 characters,
sentence-transformers, FAISS; each in a process of its own, from its start to the index on disk.

    python benchmarks/ingest_ratio.py [--papers 60]

Papers: PDFs of pdfs/ground_truth and pdfs/mixed in ASSISTANT_SHARED (default ../shared beside the checkout). Read the
ratios; processor time holds on a busy machine, wall time on an idle one.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

PIECE = 1_000
"""Characters."""
RUNS = ("plain", "assistant")


def papers(n: int) -> list[Path]:
    shared = Path(os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    found = [p for name in ("mixed", "ground_truth") for p in sorted((shared / "pdfs" / name).rglob("*.pdf"))]
    return list(islice(found, n)) or sys.exit(f"no papers in {shared}; set ASSISTANT_SHARED to the folder with pdfs/")


def plain(files: list[Path], folder: Path) -> int:
    import faiss
    from pypdf import PdfReader
    from sentence_transformers import SentenceTransformer

    from assistant.encoders import built_in_folder

    pieces: list[str] = []
    for file in files:
        text = "\n".join(page.extract_text() for page in PdfReader(file).pages)
        pieces += [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
    model = SentenceTransformer(str(built_in_folder()), device="cpu", local_files_only=True)
    vectors = model.encode([p.encode("utf-8", "replace").decode() for p in pieces], normalize_embeddings=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, str(folder / "index.faiss"))
    return len(pieces)


def ours(files: list[Path], folder: Path) -> int:
    from assistant import Assistant

    with Assistant(folder / "library") as assistant:
        return sum(file.passages for file in assistant.ingest(*files).files)


def measured(run: str, n: int) -> tuple[str, float, float]:
    """What the run says, and its wall and processor seconds with those of the processes it started."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, __file__, "--run", run, "--papers", str(n)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    return said, wall, sum(after[:2]) - sum(before[:2])


def rows(n: int) -> Iterator[str]:
    found = {run: measured(run, n) for run in RUNS}
    for run, (said, wall, processor) in found.items():
        ratios = " | ".join(f"{found['plain'][i] / found[run][i]:.2f}" for i in (1, 2))  # type: ignore[operator]
        yield f"| {run} | {said} | {wall:.0f} | {processor:.0f} | {ratios} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=60)
    parser.add_argument("--run", choices=RUNS)
    arguments = parser.parse_args()
    files = papers(arguments.papers)
    if arguments.run:
        with tempfile.TemporaryDirectory() as folder:
            print((plain if arguments.run == "plain" else ours)(files, Path(folder)))
        return
    print(f"{len(files)} papers, {os.cpu_count()} cores\n")
    print("| ingest | passages | wall s | processor s | faster, wall | faster, processor |\n|---|---|---|---|---|---|")
    for row in rows(arguments.papers):
        print(row)


if __name__ == "__main__":
    main()
