"""Reads one file in a process of its own that may hang, crash or lie, and gives back a checked Document or one reason.

The parent's side of `assistant.index.worker`. Knows nothing of formats. Thread-safe: it keeps no state.
"""

from __future__ import annotations

import enum
import os
import resource
import selectors
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import assistant
from assistant.errors import Cancelled, ReadError
from assistant.index import wire
from assistant.index.checks import WireError
from assistant.index.formats import kinds
from assistant.index.worker import AGAIN
from assistant.types import Document, Page

READER = "pdfium-3"
"""Version of the reading as a whole (pdf, lines, layout, metadata); raise it when a paper's text may change."""
OnPage = Callable[[int, int], None]
"""Called with (page, pages) when a page is begun."""

_LOOK_EVERY = 0.1
"""Seconds between two looks at the clock and at `cancel`."""
_CHUNK = 1 << 16
_GROWTH = 4
"""Characters of text that one of pdfium's may become (a ligature's letters, a space between lines), generously."""
_BYTES_PER_CHARACTER = 20
"""What a character may cost on the wire: four bytes of UTF-8 and sixteen of box, if nothing can be compressed."""
_BYTES_BESIDES = 64 << 20
"""What blocks, labels and progress may cost on the wire in all."""
MAX_PASSWORD = 1024
"""Bytes; PDF allows 127."""
_MEMORY_SHARE = 0.3
"""A reader that crashes with this share of its memory in use most likely failed to get more."""
_KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "TMPDIR",
    "TESSDATA_PREFIX",
    "ASSISTANT_FAULT",
)
"""All that the reader sees of the environment: it has no business with keys and tokens."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Memory in bytes; times in seconds; `paragraphs` are those of a file without pages;
    `attempts` are the pages given up on, at most."""

    memory: int = 2 << 30
    cpu: float = 30.0
    cpu_page: float = 0.5
    page_seconds: float = 120.0
    pages: int = 3000
    characters: int = 20_000_000
    paragraphs: int = 200_000
    attempts: int = 3
    ocr: bool = True


class Trouble(enum.StrEnum):
    """How a reader ended that did not end well; the words stand in flags."""

    SLOW = "timed out"
    BUSY = "took too much processor time"
    CRASH = "reader crashed"
    MEMORY = "too large after unpacking"
    BROKEN = "reader gave a broken answer"


@dataclass(slots=True)
class _Run:
    """How far one run of the reader came. `refusal` is the reader's own reason, `trouble` how it was brought down."""

    page: int = 0
    count: int = 0
    working: bool = False
    pages: list[Page] = field(default_factory=list)
    document: Document | None = None
    refusal: str = ""
    transient: bool = False
    trouble: Trouble | None = None


def read_paper(
    path: Path,
    *,
    on_page: OnPage | None = None,
    cancel: threading.Event | None = None,
    limits: Limits = Limits(),
    password: str = "",
) -> Document:
    """The file as a Document; pages that bring the reader down are left out and flagged.

    `password` opens an encrypted file; it goes to the reader by a pipe, where no other user can see it. Raises
    ReadError with one line that says why nothing could be read, Cancelled once `cancel` is set.
    """
    check_file(path)
    lost: dict[int, Trouble] = {}
    last = limits.pages
    while True:
        run = _run(_command(path, lost, last, limits), limits, on_page, cancel, password)
        if run.document:
            return replace(run.document, flags=_flags(lost, last, run.count) + run.document.flags)
        if run.refusal:
            if not lost:
                raise ReadError(run.refusal, transient=run.transient)
            raise ReadError(_reason(*min(lost.items()), limits), transient=_is_transient(lost.values()))
        trouble = run.trouble or Trouble.CRASH
        if run.working or run.page < 2 <= len(lost) or not run.page or run.page in lost or last < limits.pages:
            raise ReadError(
                _reason(0 if run.working else run.page, trouble, limits), transient=_is_transient([trouble])
            )
        if len(lost) < limits.attempts:
            lost[run.page] = trouble
        else:
            last = run.page - 1


def _is_transient(troubles: Iterable[Trouble]) -> bool:
    """Whether another try may go better: the clock and the crashes of a busy machine, not a bomb's memory."""
    return any(trouble in (Trouble.SLOW, Trouble.CRASH) for trouble in troubles)


def _reason(page: int, trouble: Trouble, limits: Limits) -> str:
    """The one line for a file of which nothing could be read; page 0 stands for no page in particular."""
    place = f" at page {page}" if page else ""
    said = {
        Trouble.MEMORY: f"{trouble} (over {limits.memory / 2**30:.3g} GiB of memory)",
        Trouble.SLOW: f"{trouble}{place} (no page finished in {limits.page_seconds:g} s)",
        Trouble.BUSY: f"timed out{place} (it {trouble})",
    }
    return f"{said.get(trouble, f'{trouble}{place}')}; {AGAIN}"


def _flags(lost: dict[int, Trouble], last: int, count: int) -> tuple[str, ...]:
    flags = tuple(f"page {page} could not be read ({trouble})" for page, trouble in sorted(lost.items()))
    return (*flags, f"pages {last + 1} to {count} were not read (too many could not be)") if last < count else flags


def check_file(path: Path) -> kinds.Kind:
    """What kind of file it seems to be. Raises ReadError for what no reader need be started for."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise ReadError("not a file; name a file, or ingest the folder")
        with path.open("rb") as file:
            head = file.read(kinds.HEAD)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ReadError(f"cannot be opened: {reason}; check its path and its permissions") from error
    return kinds.kind_of(path.name, head)


def _command(path: Path, skip: Iterable[int], last: int, limits: Limits) -> list[str]:
    options = {
        "skip": ",".join(map(str, sorted(skip))),
        "last": last,
        "pages": limits.pages,
        "characters": limits.characters,
        "paragraphs": limits.paragraphs,
        "memory": limits.memory,
        "cpu": limits.cpu,
        "cpu-page": limits.cpu_page,
    }
    # -P keeps the current folder off the import path: it may be the folder the hostile file came in.
    start = [sys.executable, "-P", "-m", "assistant.index.worker"]
    flags = [] if limits.ocr else ["--no-ocr"]
    return [*start, *(f"--{name}={value}" for name, value in options.items()), *flags, "--", str(path.absolute())]


def reader_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    root = Path(assistant.__file__).resolve().parent.parent
    # One thread for linear algebra: each one more reserves address space that RLIMIT_AS counts.
    return kept | {"PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}


def _run(
    command: list[str],
    limits: Limits,
    on_page: OnPage | None,
    cancel: threading.Event | None,
    password: str = "",
) -> _Run:
    """One run of the reader, to its end or its killing."""
    run = _Run()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=reader_environment(),
        start_new_session=True,  # Ctrl-C in the terminal is for the parent to handle
    )
    try:
        _hand_over(process, password)
        _listen(process, run, limits, on_page, cancel)
    except WireError:
        run.trouble = Trouble.BROKEN
    except TimeoutError:
        run.trouble = Trouble.SLOW
    finally:
        _kill(process)
        peak = _reap(process)
    if not run.document and not run.refusal and run.trouble is None:
        run.trouble = _post_mortem(process.returncode, peak, limits)
    return run


def _hand_over(process: subprocess.Popen[bytes], password: str) -> None:
    """The password, so short that the pipe takes it at once, whether or not it is read."""
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(password.encode("utf-8", "surrogateescape")[:MAX_PASSWORD])


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The reader with all that it has started (OCR), which live in a session of their own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _listen(
    process: subprocess.Popen[bytes], run: _Run, limits: Limits, on_page: OnPage | None, cancel: threading.Event | None
) -> None:
    """Take in frames until the reader has said its last. Raises TimeoutError, Cancelled, WireError."""
    assert process.stdout is not None
    frames = wire.Frames(limits.characters * _BYTES_PER_CHARACTER + _BYTES_BESIDES)
    quiet_since = time.monotonic()
    with selectors.DefaultSelector() as selector, process.stdout as pipe:
        selector.register(pipe, selectors.EVENT_READ)
        while not run.document and not run.refusal:
            if cancel is not None and cancel.is_set():
                raise Cancelled("reading was cancelled")
            if not selector.select(_LOOK_EVERY):
                if time.monotonic() - quiet_since > limits.page_seconds:
                    raise TimeoutError
                continue
            data = os.read(pipe.fileno(), _CHUNK)
            if not data:
                return
            for kind, parts in frames.feed(data):
                quiet_since = time.monotonic()
                _take(run, kind, parts, limits, on_page)


def _take(run: _Run, kind: str, parts: list[bytes], limits: Limits, on_page: OnPage | None) -> None:
    """One frame's news, believed only where it fits what came before."""
    if kind == "opened":
        run.count = wire.decode_number(parts[0], "pages", limits.pages)
    elif kind == "reading":
        page = wire.decode_number(parts[0], "page", run.count)
        if page <= run.page or run.working:
            raise WireError("pages out of order")
        run.page = page
        if on_page:
            on_page(page, run.count)
    elif kind == "unpaged":
        if run.count:
            raise WireError("paragraphs after pages")
        run.count = run.page = wire.decode_number(parts[0], "paragraphs", limits.paragraphs)
        run.working = True
    elif kind == "working":
        run.working = True
    else:
        _take_result(run, kind, parts, limits)


def _take_result(run: _Run, kind: str, parts: list[bytes], limits: Limits) -> None:
    """The same for what was read: a page, the document, or the reason why there is none."""
    if kind == "page":
        page_read = wire.decode_page(parts, characters=limits.characters * _GROWTH)
        if not (run.pages[-1].number if run.pages else 0) < page_read.number <= run.page:
            raise WireError("pages out of order")
        run.pages.append(page_read)
    elif kind == "document":
        if not run.pages:
            raise WireError("a document without pages")
        run.document = wire.decode_document(parts[0], tuple(run.pages))
    else:
        run.refusal, run.transient = wire.decode_reason(parts[0])


def _reap(process: subprocess.Popen[bytes]) -> int:
    """Wait for a killed or ended process; its peak of resident memory in bytes, 0 where it is not known.

    Linux counts what the process had of its parent's before it became the reader, so a peak no higher than the
    parent's own says nothing.
    """
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except ChildProcessError:
        process.wait()
        return 0
    process.returncode = os.waitstatus_to_exitcode(status)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) if usage.ru_maxrss > own else 0


def _post_mortem(code: int, peak: int, limits: Limits) -> Trouble:
    """What brought down a reader that ended without a word."""
    if code == -signal.SIGXCPU:
        return Trouble.BUSY
    return Trouble.MEMORY if peak > _MEMORY_SHARE * limits.memory else Trouble.CRASH
