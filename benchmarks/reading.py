"""How faithfully papers are read: one table of the measures of the scorer in the shared folder, with what is wanted.

    python benchmarks/reading.py [--papers FOLDER]

Runs `assistant read --json` on each paper that has its publisher's XML beside it. The scorer and the papers lie in
$ASSISTANT_SHARED (default ../shared beside the checkout); without them it says so and ends. Needs lxml.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

MEASURES = {
    "R": (">= .99", "share of the text's words found"),
    "F1n": (">= .955", "F1 of the words, front and back matter aside"),
    "g5": (">= .975", "runs of five words found as they stand"),
    "para": (">= .92", "paragraphs whole and unbroken"),
    "order": ("1.0", "papers in the right reading order"),
    "hyph": ("< 0.1", "words left split, per 1,000"),
    "oov": ("< 0.6", "% of long words that the paper does not have"),
    "headR": (">= .85", "headings found"),
    "headP": (">= .85", "found headings that are ones"),
    "hf": ("< .05", "running heads left in, lines a page"),
    "cap": (">= .98", "captions found"),
    "leak": ("< .02", "references left in the text"),
}


def shared() -> Path:
    return Path(os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared")


def missing(scorer: Path, papers: Path) -> str:
    """Why nothing can be measured here, "" where it can."""
    if not scorer.is_file():
        return f"no scorer at {scorer}; set ASSISTANT_SHARED to the folder that holds tools/ and pdfs/"
    if not any(papers.glob("*.xml.gz")):
        return f"no papers with their XML in {papers}; set ASSISTANT_SHARED or give --papers"
    if importlib.util.find_spec("lxml") is None:
        return "the scorer needs lxml: pip install lxml"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--papers", type=Path, default=shared() / "pdfs" / "ground_truth")
    papers = parser.parse_args().papers
    scorer = shared() / "tools" / "score_reading.py"
    if reason := missing(scorer, papers):
        print(f"skipped: {reason}")
        return
    command = [sys.executable, str(scorer), str(papers), "--", sys.executable, "-m", "assistant", "read", "--json"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).resolve().parents[1], check=False)
    if not run.stdout.strip():
        sys.exit(f"the scorer failed: {run.stderr.strip().splitlines()[-1:]}")
    found = json.loads(run.stdout.splitlines()[-1])
    print(f"{found['papers']} papers read, {found['failed']} failed; means over papers")
    print(f"{'measure':<8}{'found':>8}{'wanted':>10}  what it is")
    for name, (wanted, meaning) in MEASURES.items():
        value = f"{found[name]:.3f}" if name in found else "-"
        print(f"{name:<8}{value:>8}{wanted:>10}  {meaning}")


if __name__ == "__main__":
    main()
