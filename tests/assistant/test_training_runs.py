from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from assistant import background, training_runs
from assistant.background import Run, State
from assistant.cli import _parser
from assistant.errors import UsageError
from assistant.training_runs import Choices, Point, Training
from tests.finetune.tiny import rows, write_rows


def test_the_choices_are_what_the_command_line_reads(tmp_path: Path) -> None:
    chosen = Choices(
        tmp_path / "-- rows.jsonl", tmp_path / "t.csv", base="-x", method="dora", epochs=3, rank=4, learning_rate=1e-4,
        skip_bad=True,
    )  # fmt: skip
    read = _parser().parse_args(chosen.arguments(tmp_path / "out"))
    assert (read.train, read.test, read.out) == ([chosen.train], [chosen.test], tmp_path / "out")
    assert (read.task, read.base, read.method, read.epochs, read.rank) == ("claims", "-x", "dora", 3, 4)
    assert (read.learning_rate, read.skip_bad, read.start_from, read.batch_size) == (1e-4, True, None, 32)
    assert _parser().parse_args(Choices(tmp_path, go_on=True).arguments(tmp_path)).start_from == "builtin"


@pytest.mark.parametrize(
    "wrong",
    [{"method": "magic"}, {"task": "poetry"}, {"task": "reasoning"}, {"epochs": 0}, {"go_on": True, "method": "full"}],
)
def test_a_choice_that_is_none_is_refused_before_anything_starts(tmp_path: Path, wrong: dict) -> None:
    path = write_rows(tmp_path / "rows.jsonl", rows(20))
    training = Training(tmp_path / "library")
    with pytest.raises(UsageError):
        training.start(Choices(path, **wrong))
    assert training.runs() == []


def test_the_methods_are_those_there_are() -> None:
    from assistant.finetune import lora

    assert training_runs.METHODS == lora.METHODS


def test_bad_rows_are_told_by_line_and_what_was_handed_in_is_cleared_away(tmp_path: Path) -> None:
    training = Training(tmp_path)
    bad = b'{"claim": "a", "evidence": "b", "label": "PERHAPS"}\n'
    path = training.keep(io.BytesIO(bad), "../../rows.JSONL")
    assert path.parent.parent == training.home
    with pytest.raises(UsageError, match=r":1:"):
        training.start(Choices(path))
    assert list(training.home.iterdir()) == []


def test_what_is_handed_in_is_bounded_in_kind_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_runs, "MOST_BYTES", 10)
    training = Training(tmp_path)
    for data, name in ((b"x", "a.exe"), (b"x" * 11, "a.csv")):
        with pytest.raises(UsageError):
            training.keep(io.BytesIO(data), name)
    assert not training.home.exists() or list(training.home.iterdir()) == []


def made(home: Path, *arguments: str) -> Run:
    """A training that was killed: its folder, without a process."""
    folder = background.new_folder(home)
    run = Run(folder, training_runs.KIND, "mine", arguments, "2026-11-24 20:00", 2**22 + 1, 1.0)
    background._save(run)
    return run


def test_progress_is_read_from_the_numbers_that_training_writes(tmp_path: Path) -> None:
    training = Training(tmp_path)
    run = made(training.home, "finetune", "--epochs=2", "--batch-size=32", "--out=x")
    assert training.progress(run).step == 0
    folder = training.adapter(run.id)
    folder.mkdir()
    lines = [
        {"step": 1, "loss": 1.5, "rate": 0.1, "seconds": 2.0},
        {"step": 2, "loss": 1.0, "rate": 0.1, "seconds": 4.0},
        {"step": 2, "macro_f1": 0.4},
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines) + '{"step": 3, "lo')
    (run.folder / "log.txt").write_text("train: 96 rows, held back: 20, test: 0\n")
    found = training.progress(run)
    assert found.loss == (Point(1, 1.5), Point(2, 1.0))
    assert (found.looks, found.measure, found.step, found.steps) == ((Point(2, 0.4),), "macro_f1", 2, 6)
    assert found.seconds_left == pytest.approx(8.0)
    assert background.state(run) is State.INTERRUPTED


def test_one_training_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(tmp_path)
    run = made(training.home)
    monkeypatch.setattr(background, "state", lambda run: State.RUNNING)
    path = write_rows(tmp_path / "rows.jsonl", rows(40))
    with pytest.raises(UsageError, match="a training is running"):
        training.start(Choices(path))
    with pytest.raises(UsageError, match="a training is running"):
        training.resume(run.id)
    assert path.is_file()
