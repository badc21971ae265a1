"""One library folder: its database, its FAISS cache, its lock, and whether all is well with them.

The cache is disposable: whatever is wrong with it, it is built again from the database and a warning says so.
"""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import DiskFull, EmbedderMismatch, LibraryBusy, LibraryError
from assistant.index import catalogue, schema, writes
from assistant.index.files import Stamp, sha256_of, stamp
from assistant.index.records.record import Record
from assistant.index.store import Cache, Indexed, Store
from assistant.index.words import WORDS_FROM, Words
from assistant.types import HealthCheck

if TYPE_CHECKING:
    from filelock import FileLock

    from assistant.encoders import Embedder
    from assistant.index.vectors import Index

logger = logging.getLogger(__name__)

LOCK = "writer.lock"
CACHE, WORDS = "faiss", "words"
"""Names of the caches' records: the vector index; the word index, from WORDS_FROM passages on."""
TRAINED_FROM = 50_000
"""Passages; from here on the vector index is trained, in a process of its own, and approximate."""
BEHIND = 0.1
"""Share of a large library that may be new, or gone, since its caches were made; until then it is searched exactly
beside them, or passed over."""
TRAINING_POLL = 0.2
"""Seconds between two looks at the training process."""
LOW_DISK = 200 * 2**20
"""Bytes; less free space than this is worth a warning."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the indexes in memory were made from: the library's generation, the cache records, the files' stamps."""

    generation: int
    cache: tuple[Cache, Stamp | None] | None
    words: tuple[Cache, Stamp | None] | None


class Library:
    """A library folder, opened. Readers need no lock; `writing` takes the one writer's."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Raises LibraryError where the folder is a file, cannot be made, or (without `create`) is no library."""
        self.folder = folder
        _prepare(folder, create)
        self.store = Store(folder)
        self._index: Index | None = None
        self._state = _State(-1, None, None)
        self._last = 0
        self._trainer: subprocess.Popen[bytes] | None = None
        self._guard = threading.RLock()

    def close(self) -> None:
        """Let go of the files. A training still at work is ended: the next ingest, or doctor, begins it again."""
        self.store.close()
        if self._trainer is not None:
            self._trainer.terminate()
            self._trainer.communicate()

    @contextmanager
    def writing(self, *, patience: float = 0.0) -> Iterator[sqlite3.Connection]:
        """Hold the writer's lock. Raises LibraryBusy where another process holds it for longer than `patience`
        (seconds)."""
        from filelock import FileLock, Timeout  # with asyncio and ssl, which a question needs as little

        lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            self._acquire(lock, patience)
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

    def _acquire(self, lock: FileLock, patience: float) -> None:
        from filelock import Timeout

        try:
            lock.acquire()
        except Timeout:
            if not patience:
                raise
            logger.warning("another process is writing to %s: waiting, at most %g s", self.folder, patience)
            lock.acquire(timeout=patience)

    def check_embedder(self, embedder: Embedder) -> None:
        """Raises EmbedderMismatch where the library's vectors are another embedder's."""
        made_with = self.store.setting("embedder")
        if made_with and (made_with, self.store.dimension) != (embedder.id, embedder.dimension):
            raise EmbedderMismatch(
                f"{self.folder} was made with the embedder {made_with}, not {embedder.id}; leave --embedder out, or "
                f"embed it anew with `assistant reembed --embedder NAME`"
            )

    def index(self) -> Index:
        """The vector index of the library's present state; from memory, from the cache file and what came since, or
        from the database. The store's word index comes with it."""
        with self._guard, self.store.snapshot():
            state = self._look()
            if self._index is None or state != self._state:
                self._index = self._renewed(state)
                self.store.indexed = self._indexed(state)
                self._state = state
            return self._index

    def _look(self) -> _State:
        cache, words = self.store.cache(CACHE), self.store.cache(WORDS)
        return _State(
            self.store.generation,
            (cache, stamp(self.cache_path(cache.generation))) if cache else None,
            (words, stamp(self.words_path(words.generation))) if words else None,
        )

    def _renewed(self, state: _State) -> Index:
        """What is held, or else the cache file, brought up to date."""
        from assistant.index import vectors

        index = self._index
        if index is None or state.cache is None or state.cache != self._state.cache:
            read = self._read(state.cache and state.cache[0])
            self._last = state.cache[0].last if state.cache and read else 0
            index = read or vectors.Index()
        if index.dimension != self.store.dimension:  # embedded anew by another model: all that it holds is gone
            index, self._last = vectors.Index(), 0
        ids, matrix = self.store.vectors(self._last)
        self._last = int(ids.max(initial=self._last))
        return index.extended(ids, matrix, self.store.dropped())

    def _read(self, cache: Cache | None) -> Index | None:
        """The cache file's index; None, after a warning, where it cannot be used."""
        from assistant.index import vectors

        found = "missing"
        if cache is not None:
            tuning = vectors.Tuning(**json.loads(cache.tuning)) if cache.tuning else None
            try:
                return vectors.read(self.cache_path(cache.generation), cache.sha256, tuning, self.store.vectors_of)
            except LibraryError:
                found = "missing or damaged"
        logger.warning("the search index was %s: built again from the database", found)
        if self.store.n_passages >= TRAINED_FROM:
            self._start_training()
        return None

    def _indexed(self, state: _State) -> Indexed | None:
        """The word index, as it is held or opened anew; None where the library is small or the file cannot be used."""
        if state.words is None:
            return None
        held, cache = self.store.indexed, state.words[0]
        if held is not None and state.words == self._state.words:
            return replace(held, barred=self.store.dropped())
        try:
            words = Words(self.words_path(cache.generation), cache.tuning)
        except LibraryError as error:
            logger.warning("%s; until then searches by words take longer", error)
            self._start_training()
            return None
        return Indexed(words, cache.last, self.store.dropped())

    def cache_path(self, generation: int) -> Path:
        return self.folder / f"index.{generation}.faiss"

    def words_path(self, generation: int) -> Path:
        return self.folder / f"words.{generation}.db"

    def cache_fault(self) -> str:
        """What is wrong with the cache files: "missing", "stale", "damaged", or "" where they can be used."""
        cache, words = self.store.cache(CACHE), self.store.cache(WORDS)
        if cache is None:
            return "missing"
        files = {self.cache_path(cache.generation): cache.sha256}
        if words is not None:
            files[self.words_path(words.generation)] = words.sha256
        if not all(path.exists() for path in files):
            return "missing"
        if self._is_behind(cache, words):
            return "stale"
        return "" if all(sha256_of(path) == sha256 for path, sha256 in files.items()) else "damaged"

    def _is_behind(self, cache: Cache, words: Cache | None) -> bool:
        """Whether the cache files no longer do: of a large library they may lack, or hold too much, a share BEHIND."""
        if cache.generation == self.store.generation:
            return False
        n = self.store.n_passages
        if n < WORDS_FROM or words is None or (n >= TRAINED_FROM and not cache.tuning):
            return True
        return self.store.n_after(cache.last) + len(self.store.dropped()) > BEHIND * n

    def write_cache(self) -> None:
        """Build the cache files and put them on disk for the next process. The caller holds the lock."""
        from assistant.index import training

        training.make_caches(self)

    def renew_cache(self) -> None:
        """As `write_cache`, where it is needed; of a large library in a process of its own. Where the disk is full the
        index is done without, and a warning says so. The caller holds the lock."""
        if not self.cache_fault():
            return
        if self.store.n_passages >= TRAINED_FROM:
            self._start_training()
            return
        try:
            self.write_cache()
        except OSError as error:
            logger.warning("the search index could not be put on disk (%s); it is built when needed", error.strerror)
        except LibraryBusy as error:
            logger.warning("%s", error)
        except DiskFull:
            logger.warning("the search index could not be put on disk (it is full); it is built when needed")

    def _start_training(self) -> None:
        from assistant.index import training

        if self._trainer is None or self._trainer.poll() is not None:
            self._trainer = training.start(self.folder)

    def finish_training(self, cancel: threading.Event | None = None) -> bool:
        """Wait for the process that trains the index, if there is one; whether all is well. Ends it on `cancel`."""
        while self._trainer is not None and self._trainer.poll() is None:
            if cancel is not None and cancel.is_set():
                self._trainer.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._trainer.wait(TRAINING_POLL)
        if self._trainer is None:
            return True
        self._trainer.communicate()  # lets go of the pipe
        return self._trainer.returncode == 0

    def remove(self, paper_id: str) -> None:
        """Forget a paper: when this returns no search finds it. Its files are left where they are."""
        with self.writing() as db:
            with writes.transaction(db):
                writes.remove_paper(db, paper_id)
            self.renew_cache()

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
        embedded = self.store.n_after(0)
        ok = passages == indexed == embedded == self.store.n_passages
        detail = f"{passages} passages, {indexed} in the word index, {embedded} vectors"
        return HealthCheck("passages", ok, detail if ok else f"{detail}: run `assistant reembed`")

    def _check_cache(self, fix: bool) -> HealthCheck:
        found = self.cache_fault()
        if found and fix:
            with self.writing():
                self.write_cache()
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
