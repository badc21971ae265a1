"""A training from the page's own doors to the verdicts: started, stopped, gone on with after a restart, used."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from assistant import Assistant, background
from assistant.background import State
from tests.finetune.tiny import rows, tiny_bert, write_rows
from tests.ui.doors import Doors

pytestmark = pytest.mark.soak


def until(wanted: object, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not wanted():  # type: ignore[operator]
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.2)


def test_stop_restart_resume_kill_resume_promote_and_roll_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "shelf"))
    library = tmp_path / "library"
    doors = Doors(Assistant(library))
    path = write_rows(tmp_path / "rows.jsonl", rows(400))
    base = tiny_bert(tmp_path / "bert")
    fields = {"source": "path", "path": str(path), "base": str(base), "epochs": "200", "method": "lora"}
    doors.post("/screens/training/start", fields)
    assert doors.status == 200, doors.said
    training = doors.assistant.workshop().training()
    (run,) = training.runs()
    until(lambda: training.progress(run).step > 20)
    assert training.progress(run).steps == 200 * 10  # 291 of 400 rows, 32 at once
    doors.post("/screens/training/stop", {"run": run.id})
    until(lambda: background.state(run) is not State.RUNNING)
    assert background.state(run) is State.STOPPED
    stopped_at = training.progress(run).step

    doors = Doors(Assistant(library))  # as after a restart of the server
    doors.post("/screens/training/resume", {"run": run.id})
    (run,) = training.runs()
    until(lambda: training.progress(run).step > stopped_at + 20)
    assert "Running" in doors.get("/screens/training/run")
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: background.state(run) is not State.RUNNING)
    assert "Interrupted" in doors.get("/screens/training/run")

    doors.post("/screens/training/resume", {"run": run.id})
    (run,) = training.runs()
    until(lambda: background.state(run) is State.DONE, 400)
    html = doors.get("/screens/training/run")
    assert "Final report" in html
    assert "Use for verdicts" in html
    before = doors.assistant.verifier()
    doors.post("/screens/training/promote", {"run": run.id})
    assert doors.status == 200
    assert doors.assistant.verifier() is not before
    judged = doors.assistant.verifier().probabilities([("zinc raises sleep .", "in our trial zinc raises sleep .")])
    assert judged.shape == (1, 3)
    doors.post("/screens/training/roll-back")
    assert "builtin" in doors.said
