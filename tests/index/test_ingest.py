"""Folders into the library: what is known is left alone, what fails fails alone, what is stopped goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from assistant.encoders import Embedder
from assistant.errors import EmbedderMismatch, LibraryBusy, LibraryError, ReadError, UsageError
from assistant.index import ingest as ingest_module
from assistant.index.files import find_files
from assistant.index.ingest import ingest, reembed
from assistant.index.library import Library
from assistant.index.pages import scans
from assistant.testing import HashEmbedder
from assistant.types import Document, FileReport, FileStatus, IngestReport
from tests.index.documents import make_document

Read = Callable[..., Document]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    papers = tmp_path / "papers"
    papers.mkdir()
    return papers


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "library", create=True)
    yield library
    library.close()


@pytest.fixture(autouse=True)
def read_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files here are text with the pages parted by form feeds; the real reader has tests of its own."""

    def read(path: Path, **_: Any) -> Document:
        text = path.read_text(encoding="utf-8")
        if text.startswith("bad:"):
            raise ReadError(text[4:])
        if text.startswith("slow:"):
            raise ReadError(text[5:], transient=True)
        return make_document(*text.split("\f"), title=text.split(".")[0])

    monkeypatch.setattr(ingest_module, "read_paper", read)


def write(folder: Path, name: str | bytes, text: str) -> Path:
    path = folder / os.fsdecode(name)
    path.write_text(text, encoding="utf-8")
    return path


def run(
    library: Library, *paths: Path, embedder: Callable[[], Embedder] = HashEmbedder, **options: Any
) -> IngestReport:
    *_, report = ingest(list(paths), library, embedder, workers=2, target=40, **options)
    assert isinstance(report, IngestReport)
    return report


def not_wanted() -> NoReturn:
    raise AssertionError("nothing was to be embedded")


def statuses(report: IngestReport) -> dict[str, FileStatus]:
    return {r.path.name: r.status for r in report.files}


def test_a_second_run_looks_at_no_bytes_and_loads_no_model(
    folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        write(folder, f"{n}.pdf", f"Paper number {n} is about growth. It rose.\fA second page.")
    first = run(library, folder)
    assert first.count(FileStatus.INDEXED) == 5
    generation = library.store.generation
    monkeypatch.setattr(ingest_module, "sha256_of", not_wanted)
    second = run(library, folder, embedder=not_wanted)
    assert second.count(FileStatus.UNCHANGED) == 5
    assert library.store.generation == generation


def test_rehash_looks_at_the_bytes_but_reads_no_known_paper(folder: Path, library: Library) -> None:
    path = write(folder, "a.pdf", "Growth rose in all plots.")
    run(library, folder)
    before = path.stat()
    path.write_text("Growth fell in all plots.", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run(library, folder).count(FileStatus.UNCHANGED) == 1
    assert run(library, folder, rehash=True).count(FileStatus.INDEXED) == 1
    assert [p.title for p in library.store.papers()] == ["Growth fell in all plots"]


def test_the_same_bytes_under_two_names_are_one_paper_with_both_paths(folder: Path, library: Library) -> None:
    write(folder, "a.pdf", "Growth rose in all plots.")
    write(folder, "b.pdf", "Growth rose in all plots.")
    report = run(library, folder)
    assert len(report.files) == 2
    (paper,) = library.store.papers()
    assert [p.name for p in paper.paths] == ["a.pdf", "b.pdf"]
    write(folder, "c.pdf", "Growth rose in all plots.")
    assert run(library, folder, embedder=not_wanted).count(FileStatus.UNCHANGED) == 3
    assert len(library.store.papers()[0].paths) == 3


def test_a_file_with_new_content_takes_the_old_papers_place(folder: Path, library: Library) -> None:
    write(folder, "a.pdf", "Growth rose in all plots.")
    run(library, folder)
    write(folder, "a.pdf", "Growth fell in all of the plots.")
    assert run(library, folder).count(FileStatus.INDEXED) == 1
    assert [p.title for p in library.store.papers()] == ["Growth fell in all of the plots"]


def test_one_bad_file_fails_alone_and_is_remembered(
    folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "good.pdf", "Growth rose in all plots.")
    write(folder, "bad.pdf", "bad:encrypted: it needs a password")
    write(folder, "slow.pdf", "slow:timed out at page 3")
    expected = {"good.pdf": FileStatus.INDEXED, "bad.pdf": FileStatus.FAILED, "slow.pdf": FileStatus.FAILED}
    report = run(library, folder)
    assert statuses(report) == expected
    assert {r.reason for r in report.files} == {"", "encrypted: it needs a password", "timed out at page 3"}
    reads: list[str] = []

    def read(path: Path, **_: Any) -> Document:
        reads.append(path.name)
        return make_document("It went well this time.")

    monkeypatch.setattr(ingest_module, "read_paper", read)
    again = run(library, folder)
    assert reads == ["slow.pdf"]
    assert statuses(again) == {
        "good.pdf": FileStatus.UNCHANGED,
        "bad.pdf": FileStatus.FAILED,
        "slow.pdf": FileStatus.INDEXED,
    }


def test_a_paper_whose_file_breaks_is_kept(folder: Path, library: Library) -> None:
    write(folder, "a.pdf", "Growth rose in all plots.")
    run(library, folder)
    write(folder, "a.pdf", "bad:not a PDF")
    assert run(library, folder).count(FileStatus.FAILED) == 1
    assert len(library.store.papers()) == 1


def test_a_newer_reader_reads_again(folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "a.pdf", "Growth rose in all plots.")
    write(folder, "b.pdf", "bad:no text layer")
    run(library, folder)
    monkeypatch.setattr(ingest_module, "READER", "newer")
    assert statuses(run(library, folder)) == {"a.pdf": FileStatus.INDEXED, "b.pdf": FileStatus.FAILED}
    assert set(library.store.readers().values()) == {"newer"}
    assert library.store.n_passages == 1


def test_a_flagged_file_is_in_the_library(folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "a.pdf", "x")
    monkeypatch.setattr(ingest_module, "read_paper", lambda *_, **__: make_document("It rose.", flags=("odd",)))
    (report,) = run(library, folder).files
    assert (report.status, report.reason) == (FileStatus.FLAGGED, "odd")
    assert len(library.store.papers()) == 1


def test_a_stopped_run_keeps_what_it_stored_and_the_next_does_the_rest(folder: Path, library: Library) -> None:
    for n in range(6):
        write(folder, f"{n}.pdf", f"Paper number {n} is about growth. It rose.")
    cancel = threading.Event()
    seen: list[FileReport] = []
    for event in ingest([folder], library, HashEmbedder, workers=1, target=40, cancel=cancel):
        if isinstance(event, FileReport):
            seen.append(event)
            cancel.set()
    assert isinstance(event, IngestReport)
    assert event.interrupted
    assert 1 <= len(seen) < 6
    assert len(library.store.papers()) == len(seen)
    rest = run(library, folder)
    assert not rest.interrupted
    assert rest.count(FileStatus.UNCHANGED) == len(seen)
    assert len(library.store.papers()) == 6


def test_names_that_are_no_utf8_or_run_right_to_left(folder: Path, library: Library) -> None:
    names = [b"\xff\xfe.pdf", "مقالة علمية.pdf".encode(), b"UPPER.PDF", b"new\nline.pdf"]
    for n, name in enumerate(names):
        write(folder, name, f"Paper number {n} is about growth.")
    assert run(library, folder).count(FileStatus.INDEXED) == 4
    assert sorted(os.fsencode(p.paths[0].name) for p in library.store.papers()) == sorted(names)
    assert run(library, folder, embedder=not_wanted).count(FileStatus.UNCHANGED) == 4


def test_hidden_files_and_the_library_itself_are_not_walked(tmp_path: Path) -> None:
    write(tmp_path, "a.pdf", "Growth rose.")
    write(tmp_path, ".hidden.pdf", "Not for you.")
    library = Library(tmp_path / "library", create=True)
    write(tmp_path / "library", "copy.pdf", "Not for you either.")
    assert list(statuses(run(library, tmp_path))) == ["a.pdf"]
    library.close()


@pytest.mark.parametrize(("make", "words"), [(False, "no file or folder"), (True, "no paper")])
def test_nothing_to_ingest_is_a_sentence(tmp_path: Path, library: Library, make: bool, words: str) -> None:
    if make:
        (tmp_path / "x").mkdir()
    with pytest.raises(UsageError, match=words):
        run(library, tmp_path / "x")


def test_a_file_that_may_not_be_opened_fails_alone(
    folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "a.pdf", "Growth rose.")
    write(folder, "b.pdf", "Growth fell.")
    hashed = ingest_module.sha256_of

    def refuse(path: Path) -> str:
        if path.name == "b.pdf":
            raise PermissionError(13, "Permission denied")
        return hashed(path)

    monkeypatch.setattr(ingest_module, "sha256_of", refuse)
    assert statuses(run(library, folder)) == {"a.pdf": FileStatus.INDEXED, "b.pdf": FileStatus.FAILED}


def test_a_second_writer_is_told_to_wait(folder: Path, library: Library) -> None:
    write(folder, "a.pdf", "Growth rose.")
    code = (
        "import sys; from pathlib import Path; from assistant.index.library import Library\n"
        "with Library(Path(sys.argv[1])).writing():\n    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(library.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LibraryBusy, match="another process"):
            run(library, folder)
        other.communicate("")
    assert run(library, folder).count(FileStatus.INDEXED) == 1


def test_another_embedder_is_refused_and_reembed_takes_it(folder: Path, library: Library) -> None:
    write(folder, "a.pdf", "Growth rose in all plots. It rose a lot.")
    run(library, folder)
    write(folder, "b.pdf", "Growth fell in all plots.")
    other = HashEmbedder(dimension=96)
    with pytest.raises(EmbedderMismatch, match="assistant reembed"):
        run(library, folder, embedder=lambda: other)
    assert len(library.store.papers()) == 1
    with pytest.raises(LibraryError, match="assistant reembed"):
        list(ingest([folder], library, HashEmbedder, workers=1, target=99))
    assert [e.done for e in reembed(library, other, target=40)] == [1]
    assert library.store.dimension == 96
    assert library.store.vectors()[1].shape == (1, 96)
    assert run(library, folder, embedder=lambda: other).count(FileStatus.INDEXED) == 1
    assert all(check.ok for check in library.doctor())


def nothing_found(library: Library) -> bool:
    """By vectors."""
    found, _ = library.index().search(HashEmbedder().embed(["Growth rose in all plots."])[0], 5)
    return not len(found)


def test_a_removed_paper_is_found_no_more(folder: Path, library: Library) -> None:
    write(folder, "a.pdf", "Growth rose in all plots.")
    run(library, folder)
    library.remove(library.store.papers()[0].id)
    assert library.store.papers() == []
    assert nothing_found(library)
    assert run(library, folder).count(FileStatus.INDEXED) == 1


def test_removal_holds_where_the_index_cannot_be_written(
    folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, "a.pdf", "Growth rose in all plots.")
    run(library, folder)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    library.remove(library.store.papers()[0].id)
    assert "No space left" in caplog.text
    assert nothing_found(library)


@pytest.mark.parametrize("kib", [200, 240, 400])
def test_a_full_disk_keeps_files_out_with_a_reason_and_leaves_a_sound_library(
    tmp_path: Path, folder: Path, kib: int
) -> None:
    """RLIMIT_FSIZE makes each write beyond it fail, as a full disk does."""
    for n in range(30):
        (folder / f"{n}.txt").write_text("Growth rose in all the plots of the trial. " * 60 + str(n), encoding="utf-8")
    library = tmp_path / "library"
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from tests.index.test_ingest import fill\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({kib * 1024},) * 2)\n"
        "report = fill(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "assert len(report.files) == 30\n"
        "print(*(f.reason for f in report.files), sep='\\n')\n"
    )
    run_ = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(library)], capture_output=True, text=True, check=False
    )
    assert run_.returncode == 0, run_.stderr
    reasons = run_.stdout.splitlines()
    assert len(reasons) == 30
    failed = [reason for reason in reasons if reason]
    assert failed
    assert all("disk is full or fails" in reason and "free some space" in reason for reason in failed)
    fill(folder, library)
    after = Library(library)
    assert len(after.store.papers()) == 30
    assert all(check.ok for check in after.doctor())
    after.close()


def fill(folder: Path, where: Path) -> IngestReport:
    """Ingest *.txt as if they were papers, without the reader."""
    ingest_module.read_paper = lambda path, **_: make_document(path.read_text(encoding="utf-8"))  # type: ignore[assignment]
    return run(Library(where, create=True), *sorted(folder.glob("*.txt")))


def test_scans_left_unread_are_read_once_there_is_an_engine(
    folder: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path, **_: Any) -> Document:
        flags = (f"p. 2 is a picture: {scans.INSTALL}",) if scans.shutil.which("") is None else ()
        return make_document("Growth rose.", flags=flags)

    monkeypatch.setattr(ingest_module, "read_paper", read)
    monkeypatch.setattr(scans.shutil, "which", lambda _: None)
    write(folder, "a.pdf", "A scan.")
    assert statuses(run(library, folder)) == {"a.pdf": FileStatus.FLAGGED}
    assert statuses(run(library, folder)) == {"a.pdf": FileStatus.UNCHANGED}
    monkeypatch.setattr(scans.shutil, "which", lambda _: "/usr/bin/tesseract")
    assert statuses(run(library, folder)) == {"a.pdf": FileStatus.INDEXED}
    assert statuses(run(library, folder)) == {"a.pdf": FileStatus.UNCHANGED}


def test_a_walk_takes_papers_and_passes_over_what_programs_write(folder: Path, library: Library) -> None:
    words = "Growth rose. It rose again, and then once more."
    article = f"<article><body><p>{words}</p></body></article>"
    wanted = {"a.PDF", "b.docx", "c.html", "d.htm", "e.md", "f.txt", "g.xml", "h.nxml", "i.epub", "j.markdown"}
    unwanted = {"README.md", "readme.txt", "LICENSE.txt", "requirements-dev.txt", "CHANGELOG.md", ".x.pdf", "~$b.docx"}
    unwanted |= {"k.json", "l.csv", "m.pages", "n.doc", "robots.txt"}
    for name in wanted | unwanted:
        write(folder, name, article if name.endswith("xml") else words)
    write(folder, "pom.xml", "<?xml version='1.0'?><project><name>x</name></project>")
    write(folder, "numbers.txt", "1.5 2.5 3.5\n" * 100)
    write(folder, "words.txt", "alpha beta gamma\n" * 100)
    for inside in ("c_files", "node_modules", "x.egg-info"):
        (folder / inside).mkdir()
        write(folder / inside, "frame.html", words)
    (folder / "deeper").mkdir()
    write(folder / "deeper", "paper_files.html", words)
    sources, failed = find_files([folder], skip=library.folder)
    assert {s.path.name for s in sources} == wanted | {"paper_files.html"}
    assert not failed
    named, _ = find_files([folder / "README.md", folder / "pom.xml"], skip=library.folder)
    assert [s.path.name for s in named] == ["README.md", "pom.xml"]
