"""The script and the notebook of `examples/` run to their end and show what they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
LIMIT = 100
"""Seconds a busy machine may take; each takes a few alone."""


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a process started here import the checkout, installed or not."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


def test_script_prints_quotes_with_pages_and_a_verdict(importable: None, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(EXAMPLES / "quickstart.py")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "6 papers in the library" in run.stdout
    assert "[1] “" in run.stdout
    assert "page 117" in run.stdout or "page 118" in run.stdout, "the printed page, not the physical one"
    assert any(label in run.stdout for label in ("SUPPORTS:", "REFUTES:", "NOT_ENOUGH_INFO:"))
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_notebook_runs(importable: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    client = nbclient.NotebookClient(notebook, timeout=LIMIT, resources={"metadata": {"path": str(EXAMPLES)}})
    done = client.execute()
    shown = {cell.id: cell.outputs for cell in done.cells if cell.cell_type == "code"}
    assert "**[1]**" in shown["ask"][0]["data"]["text/markdown"]
    assert "Answer" in shown["stream"][-1]["text"]
    assert "earthworm" in shown["retriever"][0]["text"].lower()
