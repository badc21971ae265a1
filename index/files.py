"""Which files there are to read, and what their bytes hash to. Knows the file system only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from assistant.errors import UsageError
from assistant.index.formats.kinds import HEAD, READABLE, SUFFIXES, is_paper
from assistant.types import FileReport, FileStatus

NO_PAPERS = frozenset({"__pycache__", "node_modules", "site-packages", "__MACOSX"})
"""Folders of programs, which hold text and web pages but no papers."""
WITH_PAGE = ("_files", "-Dateien", "_files_", ".files")
"""What browsers add to a saved page's name for the folder of its pictures and frames."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to ingest, as the file system showed it."""

    path: Path
    size: int
    mtime_ns: int


def find_files(paths: Sequence[Path], *, skip: Path) -> tuple[list[Source], list[FileReport]]:
    """The files to ingest, in a fixed order: named files as they are, folders walked for papers of every known suffix;
    and the folders and files that could not be looked at. `skip` (the library) is not walked. Raises UsageError for a
    missing path and where there is nothing to ingest."""
    sources: dict[Path, Source] = {}
    failed: list[FileReport] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no file or folder {str(path)!r}; check the path")
        for file in _walk(path.absolute(), skip, failed) if path.is_dir() else [path.absolute()]:
            try:
                status = file.stat()
            except OSError as error:
                failed.append(FileReport(file, FileStatus.FAILED, f"cannot be opened: {error.strerror}"))
                continue
            sources[file] = Source(file, status.st_size, status.st_mtime_ns)
    if not sources and not failed:
        raise UsageError(
            f"there is no paper ({READABLE}) in {', '.join(map(str, paths))}; name a folder that holds some"
        )
    return [sources[p] for p in sorted(sources, key=os.fsencode)], failed


def _walk(folder: Path, skip: Path, failed: list[FileReport]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        where = Path(os.fsdecode(error.filename))
        failed.append(FileReport(where, FileStatus.FAILED, f"folder cannot be opened: {error.strerror}"))

    for root, folders, names in os.walk(folder, onerror=unreadable):
        here = Path(root)
        folders[:] = sorted(f for f in folders if _is_walked(f, names) and here / f != skip)
        yield from (here / name for name in names if _may_be_paper(here / name))


def _is_walked(folder: str, beside: Sequence[str]) -> bool:
    """Whether a folder may hold papers: not a hidden one, a program's, or that of a saved web page's pictures."""
    if folder.startswith((".", "~")) or folder in NO_PAPERS or folder.endswith((".egg-info", ".dist-info")):
        return False
    pages = {folder.removesuffix(end) for end in WITH_PAGE if folder.endswith(end)}
    return not any(f"{page}{suffix}" in beside for page in pages for suffix in (".html", ".htm", ".xhtml"))


def _may_be_paper(path: Path) -> bool:
    """Whether a walk takes up a file; one that cannot be looked into is, so that the reason is reported."""
    if path.name.startswith((".", "~$")) or (suffix := PurePath(path.name).suffix.lower()) not in SUFFIXES:
        return False
    if suffix == ".pdf" or not path.is_file():
        return suffix == ".pdf"
    try:
        with path.open("rb") as file:
            return is_paper(path.name, file.read(HEAD))
    except OSError:
        return True


Stamp = tuple[int, int, int]
"""Inode, size and mtime of a file: another one says that it was replaced or written to."""


def stamp(path: Path) -> Stamp | None:
    """The file's stamp; None where there is no file that can be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def put(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Make the file with what `write` writes, whole or not at all, durably. OSError where it fails."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            write(file)
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def publish(temporary: Path, path: Path) -> None:
    """Give a finished file its name, durably. OSError where it fails."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a new name durable. Windows cannot open a folder and needs no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal: the id of the paper."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
