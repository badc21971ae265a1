from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant import Assistant, background
from assistant.background import Run, State
from tests.finetune.tiny import rows, write_rows
from tests.ui.doors import Doors
from tests.ui.scripted import HOSTILE

EVIL = " ".join(HOSTILE[:14])


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    return Doors(Assistant(tmp_path / "library"))


def trained(doors: Doors, *, title: str = "mine", code: str = "0") -> Run:
    """A training that has ended, with numbers, a log and a report."""
    training = doors.assistant.workshop().training()
    folder = background.new_folder(training.home)
    arguments = ("finetune", "--task=claims", "--method=lora", "--epochs=2", "--batch-size=8", f"--base={title}")
    run = Run(folder, "training", title, arguments, "2026-11-24 20:00", 2**22 + 1, 1.0)
    background._save(run)
    adapter = training.adapter(run.id)
    adapter.mkdir()
    numbers = [{"step": 1, "loss": 2.0, "seconds": 1.0}, {"step": 2, "loss": 1.25, "seconds": 2.0}]
    (adapter / "log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in [*numbers, {"step": 2, "macro_f1": 0.5}]))
    report = {"n": 12, "macro_f1": 0.71, "accuracy": 0.75, "reliability": [[0.5, 0.4, 6], [0.9, 0.8, 6]]}
    (adapter / "report.json").write_text(json.dumps(report))
    (adapter / "report.html").write_text(f"<script>{title}</script>")
    (folder / "log.txt").write_text(f"train: 8 rows, held back: 2\n{title}\nerror: {title} broke\n")
    (folder / "exit").write_text(code)
    return run


def test_the_screen_offers_rows_options_and_a_start_and_shows_what_is_in_use(doors: Doors) -> None:
    html = doors.get("/screens/training")
    for name in ("source", "rows", "path", "task", "base", "method", "epochs", "rank", "learning_rate", "skip_bad"):
        assert f'name="{name}"' in html
    assert "disabled> Reviewed answers (0 rows)" in html
    assert "Nothing has been trained" in doors.get("/screens/training/run")
    assert "In use" in doors.get("/screens/training/adapters")


def test_an_ended_training_shows_numbers_curves_log_and_report(doors: Doors) -> None:
    run = trained(doors)
    html = doors.get("/screens/training/run")
    assert "0.710" in html
    assert "Loss over the steps, from 2.000 to 1.250" in html
    assert html.count("<svg viewBox") >= 3
    assert f"/screens/training/runs/{run.id}/report.html" in html
    assert "data-every" not in html
    assert "0.500" in doors.get("/screens/training/runs")
    doors.get(f"/screens/training/runs/{run.id}/live")
    assert doors.changed == "training"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_names_and_logs_are_text(tmp_path: Path, language: str) -> None:
    doors = Doors(Assistant(tmp_path / "library"), language=language)
    trained(doors, title=EVIL, code="1")
    html = doors.get("/screens/training/run") + doors.get("/screens/training/runs")
    assert doors.status == 200
    for bad in ("<script", "<img", "<iframe", "<style", "{{", "${", "<svg/"):
        assert bad not in html


def test_the_report_is_a_file_to_keep_never_a_page(doors: Doors) -> None:
    run = trained(doors)
    answer = doors.client.get(f"/screens/training/runs/{run.id}/report.html")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert doors.client.get("/screens/training/runs/20260101-000000-000000/report.html").status_code == 422


def test_a_lost_process_is_interrupted_and_can_go_on_with_resume(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(doors)
    (run.folder / "exit").unlink()
    html = doors.get("/screens/training/run")
    assert "Interrupted" in html
    assert "its process is gone" in html.lower()
    launched: list[tuple[str, ...]] = []
    monkeypatch.setattr(background, "_launch", lambda run, *more: (launched.append((*run.arguments, *more)), run)[1])
    doors.post("/screens/training/resume", {"run": run.id})
    assert launched == [(*run.arguments, "--resume")]
    assert doors.changed == "training"


def test_a_running_training_is_asked_after_again_and_can_be_stopped(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(doors)
    monkeypatch.setattr("assistant.ui.screens.training_html.state", lambda run: State.RUNNING)
    html = doors.get("/screens/training/run")
    assert f'data-from="/screens/training/runs/{run.id}/live" data-every="2000"' in html
    assert 'id="training-stop"' in html
    assert "Remove" not in html
    doors.get(f"/screens/training/runs/{run.id}/live")
    assert doors.changed == ""


def test_start_hands_the_rows_over_and_says_so(doors: Doors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, list[str]]] = []

    def start(folder: Path, kind: str, title: str, arguments: list[str]) -> Run:
        started.append((title, arguments))
        return Run(folder, kind, title, tuple(arguments), "")

    monkeypatch.setattr(background, "start", start)
    path = write_rows(tmp_path / "rows.jsonl", rows(40))
    chosen = {"task": "claims", "method": "lora", "epochs": "2"}
    doors.post(
        "/screens/training/start", {**chosen, "source": "upload", "name": "a try"}, rows=("r.jsonl", path.read_bytes())
    )
    assert doors.status == 200
    assert "goes on when the page is closed" in doors.said
    doors.post("/screens/training/start", {**chosen, "source": "path", "path": str(path)})
    (first, second) = started
    assert first[0] == "a try"
    assert "--epochs=2" in first[1]
    assert (
        Path(next(a for a in first[1] if a.startswith("--train=")).removeprefix("--train=")).read_bytes()
        == path.read_bytes()
    )
    assert f"--train={path}" in second[1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_cannot_be_trained_is_said_and_nothing_starts(tmp_path: Path, language: str) -> None:
    doors = Doors(Assistant(tmp_path / "library"), language=language)
    path = write_rows(tmp_path / "few.jsonl", rows(3))
    for fields in (
        {"source": "review"},
        {"source": "upload"},
        {"source": "path", "path": ""},
        {"source": "path", "path": str(tmp_path / "missing.jsonl")},
        {"source": "path", "path": str(path)},
        {"source": "path", "path": str(path), "epochs": "many"},
    ):
        html = doors.post("/screens/training/start", fields)
        assert doors.status == 422
        assert 'role="alert"' in html
        assert ("\u8bf7" in html or "无法" in html) == (language == "zh")
    assert doors.assistant.workshop().training().runs() == []


def test_with_accounts_no_path_is_read_and_what_judges_all_is_not_changed(tmp_path: Path) -> None:
    doors = Doors(Assistant(tmp_path / "library"), reader="ann")
    path = write_rows(tmp_path / "rows.jsonl", rows(40))
    html = doors.get("/screens/training")
    assert 'name="path"' not in html
    assert 'name="test"' not in html
    for address, fields in (
        ("/screens/training/start", {"source": "path", "path": str(path)}),
        ("/screens/training/promote", {"adapter": "builtin"}),
        ("/screens/training/roll-back", {}),
    ):
        doors.post(address, fields)
        assert doors.status == 422
    assert doors.assistant.workshop().training().runs() == []


def test_only_the_page_itself_may_start_anything(doors: Doors) -> None:
    for address in ("start", "stop", "resume", "remove", "promote", "roll-back", "show"):
        assert doors.client.post(f"/screens/training/{address}", data={"run": "x"}).status_code == 403
