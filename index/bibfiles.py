"""The user's own bibliography (.bib, CSL-JSON) beside the papers: found, matched to papers, and believed before all
that is read from a file.

A bibliography speaks for the papers in its folder and below. It is read again only when it has changed; papers are not.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PureWindowsPath

from assistant.errors import DiskFull
from assistant.index import catalogue, writes
from assistant.index.files import Source
from assistant.index.records.bibtex import Entry, parse_bibtex
from assistant.index.records.csl import parse_csl
from assistant.index.records.identifiers import base_doi
from assistant.index.records.record import Record
from assistant.index.records.works import title_letters
from assistant.types import FileReport, FileStatus

SUFFIXES = (".bib", ".json")
MAX_BYTES = 50 << 20
"""A larger bibliography is none."""


@dataclass(frozen=True, slots=True)
class Bibliography:
    """A bibliography as read: `fault` says what is wrong with it, `entries` are those that could be read."""

    source: Source
    entries: tuple[Entry, ...] = ()
    fault: str = ""


def update(db: sqlite3.Connection, paths: Sequence[Path], *, skip: Path, fresh: bool) -> Iterator[FileReport]:
    """Read the bibliographies among `paths` that are new or changed, and bring the papers' records up to date with
    them; `fresh` says that there are new papers. Reports those with faults. The caller holds the writer's lock."""
    before = {b.source.path: b for b in _stored(db)}
    found = [_read(source, before.get(source.path)) for source in find_bibliographies(paths, skip=skip)]
    gone = [path for path in before if not path.exists() and path.parent.exists()]
    changed = [b for b in found if b is not None and before.get(b.source.path) != b]
    for bibliography in found:
        if bibliography is not None and bibliography.fault:
            status = FileStatus.FLAGGED if bibliography.entries else FileStatus.FAILED
            yield FileReport(bibliography.source.path, status, bibliography.fault)
    if not (changed or gone or (fresh and before)):
        return
    try:
        _take_up(db, changed, gone)
    except DiskFull as error:
        yield from (FileReport(b.source.path, FileStatus.FAILED, str(error)) for b in changed[:1])


def _take_up(db: sqlite3.Connection, changed: Sequence[Bibliography], gone: Sequence[Path]) -> None:
    with writes.transaction(db):
        for path in gone:
            catalogue.drop_bibliography(db, path)
        for bibliography in changed:
            _keep(db, bibliography)
        _apply(db, [Index(b) for b in _stored(db)])


def find_bibliographies(paths: Iterable[Path], *, skip: Path) -> list[Source]:
    """The .bib and .json files in the folders named and below, and beside the files named."""
    found: dict[Path, Source] = {}
    for path in paths:
        for file in _walk(path.absolute(), skip) if path.is_dir() else _beside(path.absolute().parent):
            try:
                status = file.stat()
            except OSError:
                continue
            found[file] = Source(file, status.st_size, status.st_mtime_ns)
    return [found[path] for path in sorted(found, key=os.fsencode)]


def _walk(folder: Path, skip: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and here / f != skip)
        yield from (here / name for name in names if _is_one(name))


def _beside(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if _is_one(path.name))
    except OSError:
        return


def _is_one(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _read(source: Source, before: Bibliography | None) -> Bibliography | None:
    """The file as a bibliography, from memory where it has not changed; None for JSON of another kind."""
    if before is not None and before.source == source:
        return before
    if source.size > MAX_BYTES:
        return Bibliography(source, fault=f"larger than {MAX_BYTES >> 20} MB: split it") if _is_bib(source) else None
    try:
        text = _decoded(source.path.read_bytes())
    except OSError as error:
        return Bibliography(source, fault=f"cannot be opened: {error.strerror}")
    if not _is_bib(source):
        entries = parse_csl(text)
        return None if entries is None else Bibliography(source, tuple(entries))
    entries, broken = parse_bibtex(text)
    return Bibliography(source, tuple(entries), _fault(len(entries), broken, text))


def _is_bib(source: Source) -> bool:
    return source.path.suffix.lower() == ".bib"


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _fault(entries: int, broken: Sequence[int], text: str) -> str:
    if broken:
        noun = "entry" if len(broken) == 1 else "entries"
        where = f"the first in line {min(broken)}: mend its braces"
        return f"{len(broken)} {noun} of {entries + len(broken)} cannot be read, {where}"
    return "" if entries or not text.strip() else "no BibTeX entry in it; export it again, or take it away"


@dataclass(slots=True)
class Index:
    """A bibliography's entries by what a paper may be known by."""

    bibliography: Bibliography
    by_path: dict[Path, Entry] = field(default_factory=dict)
    by_name: dict[str, Entry | None] = field(default_factory=dict)
    """File name -> entry; None where several have files of that name."""
    by_doi: dict[str, Entry] = field(default_factory=dict)
    by_arxiv: dict[str, Entry] = field(default_factory=dict)
    by_title: dict[str, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folder = self.bibliography.source.path.parent
        for entry in self.bibliography.entries:
            for file in entry.files:
                name = file_name(file)
                self.by_path.setdefault(Path(os.path.normpath(folder / file)), entry)
                self.by_name[name] = entry if self.by_name.get(name, entry) is entry else None
            record = entry.record
            self.by_doi.setdefault(base_doi(record.doi), entry)
            self.by_arxiv.setdefault(record.arxiv, entry)
            self.by_title.setdefault(title_letters(record.title), entry)

    def covers(self, path: Path) -> bool:
        return path.is_relative_to(self.bibliography.source.path.parent)

    def find(self, read: Record, paths: Sequence[Path]) -> Entry | None:
        """The entry of the paper that lies at `paths` and of which `read` was read."""
        here = [path for path in paths if self.covers(path)]
        exact = next((self.by_path[path] for path in here if path in self.by_path), None)
        if exact is not None:
            return exact
        doi, title = base_doi(read.doi), title_letters(read.title)
        for known, table in ((doi, self.by_doi), (read.arxiv, self.by_arxiv), (title, self.by_title)):
            if known and known in table:
                return table[known]
        return next((entry for path in here if (entry := self.by_name.get(path.name.casefold()))), None)


def file_name(path: str) -> str:
    """The last part of a path as any system writes it, in small letters."""
    return PureWindowsPath(path).name.casefold()


def _apply(db: sqlite3.Connection, indexes: Sequence[Index]) -> None:
    """Give every paper the record of the nearest bibliography that has it, and take it from those that none has."""
    nearest = sorted(indexes, key=lambda i: (-len(i.bibliography.source.path.parts), i.bibliography.source.path))
    for paper_id, paths in catalogue.places(db).items():
        read = catalogue.known(db, paper_id, without=catalogue.BIBLIOGRAPHY)
        record, note = None, ""
        for index in nearest:
            if any(index.covers(path) for path in paths) and (entry := index.find(read, paths)):
                record, note = entry.record, f"{index.bibliography.source.path.name}: {entry.key}"
                break
        catalogue.put_record(db, paper_id, catalogue.BIBLIOGRAPHY, record, note)


def _keep(db: sqlite3.Connection, bibliography: Bibliography) -> None:
    source = bibliography.source
    entries = json.dumps(
        [[e.key, {k: v for k, v in asdict(e.record).items() if v}, e.files] for e in bibliography.entries]
    )
    catalogue.put_bibliography(db, source.path, source.size, source.mtime_ns, bibliography.fault, entries)


def _stored(db: sqlite3.Connection) -> list[Bibliography]:
    found = []
    for path, size, mtime_ns, fault, entries in catalogue.bibliographies(db):
        rows = (Entry(key, catalogue.record_from(said), tuple(files)) for key, said, files in json.loads(entries))
        found.append(Bibliography(Source(path, size, mtime_ns), tuple(rows), fault))
    return found
