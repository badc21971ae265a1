"""The library's database file: its tables, how it is opened, how an older one is brought up to date.

Knows nothing of what the rows mean; `store` reads them and `writes` changes them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from assistant.errors import LibraryError, LibraryTooNew

DATABASE = "library.db"
APPLICATION_ID = 0x50415042
BUSY_MS = 5_000
TOKENIZER = "porter unicode61"
"""Of the full-text index, as migration 0 made it."""
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
            "afs",
            "9p",
            "ceph",
            "lustre",
            "glusterfs",
            "beegfs",
        ),
        *("gpfs", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs2"),
    }
)

# One script per schema version: script i brings version i to i + 1.
MIGRATIONS = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE papers (
        id TEXT PRIMARY KEY, work_id TEXT NOT NULL, title TEXT NOT NULL, authors TEXT NOT NULL, year INTEGER,
        doi TEXT NOT NULL, flags TEXT NOT NULL, reader TEXT NOT NULL, reading_id INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE readings (
        id INTEGER PRIMARY KEY AUTOINCREMENT, paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        reader TEXT NOT NULL
    );
    CREATE INDEX readings_paper ON readings (paper_id);
    CREATE TABLE pages (
        id INTEGER PRIMARY KEY, reading_id INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
        number INTEGER NOT NULL, label TEXT NOT NULL, width REAL NOT NULL, height REAL NOT NULL, text TEXT NOT NULL,
        blocks TEXT NOT NULL, UNIQUE (reading_id, number)
    );
    CREATE TABLE char_boxes (
        page_id INTEGER PRIMARY KEY REFERENCES pages (id) ON DELETE CASCADE, data BLOB NOT NULL
    );
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, reading_id INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
        text TEXT NOT NULL, section TEXT NOT NULL, spans TEXT NOT NULL
    );
    CREATE INDEX passages_reading ON passages (reading_id);
    CREATE TABLE vectors (
        passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, data BLOB NOT NULL
    );
    CREATE VIRTUAL TABLE passages_fts USING fts5 (text, tokenize = 'porter unicode61');
    CREATE TABLE jobs (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, paper_id TEXT NOT NULL,
        status TEXT NOT NULL, reason TEXT NOT NULL, transient INTEGER NOT NULL, reader TEXT NOT NULL
    );
    CREATE INDEX jobs_paper ON jobs (paper_id);
    CREATE TABLE caches (
        name TEXT PRIMARY KEY, generation INTEGER NOT NULL, sha256 TEXT NOT NULL, passages INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE papers ADD COLUMN arxiv TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN pmid TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN venue TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN paged INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE readings ADD COLUMN parts TEXT NOT NULL DEFAULT '{"tables": [], "figures": [], "references": []}';
    ALTER TABLE pages ADD COLUMN quality TEXT NOT NULL DEFAULT 'text';
    ALTER TABLE passages ADD COLUMN kind TEXT NOT NULL DEFAULT 'text';
    CREATE VIRTUAL TABLE references_fts USING fts5 (text, tokenize = 'porter unicode61')
    """,
    """
    ALTER TABLE papers ADD COLUMN source TEXT NOT NULL DEFAULT '';
    CREATE INDEX papers_work ON papers (work_id);
    CREATE TABLE records (
        paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        source TEXT NOT NULL, data TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (paper_id, source)
    ) WITHOUT ROWID;
    INSERT INTO records SELECT id, 'read', json_object('title', title, 'authors', json(authors), 'year', year,
        'doi', doi, 'arxiv', arxiv, 'pmid', pmid, 'venue', venue), title FROM papers;
    CREATE TABLE work_keys (key INTEGER, paper_id TEXT, PRIMARY KEY (key, paper_id)) WITHOUT ROWID;
    CREATE INDEX work_keys_paper ON work_keys (paper_id);
    CREATE TABLE signatures (paper_id TEXT PRIMARY KEY, data BLOB NOT NULL, shingles INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE cited (
        key INTEGER, reading_id INTEGER REFERENCES readings (id) ON DELETE CASCADE, PRIMARY KEY (key, reading_id)
    ) WITHOUT ROWID;
    CREATE INDEX cited_reading ON cited (reading_id);
    CREATE TABLE bibliographies (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, fault TEXT NOT NULL,
        entries TEXT NOT NULL
    )
    """,
)
SCHEMA = len(MIGRATIONS)


def connect(folder: Path) -> sqlite3.Connection:
    """A connection to the folder's database, made and migrated where needed. Transactions are the caller's.

    Raises LibraryError for a file that is no library or is damaged, LibraryTooNew for a newer schema.
    """
    path = folder / DATABASE
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
        _configure(db, folder)
        _migrate(db, path)
    except sqlite3.DatabaseError as error:
        raise LibraryError(explain(error, folder)) from error
    return db


def is_full(error: sqlite3.DatabaseError) -> bool:
    """Whether the disk is full, or fails, rather than the library."""
    return "full" in str(error) or "disk I/O" in str(error)


def explain(error: sqlite3.DatabaseError, folder: Path) -> str:
    """One sentence on what keeps a library from being opened or written, and what to do."""
    if is_full(error):
        return f"the disk is full or fails ({error}); what {folder} holds is safe: free some space and run it again"
    if isinstance(error, sqlite3.OperationalError):
        return f"the library in {folder} cannot be used now ({error}); what it holds is safe: try again"
    return f"the library in {folder} is damaged ({error}); restore it from a copy or ingest into another folder"


def database_folder(db: sqlite3.Connection) -> Path:
    """The library folder that a connection belongs to."""
    return Path(db.execute("PRAGMA database_list").fetchone()[2]).parent


def _configure(db: sqlite3.Connection, folder: Path) -> None:
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    mode = "DELETE" if file_system(folder) in NETWORK_FILE_SYSTEMS else "WAL"
    if db.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode:
        db.execute(f"PRAGMA journal_mode = {mode}")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    version = _version(db, path)
    if version == SCHEMA:
        return
    if version:
        backup = path.with_suffix(f".v{version}.bak")
        backup.unlink(missing_ok=True)
        db.execute("VACUUM INTO ?", (str(backup),))
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        for script in MIGRATIONS[_version(db, path) :]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk ends the transaction by itself
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection, path: Path) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    if version > SCHEMA:
        raise LibraryTooNew(
            f"{path} was written by a newer version (schema {version}, this one knows {SCHEMA}); "
            "upgrade paper-assistant or use another library"
        )
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and (version or tables):
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
