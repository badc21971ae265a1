"""A library embedded anew from the page's own doors, while the same server goes on to answer."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from assistant import Assistant, background
from assistant.background import State
from tests.finetune.tiny import tiny_bert
from tests.ui.doors import Doors

pytestmark = pytest.mark.soak
QUESTION = "Does velorite increase tomato yield?"


def test_the_next_question_after_a_re_index_is_asked_of_the_new_embedder(
    sample_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    doors = Doors(Assistant(shutil.copytree(sample_library, tmp_path / "library")))
    assert "MiniLM" in doors.assistant.ask(QUESTION).provenance.embedder
    base = str(tiny_bert(tmp_path / "bert"))
    doors.post("/screens/settings/index", {"embedder": base})
    assert doors.status == 200
    doors.post("/screens/settings/index", {"embedder": base})
    assert doors.status == 422  # one is under way
    run = doors.assistant.workshop().embedding()
    assert run is not None
    while background.state(run) is State.RUNNING:
        assert "Running" in doors.get("/screens/settings/index/live") or background.state(run) is not State.RUNNING
        time.sleep(0.5)
    assert background.state(run) is State.DONE, background.log(run)
    doors.get("/screens/settings/index/live")
    assert doors.changed == "index library"
    assert doors.assistant.ask(QUESTION).provenance.embedder.startswith(base)
