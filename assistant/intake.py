"""Files handed in to be read, one after another, by one worker in the background; and removals that can be taken back.

All that is known of them stands in the library's database: closing a tab or ending the program loses nothing. The
worker is a thread; of several processes over one library only one works. Knows neither page nor command line.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.errors import AssistantError, LibraryBusy
from assistant.index import leaving, tasks
from assistant.index.names import safe_name
from assistant.parcels import INCOMING, Parcel
from assistant.types import FileReport, FileStatus, IngestReport, Paper, Progress, Task, TaskState

if TYPE_CHECKING:
    from assistant.index.library import Library

logger = logging.getLogger(__name__)

WORKER_LOCK = "worker.lock"
BATCH = 16
"""Files taken up at once: enough to read ahead, and to write the search index not for every single one; few enough
that another program gets its turn."""
IDLE_SECONDS = 0.5
"""Between two looks for work that another process has left, or for a removal that is due."""
GIVE_WAY_SECONDS = 0.2
"""Between two batches, for another process that waits for the library; it looks every 0.05 s."""
TROUBLE_SECONDS = 5.0
"""Before the next try where the disk is full or the database cannot be used."""
STOP_SECONDS = 10.0
"""For which closing waits for the paper in hand."""
PAGE_SECONDS = 0.25
"""Between two notes of the page that is being read: each is a transaction, flushed to the disk."""
STALE_SECONDS = 24 * 3600.0
"""After which a file that was never received whole is thrown away."""
OUTCOME = {
    FileStatus.INDEXED: TaskState.INDEXED,
    FileStatus.FLAGGED: TaskState.FLAGGED,
    FileStatus.UNCHANGED: TaskState.UNCHANGED,
    FileStatus.FAILED: TaskState.FAILED,
}


class Ingest(Protocol):
    """`Assistant.ingest_events`."""

    def __call__(
        self, *paths: str | Path, rehash: bool, password: str, cancel: threading.Event
    ) -> Iterator[Progress | FileReport | IngestReport]: ...


class Intake:
    """The files handed in to one library. Safe to share between threads.

    `library` opens it, making it where there is none; `exists` says whether there is one; `limit` is the size of the
    largest file that is taken, in bytes. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        library: Callable[[], Library],
        exists: Callable[[], bool],
        ingest: Ingest,
        *,
        limit: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limit = limit
        self._library, self._exists, self._ingest, self._clock = library, exists, ingest, clock
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop, self._wake, self._halt = threading.Event(), threading.Event(), threading.Event()
        self._passwords: dict[int, str] = {}

    # handing in

    def receive(self, name: str, size: int | None = None) -> Parcel:
        """A file that arrives piece by piece; `size` is what is said of it beforehand. Raises UsageError where it is
        too large, DiskFull where there is no room; either stands among the tasks too."""
        parcel = Parcel(self._library(), safe_name(name), limit=self.limit, clock=self._clock, arrived=self.start)
        if size is not None:
            parcel.check_size(size)
            parcel.check_room(size)
        return parcel

    def copy(self, path: Path) -> Task:
        """Hand in a copy of a file of this machine. Raises as `receive`, and OSError."""
        parcel = self.receive(path.name, path.stat().st_size)
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                parcel.write(piece)
        return parcel.done()

    def read_again(self, paper_ids: Sequence[str]) -> None:
        """Read the files of these papers (whole ids) anew; until then they stay as they are."""
        library = self._library()
        tasks.read_again(library.store.db, paper_ids)
        for paper_id in paper_ids:
            self._hand_in_again(library, library.store.papers(paper_id)[0])
        self.start()

    def _hand_in_again(self, library: Library, paper: Paper) -> None:
        now, path = self._clock(), paper.path
        if path is None or not path.exists():
            gone = "the file is no longer where it was; hand it in again"
            name = path.name if path else paper.title
            task = Task(0, name, path, 0, TaskState.FAILED, now, gone, paper_id=paper.id, ended=now)
        elif tasks.unfinished_with(library.store.db, paper.id):
            return
        else:
            size = path.stat().st_size
            task = Task(0, path.name, path, size, TaskState.WAITING, now, paper_id=paper.id, sha256=paper.id)
        tasks.add(library.store.db, task)

    # what becomes of them

    def tasks(self) -> list[Task]:
        """All of them, the one handed in last first."""
        return tasks.all_tasks(self._library().store.db) if self._exists() else []

    def retry(self, task_id: int, *, password: str = "") -> bool:
        """Read one again that has ended; `password` opens it, and is not stored. False where its file was not kept."""
        if password:
            self._passwords[task_id] = password
        done = tasks.again(self._library().store.db, task_id)
        self.start()
        return done

    def cancel(self, task_id: int) -> None:
        """Do not read it, or stop reading it."""
        tasks.cancel(self._library().store.db, task_id, self._clock())

    def forget(self, *task_ids: int) -> None:
        """Strike off those that have ended (all of these, where none is named); of a file that failed, the library's
        own copy goes too."""
        db = self._library().store.db
        named = [t for t in tasks.all_tasks(db) if t.id in task_ids or (not task_ids and _is_well(t))]
        mine = [t for t in named if t.state not in tasks.UNFINISHED]
        tasks.forget(db, [t.id for t in mine])
        for task in mine:
            if not _is_well(task):
                self._throw_away(task)

    def _throw_away(self, task: Task) -> None:
        """The file, where it lies in the library's own folder and no paper of the library is made from it."""
        library = self._library()
        own = library.folder / leaving.OWN
        if task.path and task.path.is_relative_to(own) and not library.store.jobs().get(task.path):
            task.path.unlink(missing_ok=True)

    # removals

    def remove(self, paper_ids: Sequence[str]) -> None:
        """Take papers (whole ids) out of sight and of every search; for good in `leaving.SECONDS`."""
        leaving.leave(self._library().store.db, paper_ids, self._clock() + leaving.SECONDS)
        self.start()

    def take_back(self, paper_ids: Sequence[str] = ()) -> None:
        """Keep these papers after all (all that are being removed, where none is named)."""
        db = self._library().store.db
        leaving.take_back(db, list(paper_ids) or list(leaving.all_leaving(db)))

    def leaving(self) -> list[tuple[Paper, float]]:
        """The papers that are being removed, each with the seconds for which that can be taken back."""
        if not self._exists():
            return []
        store, now = self._library().store, self._clock()
        return [(store.papers(i)[0], max(0.0, until - now)) for i, until in leaving.all_leaving(store.db).items()]

    # the worker

    def start(self) -> None:
        """See to it that the worker works, where there is a library."""
        with self._guard:
            self._wake.set()
            if self._thread is None and self._exists() and not self._stop.is_set():
                self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
                self._thread.start()

    def close(self, *, wait: bool = True) -> None:
        """End the worker after the paper in hand; what is not read yet waits for the next start, or for another intake
        of this library."""
        self._stop.set()
        self._halt.set()
        self._wake.set()
        if wait and self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        try:
            with self._alone() as mine:
                if not mine:
                    return
                library = self._library()
                self._sweep(library.folder / leaving.OWN)
                while not self._stop.is_set():
                    if not self._step(library):
                        self._wake.wait(IDLE_SECONDS)
                        self._wake.clear()
                library.store.close()
        except Exception:
            logger.exception("files handed in are not read any more; start the program again")

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Once no other worker is at this library: True; False where this one is stopped before."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._library().folder / WORKER_LOCK, timeout=0)
        while not self._stop.is_set():
            try:
                with lock:
                    yield True
                return
            except Timeout:
                self._stop.wait(IDLE_SECONDS)
        yield False

    def _step(self, library: Library) -> bool:
        """Whether there was something to do."""
        try:
            tasks.recover(library.store.db, self._clock())
            self._finish_removals(library)
            batch = self._next(library)
            if not batch:
                return False
            done = self._read(library, batch)
            self._stop.wait(GIVE_WAY_SECONDS)
            return done
        except LibraryBusy:
            return False
        except AssistantError as error:
            logger.warning("files handed in wait: %s", error)
            self._stop.wait(TROUBLE_SECONDS)
            return False

    def _finish_removals(self, library: Library) -> None:
        db, now = library.store.db, self._clock()
        if any(until <= now for until in leaving.all_leaving(db).values()):
            with library.writing():
                leaving.finish(db, now)
                library.renew_cache()

    def _next(self, library: Library) -> list[Task]:
        """The files to read now; one with a password of its own goes alone."""
        batch: list[Task] = []
        for task in tasks.waiting(library.store.db, BATCH):
            if task.path is None or not task.path.is_file():
                gone = "the file is no longer where it was; hand it in again"
                tasks.end(library.store.db, task.id, TaskState.FAILED, self._clock(), reason=gone)
            elif task.id in self._passwords:
                return batch or [task]
            else:
                batch.append(task)
        return batch

    def _read(self, library: Library, batch: Sequence[Task]) -> bool:
        """Read these files; False where another process writes to the library."""
        db = library.store.db
        password = self._passwords.pop(batch[0].id, "")
        try:
            self._follow(library, batch, password)
        except LibraryBusy as error:
            if password:
                self._passwords.setdefault(batch[0].id, password)
            tasks.requeue(db, [task.id for task in batch], reason=str(error))
            return False
        except AssistantError as error:
            self._fail(library, batch, str(error))
        except Exception as error:
            logger.exception("reading files that were handed in failed")
            self._fail(library, batch, f"something unforeseen went wrong ({type(error).__name__}); try again")
        tasks.requeue(db, [task.id for task in batch])
        return True

    def _follow(self, library: Library, batch: Sequence[Task], password: str) -> None:
        """The ingest of a batch, noted down event by event; stopped where a file of it is cancelled."""
        by_path = {task.path: task for task in batch if task.path}
        self._halt.clear()
        if self._stop.is_set():
            return
        noting = Noting(library, self._clock)
        for event in self._ingest(*by_path, rehash=True, password=password, cancel=self._halt):
            if isinstance(event, IngestReport) or (task := by_path.get(event.path)) is None:
                continue
            if not noting.note(task, event):
                self._halt.set()

    def _fail(self, library: Library, batch: Sequence[Task], reason: str) -> None:
        for task in batch:
            now = tasks.get(library.store.db, task.id)
            if now and now.state in tasks.UNFINISHED:
                tasks.end(library.store.db, task.id, TaskState.FAILED, self._clock(), reason=reason)

    def _sweep(self, folder: Path) -> None:
        """Throw away what was never received whole."""
        for left in folder.glob(f"{INCOMING}*"):
            with suppress(OSError):
                if self._clock() - left.stat().st_mtime > STALE_SECONDS:
                    left.unlink()


def _is_well(task: Task) -> bool:
    return task.state in (TaskState.INDEXED, TaskState.FLAGGED, TaskState.UNCHANGED)


class Noting:
    """Writes down how far the files of one batch have come, pages not more often than PAGE_SECONDS."""

    def __init__(self, library: Library, clock: Callable[[], float]) -> None:
        self._db, self._clock = library.store.db, clock
        self._begun: set[int] = set()
        self._noted: dict[int, tuple[str, float]] = {}

    def note(self, task: Task, event: Progress | FileReport) -> bool:
        """False where the task has been cancelled."""
        if isinstance(event, FileReport):
            now, state = self._clock(), OUTCOME[event.status]
            tasks.end(self._db, task.id, state, now, reason=event.reason, paper_id=event.paper_id)
            return True
        if task.id not in self._begun:
            self._begun.add(task.id)
            if not tasks.begin(self._db, task.id, self._clock()):
                return False
        stage, at = self._noted.get(task.id, ("", 0.0))
        now = time.monotonic()
        if event.stage == stage and now - at < PAGE_SECONDS and event.page != event.pages:
            return True
        self._noted[task.id] = (event.stage, now)
        state = TaskState.EMBEDDING if event.stage == "embedding" else TaskState.READING
        return tasks.advance(self._db, task.id, state, event.page, event.pages)
