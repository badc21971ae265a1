"""SQLite files opened the house's way: durable, shared by several processes, brought up to date by numbered scripts.

Knows neither tables nor rows: who owns a file gives its scripts and its mark. Used by the library and by the history.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import DiskFull, LibraryBusy, LibraryError, LibraryTooNew

BUSY_MS = 5_000
# File systems on which several processes cannot share the memory-mapped -shm file that WAL needs
# (sqlite.org/wal.html, "all processes using a database must be on the same host computer").
NETWORK_FILE_SYSTEMS = frozenset(
    {
        *(
            "nfs",
            "nfs4",
            "cifs",
            "smb2",
            "smb3",
            "smbfs",
            "ncpfs",
        ),
        *(
            "afs",
            "9p",
            "ceph",
            "lustre",
            "glusterfs",
            "beegfs",
            "gpfs",
        ),
        *(
            "davfs",
            "fuse.sshfs",
            "fuse.glusterfs",
            "fuse.rclone",
            "fuse.s3fs",
            "fuse.davfs2",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of database file. `name` is what it is called in messages, `application_id` its mark in the file's
    header, `instead` what to do where the file cannot be saved. Script i of `migrations` brings version i to i + 1; it
    may call the `functions`, each of one text."""

    name: str
    application_id: int
    migrations: Sequence[str]
    instead: str
    functions: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


def connect(path: Path, kind: Format) -> sqlite3.Connection:
    """A connection to the file, made and migrated where needed. Transactions are the caller's.

    Raises LibraryError for a file that is of another program or damaged, LibraryTooNew for a newer schema.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
        try:
            _configure(db, path.parent)
            _migrate(db, path, kind)
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        raise failure(error, path.parent, kind) from error
    return db


@contextmanager
def transaction(db: sqlite3.Connection, folder: Path, kind: Format) -> Iterator[sqlite3.Connection]:
    """All or nothing. Raises as `failure` says."""
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # a full disk ends the transaction by itself
                db.execute("ROLLBACK")
            raise
    except sqlite3.IntegrityError:
        raise  # a defect of the program, not of the disk
    except sqlite3.DatabaseError as error:
        raise failure(error, folder, kind) from error


def is_full(error: sqlite3.DatabaseError) -> bool:
    """Whether the disk is full, or fails, rather than the file."""
    return "full" in str(error) or "disk I/O" in str(error)


def explain(error: sqlite3.DatabaseError, folder: Path, kind: Format) -> str:
    """One sentence on what keeps a file from being opened or written, and what to do."""
    if is_full(error):
        return f"the disk is full or fails ({error}); what {folder} holds is safe: free some space and run it again"
    if isinstance(error, sqlite3.OperationalError):
        return f"the {kind.name} in {folder} cannot be used now ({error}); what it holds is safe: try again"
    return f"the {kind.name} in {folder} is damaged ({error}); {kind.instead}"


def failure(error: sqlite3.DatabaseError, folder: Path, kind: Format) -> LibraryError:
    """The error to raise: DiskFull, LibraryBusy where another process writes for longer than BUSY_MS, else
    LibraryError."""
    busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
    of = DiskFull if is_full(error) else LibraryBusy if busy else LibraryError
    return of(explain(error, folder, kind))


def _configure(db: sqlite3.Connection, folder: Path) -> None:
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    mode = "DELETE" if file_system(folder) in NETWORK_FILE_SYSTEMS else "WAL"
    if db.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode:
        db.execute(f"PRAGMA journal_mode = {mode}")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")


def _migrate(db: sqlite3.Connection, path: Path, kind: Format) -> None:
    schema = len(kind.migrations)
    version = _version(db, path, kind)
    if version == schema:
        return
    if version:
        backup = path.with_suffix(f".v{version}.bak")
        backup.unlink(missing_ok=True)
        db.execute("VACUUM INTO ?", (str(backup),))
    for name, function in kind.functions.items():
        db.create_function(name, 1, function, deterministic=True)
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        for script in kind.migrations[_version(db, path, kind) :]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {schema}")
        db.execute(f"PRAGMA application_id = {kind.application_id}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk ends the transaction by itself
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection, path: Path, kind: Format) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    if version > len(kind.migrations):
        raise LibraryTooNew(
            f"{path} was written by a newer version (schema {version}, this one knows {len(kind.migrations)}); "
            "upgrade paper-assistant or use another library"
        )
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != kind.application_id and (version or tables):
        raise LibraryError(f"{path} is a database of another program; name another folder with --library")
    return version


def file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Type of the file system that holds `folder`, such as "ext4" or "nfs4"; "" where the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    target = folder.absolute().resolve()
    best, kind = -1, ""
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        mount = Path(fields[1].replace("\\040", " "))
        if target.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), fields[2]
    return kind
