"""Making a library's cache files: the vector index and, for a large one, the word index.

What takes minutes (training from EXACT_BELOW passages on) runs in a process of its own, at low priority, which no query
waits for: `python -m assistant.index.training FOLDER`. It ends when the process that started it does. The files have
the library's generation in their names and come into use when the database says so; what readers hold stays.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

import assistant
from assistant.errors import AssistantError, LibraryBusy
from assistant.index import vectors, words, writes
from assistant.index.faults import fault
from assistant.index.files import publish, sha256_of
from assistant.index.library import CACHE, WORDS, Library
from assistant.index.store import Cache
from assistant.index.words import WORDS_FROM

LOCK = "trainer.lock"
NICENESS = 10
"""Of the training process: a question asked meanwhile goes first."""


def make_caches(library: Library) -> None:
    """Build the cache files of what the library holds now, put them on disk, and say so in the database; those before
    are deleted. OSError or DiskFull where it fails, and all is as before; LibraryBusy where another process does it."""
    lock = FileLock(library.folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise LibraryBusy(f"another process is making the search index of {library.folder}; wait for it") from error
    try:
        _make_caches(library)
    finally:
        lock.release()


def _make_caches(library: Library) -> None:
    store, partial, token = library.store, library.folder / f"words.{os.getpid()}.tmp", secrets.token_hex(8)
    try:
        with store.snapshot():
            generation, last, gone = store.generation, store.last_id, store.n_dropped
            ids, matrix = store.vectors()
            large = len(ids) >= WORDS_FROM
            if large:
                partial.unlink(missing_ok=True)
                words.build(store.db, partial, token)
        index = vectors.build(ids, matrix, store.vectors_of)
        fault("index-built")
        tuning = json.dumps(asdict(index.tuning)) if index.tuning else ""
        sha256 = vectors.write(index, library.cache_path(generation))
        caches = {CACHE: Cache(generation, sha256, len(ids), last, tuning)}
        if large:
            publish(partial, library.words_path(generation))
            caches[WORDS] = Cache(generation, sha256_of(library.words_path(generation)), len(ids), last, token)
    finally:
        partial.unlink(missing_ok=True)
    fault("index-written")
    with writes.transaction(store.db) as db:
        writes.record_caches(db, caches, gone)
    fault("index-recorded")
    _tidy(library.folder, {library.cache_path(generation), library.words_path(generation)})


def _tidy(folder: Path, kept: set[Path]) -> None:
    for old in (*folder.glob("index.*.faiss*"), *folder.glob("words.*")):
        if old not in kept:
            old.unlink(missing_ok=True)


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Begin to make the caches in a process of its own. Where another one is at it, it ends at once."""
    command = [sys.executable, "-m", "assistant.index.training", str(folder)]
    root = str(Path(assistant.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, env=environment)


def main(folder: Path, *, orphaned: Callable[[], object]) -> int:
    """Make the caches unless another process is making them; 0, or 1 where it failed."""
    threading.Thread(target=_watch, args=(orphaned,), daemon=True).start()
    with suppress(OSError):
        os.nice(NICENESS)
    try:
        library = Library(folder)
        try:
            make_caches(library)
        finally:
            library.close()
    except LibraryBusy:
        return 0
    except (OSError, sqlite3.Error, AssistantError):
        return 1
    return 0


def _watch(orphaned: Callable[[], object]) -> None:
    """Standard input ends when the process that holds its other end does."""
    # Not by sys.stdin: its lock, held here, would make the interpreter's end fail.
    while os.read(0, 1024):
        pass
    orphaned()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), orphaned=lambda: os._exit(1)))
