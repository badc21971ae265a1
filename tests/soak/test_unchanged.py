"""A second run over a folder of 1,000 papers that have not changed takes less than 2 s, as a shell sees it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.index import ingest as ingest_module
from assistant.index.ingest import ingest
from assistant.index.library import Library
from assistant.testing import HashEmbedder
from tests.conftest import ROOT
from tests.index.documents import make_document

pytestmark = pytest.mark.soak

PAPERS, PAGES = 1000, 10
SECONDS = 2.0


def test_a_thousand_unchanged_papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for n in range(PAPERS):
        (folder / f"{n}.pdf").write_bytes(b"%PDF-1.4 " + str(n).encode() * 1000)
    sentence = "Growth of the plants rose in every plot that had received the amendment. "
    document = make_document(*[sentence * 30] * PAGES)
    monkeypatch.setattr(ingest_module, "read_paper", lambda *_, **__: document)
    library = Library(tmp_path / "library", create=True)
    list(ingest([folder], library, HashEmbedder, workers=2, target=160))
    passages = library.store.n_passages
    library.close()
    command = [sys.executable, "-m", "assistant", "ingest", str(folder), "--library", str(tmp_path / "library")]
    times = []
    for _ in range(3):
        began = time.monotonic()
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        times.append(time.monotonic() - began)
        assert run.stdout.splitlines()[-1].endswith(f" {PAPERS:,} unchanged")
    print(f"{PAPERS} papers, {passages} passages: {', '.join(f'{t:.2f} s' for t in times)}")
    assert min(times) < SECONDS
