"""Commands of the assistant that run on without the one who started them: a folder each, found again after a restart.

    run = start(library / "runs", "training", "my claims", ["finetune", "--train", "rows.jsonl", "--out", "…"])
    state(run)

A run is a process of its own: it outlives the page, its tab and its server. Its folder holds `run.json` (what was
asked, number and start of the process), `log.txt` (all it said) and, once it has ended, `exit`. Knows no
command's meaning.
"""

from __future__ import annotations

import contextlib
import enum
import json
import os
import re
import runpy
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from assistant.errors import AssistantError, Cancelled, DiskFull, UsageError

RUN, LOG, EXIT = "run.json", "log.txt", "exit"
LOG_BYTES = 16_384
"""The end of a log that is read."""
KINDNESS = 10
"""How far a run steps back for others on the same cores (nice), so that the page goes on to answer."""
SAME_START = 1.0
"""Seconds by which two readings of one process's start may differ."""
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
_children: dict[int, subprocess.Popen[bytes]] = {}
"""What this very process has started; it must ask after them, or they stay as zombies."""


class State(enum.StrEnum):
    """What has become of a run. INTERRUPTED: its process is gone without a word (killed, machine switched off)."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Run:
    """`arguments` are those of `assistant`; `pid` and `started` (seconds since 1970) name the process, since numbers
    are given out again. `created` is UTC."""

    folder: Path
    kind: str
    title: str
    arguments: tuple[str, ...]
    created: str
    pid: int = 0
    started: float = 0.0

    @property
    def id(self) -> str:
        return self.folder.name


def new_folder(home: Path) -> Path:
    """An empty folder for a run, named by the time. Raises DiskFull, AssistantError."""
    folder = home / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def start(folder: Path, kind: str, title: str, arguments: Sequence[str]) -> Run:
    """Start `assistant ARGUMENTS` for an empty folder that `new_folder` gave."""
    run = Run(folder, kind, title, tuple(arguments), time.strftime("%Y-%m-%d %H:%M", time.gmtime()))
    return _launch(run)


def again(run: Run, *more: str) -> Run:
    """Start a run that has ended once more, with further arguments; its log goes on. UsageError while it runs."""
    if state(run) is State.RUNNING:
        raise UsageError(f"{run.id} is still running; stop it first")
    return _launch(run, *more)


def _launch(run: Run, *more: str) -> Run:
    try:
        (run.folder / EXIT).unlink(missing_ok=True)
        with (run.folder / LOG).open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", __name__, str(run.folder), *run.arguments, *more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        _children[child.pid] = child
        run = replace(run, pid=child.pid, started=_start_of(child.pid))
        _save(run)
    except OSError as error:
        raise _unwritable(run.folder, error) from error
    return run


def _save(run: Run) -> None:
    fresh = run.folder / f".{RUN}.new"
    kept = {name: value for name, value in asdict(run).items() if name != "folder"}
    fresh.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    fresh.replace(run.folder / RUN)


def _unwritable(folder: Path, error: OSError) -> AssistantError:
    return DiskFull(f"{folder} cannot be written ({error.strerror or error}); make room there and try again")


def runs(home: Path, kind: str = "") -> list[Run]:
    """The runs of a home (of one kind), newest first; what is damaged is left out."""
    found = []
    for folder in sorted(home.glob("*/"), reverse=True):
        with contextlib.suppress(UsageError):
            found.append(find(home, folder.name))
    return [run for run in found if kind in ("", run.kind)]


def find(home: Path, id: str) -> Run:  # noqa: A002
    """The run of that id. UsageError where there is none."""
    try:
        if not _ID.fullmatch(id):
            raise ValueError(id)
        raw = json.loads((home / id / RUN).read_text(encoding="utf-8"))
        return Run(home / id, **raw | {"arguments": tuple(map(str, raw["arguments"]))})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError("there is no such run (any more); load the page again") from error


def state(run: Run) -> State:
    """What has become of it."""
    if _is_alive(run):
        return State.RUNNING
    try:
        code = int((run.folder / EXIT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return State.INTERRUPTED
    return {0: State.DONE, Cancelled.exit_code: State.STOPPED}.get(code, State.FAILED)


def stop(run: Run) -> None:
    """Ask a run to end at the next good place, as Ctrl-C does; a second time: at once."""
    if _is_alive(run):
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.pid, signal.SIGINT)


def remove(run: Run) -> None:
    """Forget a run and all that lies in its folder. UsageError while it runs."""
    if state(run) is State.RUNNING:
        raise UsageError(f"{run.id} is still running; stop it first")
    shutil.rmtree(run.folder, ignore_errors=True)


def log(run: Run) -> list[str]:
    """The last lines it said."""
    try:
        with (run.folder / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()]


def reason(run: Run) -> str:
    """The sentence by which it says why it ended; "" for none."""
    errors = [line.removeprefix("error: ") for line in log(run) if line.startswith("error: ")]
    return errors[-1] if errors else ""


def _start_of(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _is_alive(run: Run) -> bool:
    """Whether the process of that number is there and is still the same one."""
    alive = _is_same(run)
    if not alive and (child := _children.get(run.pid)) is not None and child.poll() is not None:
        del _children[run.pid]
    return alive


def _is_same(run: Run) -> bool:
    try:
        process = psutil.Process(run.pid)
        same = abs(process.create_time() - run.started) < SAME_START
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, ValueError):
        return False


def main(folder: str, *arguments: str) -> None:
    """Be the run: the command itself, in this process, and its exit code in the folder at the end."""
    if hasattr(os, "nice"):
        os.nice(KINDNESS)
    sys.argv = ["assistant", *arguments]
    code = AssistantError.exit_code
    try:
        runpy.run_module("assistant", run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        code = Cancelled.exit_code
    (Path(folder) / EXIT).write_text(str(code), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
