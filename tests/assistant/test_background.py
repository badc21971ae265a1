from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from assistant import background
from assistant.background import Run, State
from assistant.errors import UsageError


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that would run on for a minute."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def run_of(folder: Path, process: subprocess.Popen[bytes]) -> Run:
    return Run(folder, "test", "a run", (), "", process.pid, psutil.Process(process.pid).create_time())


def ended(run: Run) -> State:
    for _ in range(300):
        if (found := background.state(run)) is not State.RUNNING:
            return found
        time.sleep(0.1)
    raise AssertionError("it does not end")


def test_a_command_runs_on_by_itself_and_is_found_with_its_end_and_its_words(tmp_path: Path) -> None:
    good = background.start(background.new_folder(tmp_path), "test", "<version>", ["--version"])
    bad = background.start(
        background.new_folder(tmp_path), "test", "bad", ["papers", "show", "x", f"--library={tmp_path}"]
    )
    assert ended(good) is State.DONE
    assert "assistant" in background.log(good)[-1]
    assert ended(bad) is State.FAILED
    assert background.reason(bad)
    assert {r.id for r in background.runs(tmp_path, "test")} == {good.id, bad.id}
    assert background.find(tmp_path, good.id) == good
    assert background.runs(tmp_path, "other") == []


def test_a_run_is_alive_only_while_the_very_same_process_is(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    run = run_of(tmp_path, sleeper)
    assert background.state(run) is State.RUNNING
    other = Run(tmp_path, "test", "", (), "", run.pid, run.started - 1000)
    assert background.state(other) is State.INTERRUPTED
    with pytest.raises(UsageError, match="still running"):
        background.remove(run)
    with pytest.raises(UsageError, match="still running"):
        background.again(run)
    sleeper.kill()
    assert ended(run) is State.INTERRUPTED
    (tmp_path / "exit").write_text("130")
    assert background.state(run) is State.STOPPED


def test_stop_is_ctrl_c(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    run = run_of(tmp_path, sleeper)
    background.stop(run)
    assert sleeper.wait(10) != 0
    background.stop(run)  # of one that is gone: nothing


@pytest.mark.parametrize("id", ["", "..", "../x", "20261124-195830-b254bc/..", "20261124-195830-ffffff", "a" * 300])
def test_only_ids_of_runs_name_runs(tmp_path: Path, id: str) -> None:  # noqa: A002
    with pytest.raises(UsageError, match="no such run"):
        background.find(tmp_path, id)


def test_a_damaged_run_is_left_out(tmp_path: Path) -> None:
    folder = background.new_folder(tmp_path)
    (folder / "run.json").write_text('{"kind": 3')
    assert background.runs(tmp_path) == []


def test_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    run = Run(tmp_path, "test", "", (), "")
    (tmp_path / "log.txt").write_text("x" * 100_000 + "\n\nerror: first\nerror: the last one\n")
    assert background.log(run)[-1] == "error: the last one"
    assert background.reason(run) == "the last one"
    assert sum(map(len, background.log(run))) <= background.LOG_BYTES
