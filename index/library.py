"""One library folder: its database, its FAISS cache, its lock, and whether all is well with them.

The cache is disposable: whatever is wrong with it, it is built again from the database and a warning says so.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from assistant.errors import DiskFull, LibraryBusy, LibraryError
from assistant.index import catalogue, schema, writes
from assistant.index.faults import fault
from assistant.index.files import sha256_of
from assistant.index.records.record import Record
from assistant.index.store import Store
from assistant.types import HealthCheck

if TYPE_CHECKING:
    from assistant.index.vectors import Index

logger = logging.getLogger(__name__)

LOCK = "writer.lock"
CACHE = "faiss"
LOW_DISK = 200 * 2**20
"""Bytes; less free space than this is worth a warning."""


class Library:
    """A library folder, opened. Readers need no lock; `writing` takes the one writer's."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Raises LibraryError where the folder is a file, cannot be made, or (without `create`) is no library."""
        self.folder = folder
        _prepare(folder, create)
        self.store = Store(folder)
        self._index: Index | None = None
        self._generation = -1
        self._guard = threading.Lock()

    def close(self) -> None:
        self.store.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the writer's lock. Raises LibraryBusy at once where another process holds it."""
        lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise LibraryBusy(
                f"another process is writing to {self.folder}; wait until it has finished, or stop it, and try again"
            ) from error
        except OSError as error:
            raise LibraryError(
                f"{self.folder} cannot be written to ({error.strerror}); mend its permissions"
            ) from error
        try:
            yield self.store.db
        finally:
            lock.release()

    def index(self) -> Index:
        """The vector index of the library's present generation; from memory, from the cache file, or built anew."""
        with self._guard:
            generation = self.store.generation
            if self._index is None or generation != self._generation:
                self._index = self._load(generation)
                self._generation = generation
            return self._index

    def _load(self, generation: int) -> Index:
        from assistant.index import vectors

        cache = self.store.cache(CACHE)
        found = "missing" if cache is None else "" if cache.generation == generation else "stale"
        if cache is not None and not found:
            try:
                return vectors.read(self.cache_path(generation), cache.sha256)
            except LibraryError:
                found = "missing or damaged"
        logger.warning("the search index was %s: built again from the database", found)
        return vectors.build(*self.store.vectors())

    def cache_path(self, generation: int) -> Path:
        return self.folder / f"index.{generation}.faiss"

    def cache_fault(self) -> str:
        """What is wrong with the cache file: "missing", "stale", "damaged", or "" where it can be used."""
        cache = self.store.cache(CACHE)
        if cache is None or not self.cache_path(cache.generation).exists():
            return "missing"
        if cache.generation != self.store.generation:
            return "stale"
        return "" if sha256_of(self.cache_path(cache.generation)) == cache.sha256 else "damaged"

    def write_cache(self, db: sqlite3.Connection) -> None:
        """Build the index and put it on disk for the next process. The caller holds the lock."""
        from assistant.index import vectors

        generation = self.store.generation
        ids, matrix = self.store.vectors()
        index = vectors.build(ids, matrix)
        fault("index-built")
        sha256 = vectors.write(index, self.cache_path(generation))
        fault("index-written")
        with writes.transaction(db):
            writes.record_cache(db, CACHE, generation, sha256, len(ids))
        fault("index-recorded")
        for old in self.folder.glob("index.*.faiss*"):
            if old != self.cache_path(generation):
                old.unlink(missing_ok=True)
        with self._guard:
            self._index, self._generation = index, generation

    def renew_cache(self, db: sqlite3.Connection) -> None:
        """As `write_cache`; where the disk is full the index is done without, and a warning says so."""
        try:
            self.write_cache(db)
        except OSError as error:
            logger.warning("the search index could not be put on disk (%s); it is built when needed", error.strerror)
        except DiskFull:
            logger.warning("the search index could not be put on disk (it is full); it is built when needed")

    def remove(self, paper_id: str) -> None:
        """Forget a paper: when this returns no search finds it. Its files are left where they are."""
        with self.writing() as db:
            with writes.transaction(db):
                writes.remove_paper(db, paper_id)
            self.renew_cache(db)

    def edit(self, paper_id: str, changes: Record, cleared: Sequence[str] = ()) -> None:
        """Keep what the user says of a paper, over all that is read; fields `cleared` are as before any edit. Needs no
        writer's lock: it touches nothing that a reading or an embedding under way was made from."""
        with writes.transaction(self.store.db) as db:
            before = catalogue.record_of(db, paper_id, catalogue.EDIT)
            said = asdict(before[0] if before else Record()) | {k: v for k, v in asdict(changes).items() if v}
            record = catalogue.record_from({name: value for name, value in said.items() if name not in cleared})
            catalogue.put_record(db, paper_id, catalogue.EDIT, None if record == Record() else record, "edited")

    def doctor(self, *, fix: bool = False) -> list[HealthCheck]:
        """Database, cache, disk and files, one check each; `fix` mends what can be mended."""
        checks = [self._check_database(), self._check_passages(), self._check_cache(fix), self._check_disk()]
        return [*checks, self._check_files()]

    def _check_database(self) -> HealthCheck:
        found = self.store.db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        orphans = self.store.db.execute("PRAGMA foreign_key_check").fetchall()
        ok = found == "ok" and not orphans
        detail = f"schema {schema.SCHEMA}, generation {self.store.generation}"
        return HealthCheck("database", ok, detail if ok else f"{found}; restore {schema.DATABASE} from a copy")

    def _check_passages(self) -> HealthCheck:
        one = "SELECT count(*) FROM passages JOIN papers USING (reading_id) WHERE kind != 'reference'"
        passages = self.store.db.execute(one).fetchone()[0]
        indexed = self.store.db.execute("SELECT count(*) FROM passages_fts").fetchone()[0]
        ok = passages == indexed == self.store.n_passages
        detail = f"{passages} passages, {indexed} in the word index, {self.store.n_passages} vectors"
        return HealthCheck("passages", ok, detail if ok else f"{detail}: run `assistant reembed`")

    def _check_cache(self, fix: bool) -> HealthCheck:
        found = self.cache_fault()
        if found and fix:
            with self.writing() as db:
                self.write_cache(db)
            return HealthCheck("search index", True, f"was {found}, built again")
        note = f"{found}: it will be built when it is needed (or now, with --fix)"
        return HealthCheck("search index", True, note if found else "sound")

    def _check_disk(self) -> HealthCheck:
        free = shutil.disk_usage(self.folder).free
        note = "" if free > LOW_DISK else ": little, an ingest may not fit"
        journal = self.store.db.execute("PRAGMA journal_mode").fetchone()[0]
        return HealthCheck("disk", True, f"{free / 2**30:.1f} GiB free{note}; journal mode {journal}")

    def _check_files(self) -> HealthCheck:
        gone = [p for paper in self.store.papers() for p in paper.paths if not p.exists()]
        detail = f"{len(gone)} files are no longer where they were, first {gone[0]}" if gone else "all where they were"
        return HealthCheck("files", True, detail)


def _prepare(folder: Path, create: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise LibraryError(f"{folder} is a file, not a library folder; name a folder with --library")
    if not (folder / schema.DATABASE).exists():
        if not create:
            raise LibraryError(f"there is no library in {folder}; make one with `assistant ingest FOLDER`")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise LibraryError(f"{folder} cannot be made ({error.strerror}); name another with --library") from error
