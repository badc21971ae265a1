"""Opening SQLite files: which journal, and what is said when one cannot be used."""

from __future__ import annotations

from pathlib import Path

from assistant import database


def test_file_system_takes_the_longest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\nnonsense\n", encoding="utf-8")
    assert database.file_system(tmp_path / "library", mounts) == "nfs4"
    assert database.file_system(Path("/elsewhere"), mounts) == "ext4"
    assert database.file_system(tmp_path, tmp_path / "absent") == ""
