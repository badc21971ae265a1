"""Opening, refusing and migrating the database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from assistant import database
from assistant.errors import LibraryError, LibraryTooNew
from assistant.index import schema


def test_a_new_database_is_wal_and_durable(tmp_path: Path) -> None:
    db = schema.connect(tmp_path)
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert db.execute("PRAGMA user_version").fetchone()[0] == schema.SCHEMA
    db.close()


def test_a_network_file_system_gets_another_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema.connect(tmp_path).close()
    monkeypatch.setattr(database, "file_system", lambda folder: "nfs4")
    db = schema.connect(tmp_path)
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    db.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    db = schema.connect(tmp_path)
    db.execute(f"PRAGMA user_version = {schema.SCHEMA + 1}")
    db.close()
    with pytest.raises(LibraryTooNew, match="upgrade"):
        schema.connect(tmp_path)


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / schema.DATABASE)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    with pytest.raises(LibraryError, match="another program"):
        schema.connect(tmp_path)
    kept = sqlite3.connect(tmp_path / schema.DATABASE)
    assert kept.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    kept.close()


def test_garbage_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / schema.DATABASE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(LibraryError, match="damaged"):
        schema.connect(tmp_path)


def test_an_older_schema_is_migrated_and_kept_as_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema.connect(tmp_path).close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (x)"))
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)
    db = schema.connect(tmp_path)
    assert db.execute("SELECT count(*) FROM later").fetchone() == (0,)
    db.close()
    assert (tmp_path / f"library.v{schema.SCHEMA - 1}.bak").exists()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema.connect(tmp_path).close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (x); SELECT nonsense"))
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)
    with pytest.raises(LibraryError):
        schema.connect(tmp_path)
    monkeypatch.undo()
    db = schema.connect(tmp_path)
    assert "later" not in {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    db.close()
