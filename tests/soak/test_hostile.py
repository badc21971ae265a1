"""Every hostile file ends with one line; those with text are read; memory stays bounded; the library stays sound."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.index.library import Library
from assistant.index.sandbox import read_paper
from tests.conftest import ROOT

pytestmark = pytest.mark.soak

PARENT_MEMORY = 1.5 * 2**30
WORKER_MEMORY = 2 * 2**30
MOST_UNREADABLE = 5
"""Files of the set whose fonts do not say which letters theirs are; two were when this was written."""
# One file of the set is a bomb of 2 million characters, which take minutes to embed on two cores.
SECONDS = 3600


def test_all_hostile_files(shared: Path, tmp_path: Path) -> None:
    folder = shared / "pdfs" / "hostile"
    files = sorted(folder.glob("*.pdf"))
    command = [sys.executable, "-m", "tests.soak.measure", str(folder), str(tmp_path / "library")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert run.returncode == 3, run.stderr[-2000:]
    *lines, memory = [json.loads(line) for line in run.stdout.splitlines()]
    reports = {Path(line["path"]): line for line in lines if "path" in line}
    print({status: sum(r["status"] == status for r in reports.values()) for status in ("indexed", "flagged", "failed")})
    print(memory)
    assert set(reports) == set(files)
    assert memory["parent"] < PARENT_MEMORY
    assert memory["worker"] < WORKER_MEMORY
    missed = [f.name for f in files if reports[f]["status"] == "failed" and has_text(f)]
    refused = [f.name for f in files if "letters cannot be read" in reports[f]["reason"]]
    assert set(missed) <= set(refused), "files with text were not read"
    assert len(refused) <= MOST_UNREADABLE
    library = Library(tmp_path / "library")
    assert all(check.ok for check in library.doctor())


@pytest.mark.parametrize("folder", ["ground_truth", "mixed"])
def test_real_papers_hide_nothing(shared: Path, folder: str) -> None:
    files = sorted((shared / "pdfs" / folder).glob("*.pdf"))
    flagged = {f.name: document.flags for f in files if (document := read_paper(f)) and _of_ink(document.flags)}
    assert files
    assert flagged == {}


def _of_ink(flags: tuple[str, ...]) -> bool:
    return any("hidden" in flag or "letters cannot" in flag for flag in flags)


def has_text(path: Path) -> bool:
    """Whether pdfium, left alone in a process with the worker's limits, finds a character of text (a lone byte-order
    mark is none)."""
    code = (
        "import sys, pypdfium2\n"
        "for page in pypdfium2.PdfDocument(sys.argv[1]):\n"
        "    text = page.get_textpage().get_text_range()\n"
        "    if any(c.isprintable() and not c.isspace() for c in text): sys.exit(77)\n"
    )
    try:
        run = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (int(WORKER_MEMORY),) * 2),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 77
