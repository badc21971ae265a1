"""First steps: make a library of the sample papers, ask it, check a claim. Run `python examples/quickstart.py`.

Needs no network, no key and no language model; the library lies in a temporary folder and is gone afterwards.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from assistant import Assistant
from assistant.types import Evidence

PAPERS = Path(__file__).resolve().parent / "papers"


def show(evidence: Evidence) -> None:
    """One quote with its place."""
    place = f"{evidence.paper.title}, page {evidence.page_label or evidence.page}"
    print(f"  [{evidence.n}] “{evidence.text}”\n      {place}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Assistant(Path(folder) / "library") as assistant:
        report = assistant.ingest(PAPERS)
        print(f"{len(report.files)} files read, {len(assistant.papers())} papers in the library\n")

        answer = assistant.ask("Does velorite raise the yield of tomatoes?")
        print(f"{answer.question}\n{answer.text}\n")
        for evidence in answer.evidence:
            show(evidence)

        verdict = assistant.check("Velorite reduces nitrate leaching.")
        print(f"\n{verdict.claim}\n{verdict.label}: {verdict.n_for} for, {verdict.n_against} against")
        for evidence in verdict.evidence:
            show(evidence)


if __name__ == "__main__":
    main()
