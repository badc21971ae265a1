"""A file on its way into a library: received piece by piece, checked, kept under a safe name, put among the tasks.

Reads nothing of it but its first bytes; what becomes of it is `intake`'s.
"""

from __future__ import annotations

import errno
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from assistant.errors import AssistantError, DiskFull, ReadError, UsageError
from assistant.index import leaving, tasks
from assistant.index.formats.kinds import HEAD, kind_of
from assistant.index.names import put
from assistant.types import Task, TaskState

if TYPE_CHECKING:
    from assistant.index.library import Library

INCOMING = ".incoming-"
ROOM = 200 * 2**20
"""Bytes that are to stay free on the disk."""


class Parcel:
    """A file on its way into the library's own folder: written piece by piece, then checked and put among the tasks.

    What goes wrong is raised and stands among the tasks as well, as far as the disk has room for that. `limit` is the
    size of the largest file taken, in bytes; `clock` gives seconds since 1970; `arrived` is called when it waits to be
    read.
    """

    def __init__(
        self, library: Library, name: str, *, limit: int, clock: Callable[[], float], arrived: Callable[[], None]
    ) -> None:
        self.name = name
        self._library, self._limit, self._clock, self._arrived = library, limit, clock, arrived
        self._folder = library.folder / leaving.OWN
        self._hash = hashlib.sha256()
        self._head = b""
        self._size = 0
        self._path = self._folder / f"{INCOMING}{secrets.token_hex(8)}"
        self._file: BinaryIO | None = None

    def write(self, piece: bytes) -> None:
        """Raises UsageError where the file grows too large, DiskFull."""
        self._size += len(piece)
        self.check_size(self._size)
        self._hash.update(piece)
        if len(self._head) < HEAD:
            self._head = (self._head + piece)[:HEAD]
        with self._on_disk():
            if self._file is None:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                self._file = self._path.open("xb")
            self._file.write(piece)

    def done(self) -> Task:
        """The task that it has become: to be read; or over already, since it is no paper, or one of the library's."""
        try:
            kind_of(self.name, self._head)
        except ReadError as error:
            self._clear()
            return self._keep(TaskState.FAILED, reason=str(error))
        sha256, db = self._hash.hexdigest(), self._library.store.db
        if sha256 in self._library.store.readers():
            leaving.take_back(db, [sha256])
            self._clear()
            return self._keep(TaskState.UNCHANGED, paper_id=sha256)
        if tasks.unfinished_with(db, sha256):
            self._clear()
            return self._keep(TaskState.UNCHANGED, reason="the same file is being read already")
        with self._on_disk():
            assert self._file is not None
            self._file.close()
            path = put(self._path, self._folder, self.name)
        task = self._keep(TaskState.WAITING, path=path, sha256=sha256)
        self._arrived()
        return task

    def cut_off(self) -> None:
        """It did not arrive whole."""
        self._clear()
        self._keep(TaskState.FAILED, reason="the file did not arrive whole; hand it in again")

    def check_size(self, size: int) -> None:
        if size > self._limit:
            mib, most = size / 2**20, self._limit / 2**20
            self._size = size
            raise self._refused(
                UsageError(f"the file is too large ({mib:,.0f} MiB; at most {most:,.0f} MiB): split it, or raise "
                           "upload_megabytes")
            )  # fmt: skip

    def check_room(self, size: int) -> None:
        free = shutil.disk_usage(self._library.folder).free
        if size + ROOM > free:
            self._size = size
            raise self._refused(
                DiskFull(f"the disk is full ({free / 2**20:,.0f} MiB free): free some space, try again")
            )

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            said = "the disk is full: free some space" if full else f"the file cannot be kept ({error.strerror})"
            raise self._refused(DiskFull(f"{said}, and hand it in again")) from error

    def _refused(self, error: AssistantError) -> AssistantError:
        self._clear()
        with suppress(DiskFull):
            self._keep(TaskState.FAILED, reason=str(error))
        return error

    def _clear(self) -> None:
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
            self._path.unlink(missing_ok=True)

    def _keep(
        self, state: TaskState, *, path: Path | None = None, sha256: str = "", reason: str = "", paper_id: str = ""
    ) -> Task:
        now = self._clock()
        task = Task(0, self.name, path, self._size, state, now, reason, paper_id=paper_id, sha256=sha256)
        return tasks.add(self._library.store.db, replace(task, ended=None if path else now))
