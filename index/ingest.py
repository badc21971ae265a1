"""Folder -> files -> readers in processes of their own -> passages -> vectors -> store.

Each paper is stored in one transaction; a file is acknowledged (its report yielded) after the commit. What was
stored when a run is stopped or killed stays stored, and the next run does the rest.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue

from assistant.encoders import Embedder
from assistant.errors import Cancelled, DiskFull, LibraryError, ReadError
from assistant.index import bibfiles, leaving, writes
from assistant.index.chunk import CHUNKING, passages
from assistant.index.faults import fault
from assistant.index.files import Source, find_files, sha256_of
from assistant.index.library import Library
from assistant.index.pages.scans import is_waiting
from assistant.index.sandbox import READER, Limits, read_paper
from assistant.index.store import Job
from assistant.types import Document, FileReport, FileStatus, IngestReport, Progress

READ_AHEAD = 4
"""Papers read and waiting to be embedded, at most; bounds the memory of the parent."""
POLL_SECONDS = 0.2
Event = Progress | FileReport


@dataclass(slots=True)
class _Run:
    """What one ingest keeps in mind."""

    library: Library
    db: sqlite3.Connection
    embedder: Callable[[], Embedder]
    target: int
    total: int = 0
    reports: list[FileReport] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event)
    progress: SimpleQueue[Progress] = field(default_factory=SimpleQueue)
    started: dict[Path, float] = field(default_factory=dict)
    jobs: dict[Path, Job] = field(default_factory=dict)
    password: str = ""
    fresh: bool = False
    """Whether there were files that are not known from before."""


def ingest(
    paths: Sequence[Path],
    library: Library,
    embedder: Callable[[], Embedder],
    *,
    workers: int,
    target: int,
    rehash: bool = False,
    limits: Limits | None = None,
    password: str = "",
    cancel: threading.Event | None = None,
    patience: float = 0.0,
) -> Iterator[Event | IngestReport]:
    """Bring the files into the library; yields what happens and, last, the IngestReport.

    `embedder` is called only when there is something to embed. `target` is the wished passage length in tokens;
    `password` opens the encrypted files among them; `patience` (seconds) is for another process that is writing.
    A file that a full disk keeps out is reported as failed, and the next one is tried. Raises UsageError (nothing to
    ingest), LibraryBusy, EmbedderMismatch, LibraryError.
    """
    began = time.monotonic()
    sources, failed = find_files(paths, skip=library.folder)
    fault("listed")
    with library.writing(patience=patience) as db:
        total = len(sources) + len(failed)
        run = _Run(library, db, embedder, target, total, cancel=cancel or threading.Event(), password=password)
        leaving.finish(db, time.time())
        for report in failed:
            run.reports.append(report)
            yield report
        yield from _ingest_files(run, sources, workers, rehash, limits or Limits())
        yield from _take_up_bibliographies(run, paths)
        leaving.take_back(db, [report.paper_id for report in run.reports])
        library.renew_cache()
        interrupted = cancel is not None and cancel.is_set() and len(run.reports) < run.total
    # The lock is free by now: who asks or adds papers meanwhile does not wait for the training.
    library.finish_training(cancel)
    yield IngestReport(tuple(run.reports), time.monotonic() - began, interrupted)


def _take_up_bibliographies(run: _Run, paths: Sequence[Path]) -> Iterator[FileReport]:
    """What the user's own bibliographies say of the papers; a file of theirs is reported only where it has a fault."""
    if run.cancel.is_set():
        return
    for report in bibfiles.update(run.db, paths, skip=run.library.folder, fresh=run.fresh):
        run.total += 1
        run.reports.append(report)
        yield report


def _ingest_files(run: _Run, sources: Sequence[Source], workers: int, rehash: bool, limits: Limits) -> Iterator[Event]:
    run.jobs, readers = run.library.store.jobs(), _readers(run.library, ocr=limits.ocr)
    todo: list[Source] = []
    for source in sources:
        known = _known(run.jobs.get(source.path), source, readers) if not rehash else None
        if known is None:
            todo.append(source)
        else:
            run.reports.append(known)
            yield known
    run.fresh = bool(todo)
    hashed = _group_by_content(run, todo, readers)
    for report in hashed.settled:
        run.reports.append(report)
        yield report
    fault("hashed")
    if hashed.to_read:
        yield from _read_and_store(run, hashed.to_read, workers, limits)


def _readers(library: Library, *, ocr: bool) -> dict[str, str]:
    """Paper id -> version of the reader, without those whose pictures can be read now and could not before."""
    readers = library.store.readers()
    waiting = [paper_id for paper_id, flags in library.store.flagged() if is_waiting(flags)] if ocr else []
    return {paper_id: reader for paper_id, reader in readers.items() if paper_id not in waiting}


def _known(job: Job | None, source: Source, readers: dict[str, str]) -> FileReport | None:
    """The report of a file that need not be looked at, since its size and mtime are those of a file dealt with."""
    if job is None or (job.size, job.mtime_ns) != (source.size, source.mtime_ns) or job.transient:
        return None
    if job.status == FileStatus.FAILED:
        failed = FileReport(source.path, FileStatus.FAILED, f"{job.reason} (as before; the file has not changed)")
        return failed if job.reader == READER else None
    if readers.get(job.paper_id) != READER:
        return None
    return FileReport(source.path, FileStatus.UNCHANGED, paper_id=job.paper_id)


@dataclass(slots=True)
class _Hashed:
    """Files by content: those to read (paper id -> all its files), and the reports of those that are settled."""

    to_read: dict[str, list[Source]] = field(default_factory=dict)
    settled: list[FileReport] = field(default_factory=list)


def _group_by_content(run: _Run, sources: Sequence[Source], readers: dict[str, str]) -> _Hashed:
    hashed = _Hashed()
    moved: list[Job] = []
    for source in sources:
        try:
            paper_id = sha256_of(source.path)
        except OSError as error:
            reason = f"cannot be opened: {error.strerror}"
            hashed.settled.append(FileReport(source.path, FileStatus.FAILED, reason))
            continue
        if readers.get(paper_id) == READER:
            moved.append(_job(source, paper_id, FileStatus.INDEXED))
            hashed.settled.append(FileReport(source.path, FileStatus.UNCHANGED, paper_id=paper_id))
        else:
            hashed.to_read.setdefault(paper_id, []).append(source)
    if moved:
        with writes.transaction(run.db):
            for job in moved:
                writes.record_job(run.db, job)
    return hashed


def _job(source: Source, paper_id: str, status: FileStatus, reason: str = "", transient: bool = False) -> Job:
    return Job(source.path, source.size, source.mtime_ns, paper_id, status, reason, transient, READER)


def _read_and_store(run: _Run, to_read: dict[str, list[Source]], workers: int, limits: Limits) -> Iterator[Event]:
    """Read ahead in threads (each minds one worker process), embed and store here, in the order they finish."""
    waiting = list(to_read.items())[::-1]
    reading: dict[Future[Document], tuple[str, list[Source]]] = {}
    with ThreadPoolExecutor(workers, thread_name_prefix="reader") as pool:
        try:
            while (waiting or reading) and not run.cancel.is_set():
                while waiting and len(reading) < workers + READ_AHEAD:
                    paper_id, sources = waiting.pop()
                    reading[pool.submit(_read, run, sources[0].path, limits)] = (paper_id, sources)
                done, _ = wait(reading, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                yield from _drain(run)
                for future in done:
                    if run.cancel.is_set():
                        return
                    paper_id, sources = reading.pop(future)
                    yield from _finish(run, future, paper_id, sources)
        finally:
            if waiting or reading:
                run.cancel.set()  # or the pool would wait for papers that nobody wants any more
            for future in reading:
                future.cancel()


def _drain(run: _Run) -> Iterator[Progress]:
    with suppress(Empty):
        while True:
            yield run.progress.get_nowait()


def _read(run: _Run, path: Path, limits: Limits) -> Document:
    run.started[path] = time.monotonic()

    def on_page(page: int, pages: int) -> None:
        run.progress.put(Progress(path, "reading", page, pages, len(run.reports), run.total))

    return read_paper(path, on_page=on_page, cancel=run.cancel, limits=limits, password=run.password)


def _finish(run: _Run, future: Future[Document], paper_id: str, sources: Sequence[Source]) -> Iterator[Event]:
    path = sources[0].path
    try:
        document = future.result()
    except Cancelled:
        return
    except ReadError as error:
        yield from _fail(run, paper_id, sources, str(error), error.transient)
        return
    fault("read")
    pages = len(document.pages)
    yield Progress(path, "embedding", pages, pages, len(run.reports), run.total)
    try:
        report = _store(run, paper_id, document, sources)
    except DiskFull as error:
        yield from _fail(run, paper_id, sources, str(error), transient=True)
        return
    for source in sources:
        run.reports.append(replace(report, path=source.path))
        yield run.reports[-1]


def _fail(run: _Run, paper_id: str, sources: Sequence[Source], reason: str, transient: bool) -> Iterator[FileReport]:
    """A file that was readable before and fails now keeps its paper: only the job says so."""
    # Where the disk is full not even that can be kept: the next ingest then sees the file as new.
    with suppress(DiskFull), writes.transaction(run.db):
        for source in sources:
            writes.record_job(run.db, _job(source, "", FileStatus.FAILED, reason, transient))
    for source in sources:
        seconds = time.monotonic() - run.started[sources[0].path]
        run.reports.append(FileReport(source.path, FileStatus.FAILED, reason, paper_id, seconds=seconds))
        yield run.reports[-1]


def _store(run: _Run, paper_id: str, document: Document, sources: Sequence[Source]) -> FileReport:
    path = sources[0].path
    embedder = run.embedder()
    cut = passages(document, paper_id, target=run.target, count=embedder.count_tokens)
    found = writes.findable(cut)
    if not found:
        document = replace(document, flags=(*document.flags, "no running text to search"))
    vectors = embedder.embed_passages([p.text for p in found])
    fault("embedded")
    status = FileStatus.FLAGGED if document.flags else FileStatus.INDEXED
    with writes.transaction(run.db) as db:
        claim_settings(db, run.library, embedder, run.target)
        title = path.stem.encode("utf-8", "replace").decode("utf-8")
        writes.add_paper(db, paper_id, document, cut, vectors, reader=READER, fallback_title=title)
        for source in sources:
            writes.record_job(db, _job(source, paper_id, status, "; ".join(document.flags)))
            if (before := run.jobs.get(source.path)) and before.paper_id != paper_id:
                writes.remove_if_pathless(db, before.paper_id)
    return FileReport(
        path,
        status,
        "; ".join(document.flags),
        paper_id,
        len(document.pages),
        len(found),
        time.monotonic() - run.started[path],
        document.title,
        document.paged,
    )


def claim_settings(db: sqlite3.Connection, library: Library, embedder: Embedder, target: int) -> None:
    """Write into a new library what it is made with; in an old one, refuse anything else."""
    check_settings(library, embedder, target)
    writes.set_setting(db, "embedder", embedder.id)
    writes.set_setting(db, "dimension", str(embedder.dimension))
    writes.set_setting(db, "chunking", f"{CHUNKING}/{target}")


def check_settings(library: Library, embedder: Embedder, target: int | None = None) -> None:
    """Raises EmbedderMismatch where the library was made with another embedder, or cut in another way."""
    library.check_embedder(embedder)
    cut = library.store.setting("chunking")
    if target is not None and cut and cut != f"{CHUNKING}/{target}":
        raise LibraryError(
            f"{library.folder} holds passages cut as {cut}, not {CHUNKING}/{target}; cut and embed them anew with "
            f"`assistant reembed`"
        )


def reembed(library: Library, embedder: Embedder, *, target: int) -> Iterator[Progress]:
    """Cut and embed every paper anew from its stored pages, and put the result in place in one transaction: until
    then, and if it is stopped, the library stays as it was."""
    with library.writing() as db:
        papers = [library.store.papers(paper_id)[0] for paper_id in library.store.readers()]
        fresh = []
        for n, paper in enumerate(papers):
            document = library.store.document(paper.id)
            cut = passages(document, paper.id, target=target, count=embedder.count_tokens)
            fresh.append((paper.id, cut, embedder.embed_passages([p.text for p in writes.findable(cut)])))
            path = paper.path or Path(paper.title)
            yield Progress(path, "embedding", paper.pages, paper.pages, n + 1, len(papers))
        with writes.transaction(db):
            for name in ("embedder", "dimension", "chunking"):
                writes.set_setting(db, name, "")
            for paper_id, cut, vectors in fresh:
                writes.replace_passages(db, paper_id, cut, vectors)
            claim_settings(db, library, embedder, target)
        library.renew_cache()
    library.finish_training()
