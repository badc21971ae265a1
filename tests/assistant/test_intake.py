"""Files handed in: received, read in the background, told from the database; removals that can be taken back."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import Cancelled, DiskFull, ReadError, UsageError
from assistant.index import ingest as ingest_module
from assistant.index import leaving, tasks
from assistant.index.ingest import ingest
from assistant.index.library import Library
from assistant.intake import Intake
from assistant.testing import HashEmbedder
from assistant.types import Document, FileReport, FileStatus, Filters, Task, TaskState
from tests.index.documents import make_document

LIMIT = 10_000
PATIENCE = 20.0
PDF = "%PDF-1.7\n"


class Desk:
    """A library with its intake, whose reader reads text and waits at a gate where one is set."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.library = Library(folder, create=True)
        self.gate = threading.Event()
        self.gate.set()
        self.passwords: list[str] = []
        self.now = 1000.0
        monkeypatch.setattr(ingest_module, "read_paper", self._read)
        self.intake = self.another()

    def another(self) -> Intake:
        """As another start of the program over the same library."""

        def run(*paths: str | Path, **options: Any) -> Iterator[Any]:
            given = [Path(p) for p in paths]
            return ingest(given, self.library, HashEmbedder, workers=1, target=40, **options)

        return Intake(lambda: self.library, lambda: True, run, limit=LIMIT, clock=lambda: self.now)

    def _read(
        self, path: Path, *, on_page: Callable[[int, int], None], cancel: threading.Event, **options: Any
    ) -> Document:
        self.passwords.append(options["password"])
        on_page(1, 2)
        while not self.gate.wait(0.02):
            if cancel.is_set():
                raise Cancelled("reading was cancelled")
        text = path.read_text(encoding="utf-8").removeprefix(PDF)
        if text.startswith("locked") and options["password"] != "sesame":
            raise ReadError("encrypted: it needs a password (give it with --password)", transient=True)
        on_page(2, 2)
        return make_document(text, title=text.split(".")[0])

    def hand_in(self, name: str, text: str) -> Task:
        parcel = self.intake.receive(name, len(text))
        parcel.write(text.encode())
        return parcel.done()

    def until(self, done: Callable[[list[Task]], bool]) -> list[Task]:
        end = time.monotonic() + PATIENCE
        while not done(found := self.intake.tasks()):
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found

    def settled(self) -> list[Task]:
        return self.until(lambda found: not any(t.state in tasks.UNFINISHED for t in found))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path / "library", monkeypatch)
    yield desk
    desk.gate.set()
    desk.intake.close()
    desk.library.close()


def test_a_file_handed_in_is_read_and_found(desk: Desk) -> None:
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    (task,) = desk.settled()
    assert (task.state, task.page, task.pages) == (TaskState.INDEXED, 1, 1)
    assert task.path == desk.library.folder / "papers" / "a.pdf"
    (paper,) = desk.library.store.papers()
    assert (task.paper_id, task.sha256) == (paper.id, paper.id)
    assert task.begun is not None
    assert task.ended is not None


def test_pages_are_told_while_they_are_read_and_a_cancelled_file_stops_alone(desk: Desk) -> None:
    desk.gate.clear()
    first = desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.hand_in("b.pdf", f"{PDF}Growth fell in all plots.")
    found = desk.until(lambda all_: any(t.page for t in all_))
    assert {(t.name, t.page, t.pages) for t in found if t.state is TaskState.READING} >= {("a.pdf", 1, 2)}
    desk.intake.cancel(first.id)
    desk.gate.set()
    assert {t.name: t.state for t in desk.settled()}["b.pdf"] is TaskState.INDEXED


def test_a_file_that_waits_can_be_cancelled_and_handed_in_again(desk: Desk) -> None:
    desk.gate.clear()
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.until(lambda all_: all_[-1].state is TaskState.READING)
    waiting = desk.hand_in("b.pdf", f"{PDF}Growth fell in all plots.")
    desk.intake.cancel(waiting.id)
    desk.gate.set()
    assert {t.name: t.state for t in desk.settled()} == {"a.pdf": TaskState.INDEXED, "b.pdf": TaskState.CANCELLED}
    assert desk.intake.retry(waiting.id)
    assert {t.state for t in desk.settled()} == {TaskState.INDEXED}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.pdf", "", "empty file"),
        ("tool.pdf", "MZ\x90", "not a PDF"),
        ("tool.exe", "MZ\x90", "cannot be read"),
        ("p.pdf", "<html>log in", "a web page was saved"),
    ],
)
def test_what_is_no_paper_fails_at_once_with_the_reason_and_is_not_kept(
    desk: Desk, name: str, text: str, reason: str
) -> None:
    task = desk.hand_in(name, text)
    assert task.state is TaskState.FAILED
    assert reason in task.reason
    assert task.path is None
    assert not desk.intake.retry(task.id)
    assert [f.name for f in desk.library.folder.glob("papers/*")] == []
    desk.intake.forget(task.id)
    assert desk.intake.tasks() == []


def test_too_large_a_file_is_refused_before_it_is_read(desk: Desk) -> None:
    with pytest.raises(UsageError, match="too large"):
        desk.intake.receive("big.pdf", 2 * 2**30)
    (task,) = desk.intake.tasks()
    assert (task.state, task.size) == (TaskState.FAILED, 2 * 2**30)


def test_a_file_that_grows_too_large_on_the_way_is_refused_and_thrown_away(desk: Desk) -> None:
    parcel = desk.intake.receive("big.pdf")
    parcel.write(b"%PDF" + b"x" * (LIMIT - 4))
    with pytest.raises(UsageError, match="too large"):
        parcel.write(b"x")
    assert list(desk.library.folder.glob("papers/.incoming-*")) == []
    assert desk.intake.tasks()[0].state is TaskState.FAILED


def test_a_full_disk_is_told_before_and_while_a_file_arrives(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))  # type: ignore[attr-defined]
        with pytest.raises(DiskFull, match="free some space"):
            desk.intake.receive("a.pdf", 10)
    parcel = desk.intake.receive("a.pdf", 10)
    parcel.write(b"%PDF")

    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    assert parcel._file is not None
    parcel._file.close()
    parcel._file = Full()
    with pytest.raises(DiskFull, match="free some space"):
        parcel.write(b"x")
    assert [t.state for t in desk.intake.tasks()] == [TaskState.FAILED] * 2
    assert list(desk.library.folder.glob("papers/.incoming-*")) == []


def test_a_file_cut_off_is_told_and_thrown_away(desk: Desk) -> None:
    parcel = desk.intake.receive("a.pdf", 100)
    parcel.write(b"%PDF half")
    parcel.cut_off()
    (task,) = desk.intake.tasks()
    assert "did not arrive whole" in task.reason
    assert list(desk.library.folder.glob("papers/*")) == []


def test_the_same_bytes_are_not_kept_twice_and_the_same_name_overwrites_nothing(desk: Desk) -> None:
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.settled()
    again = desk.hand_in("copy.pdf", f"{PDF}Growth rose in all plots.")
    assert (again.state, again.paper_id) == (TaskState.UNCHANGED, desk.library.store.papers()[0].id)
    other = desk.hand_in("a.pdf", f"{PDF}Growth fell in all plots.")
    desk.settled()
    assert other.path is not None
    assert other.path.name == "a (2).pdf"
    assert sorted(f.name for f in desk.library.folder.glob("papers/*")) == ["a (2).pdf", "a.pdf"]


def test_an_encrypted_file_is_read_with_its_password_which_is_not_stored(desk: Desk) -> None:
    task = desk.hand_in("a.pdf", f"{PDF}locked. Growth rose in all plots.")
    (failed,) = desk.settled()
    assert failed.state is TaskState.FAILED
    assert "password" in failed.reason
    desk.intake.retry(task.id, password="sesame")
    assert [t.state for t in desk.settled()] == [TaskState.INDEXED]
    assert desk.passwords == ["", "sesame"]
    assert b"sesame" not in b"".join(f.read_bytes() for f in desk.library.folder.iterdir() if f.is_file())


def test_what_was_read_when_the_program_ended_is_taken_up_once_more_and_then_left_to_the_user(desk: Desk) -> None:
    db = desk.library.store.db
    task = tasks.add(db, Task(0, "a.pdf", Path("/nowhere/a.pdf"), 1, TaskState.WAITING, 1.0))
    assert tasks.begin(db, task.id, 2.0)
    tasks.recover(db, 3.0)
    assert [(t.state, t.begun) for t in desk.intake.tasks()] == [(TaskState.WAITING, None)]
    assert tasks.begin(db, task.id, 4.0)
    tasks.recover(db, 5.0)
    assert [t.state for t in desk.intake.tasks()] == [TaskState.INTERRUPTED]


def test_closing_ends_the_worker_and_the_next_start_goes_on(desk: Desk) -> None:
    desk.gate.clear()
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.until(lambda all_: all_[0].state is TaskState.READING)
    desk.intake.close()
    assert [t.state for t in desk.intake.tasks()] == [TaskState.WAITING]
    desk.gate.set()
    desk.intake = desk.another()
    desk.intake.start()
    assert [t.state for t in desk.settled()] == [TaskState.INDEXED]


def test_of_two_programs_over_a_library_one_reads(desk: Desk) -> None:
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.settled()
    other = desk.another()
    other.start()
    desk.hand_in("b.pdf", f"{PDF}Growth fell in all plots.")
    assert {t.state for t in desk.settled()} == {TaskState.INDEXED}
    assert desk.passwords == ["", ""]
    other.close()


def test_while_another_process_writes_files_wait_and_say_so(desk: Desk) -> None:
    with desk.library.writing():
        desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
        found = desk.until(lambda all_: bool(all_[0].reason))
        assert found[0].state is TaskState.WAITING
        assert "another process" in found[0].reason
    assert [t.state for t in desk.settled()] == [TaskState.INDEXED]


def test_an_ingest_waits_for_the_reader_in_the_background(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("Growth fell in all of the plots.", encoding="utf-8")
    desk.gate.clear()
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.until(lambda all_: all_[0].state is TaskState.READING)
    threading.Timer(0.3, desk.gate.set).start()
    events = ingest([tmp_path / "b.txt"], desk.library, HashEmbedder, workers=1, target=40, patience=PATIENCE)
    reports = [event for event in events if isinstance(event, FileReport)]
    assert [r.status for r in reports] == [FileStatus.INDEXED]


def test_a_removed_paper_is_out_of_every_search_and_can_be_taken_back_after_a_restart(desk: Desk) -> None:
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.settled()
    store = desk.library.store
    (paper,) = store.papers()
    desk.intake.remove([paper.id])
    assert store.papers() == []
    assert (store.n_papers, store.n_works) == (0, 0)
    assert store.lexical('"growth"', 10, Filters()) == []
    allowed = store.allowed(Filters())
    assert allowed is not None
    assert len(allowed) == 0
    assert store.allowed(Filters(papers=(paper.id,))) is not None
    assert [(p.id, left) for p, left in desk.another().leaving()] == [(paper.id, leaving.SECONDS)]
    desk.another().take_back()
    assert [p.id for p in store.papers()] == [paper.id]
    assert len(store.lexical('"growth"', 10, Filters())) == 1


def test_when_its_time_has_come_a_removed_paper_is_gone_with_vectors_and_copy(desk: Desk) -> None:
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.settled()
    desk.intake.remove([desk.library.store.papers()[0].id])
    desk.now += leaving.SECONDS
    end = time.monotonic() + PATIENCE
    while desk.library.store.readers() and time.monotonic() < end:
        time.sleep(0.02)
    db = desk.library.store.db
    for table in ("papers", "passages", "vectors", "passages_fts", "leaving"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert list(desk.library.folder.glob("papers/*")) == []


def test_a_users_own_file_stays_when_its_paper_is_removed(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("Growth fell in all of the plots.", encoding="utf-8")
    list(ingest([path], desk.library, HashEmbedder, workers=1, target=40))
    leaving.leave(desk.library.store.db, [desk.library.store.papers()[0].id], desk.now)
    with desk.library.writing() as db:
        assert leaving.finish(db, desk.now) == 1
    assert path.exists()


def test_handing_a_removed_paper_in_again_keeps_it(desk: Desk) -> None:
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    desk.settled()
    desk.intake.remove([desk.library.store.papers()[0].id])
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    assert len(desk.library.store.papers()) == 1


def test_reading_again_reads_though_nothing_changed_and_tells_of_a_file_that_is_gone(desk: Desk) -> None:
    desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    (before,) = desk.settled()
    assert before.path is not None
    desk.intake.read_again([before.paper_id])
    assert [t.state for t in desk.settled()] == [TaskState.INDEXED] * 2
    assert len(desk.passwords) == 2
    before.path.unlink()
    desk.intake.read_again([before.paper_id])
    latest = desk.settled()[0]
    assert latest.state is TaskState.FAILED
    assert "no longer where it was" in latest.reason
    assert len(desk.library.store.papers()) == 1


def test_forgetting_a_failed_file_throws_its_copy_away_and_that_of_a_paper_never(desk: Desk) -> None:
    good = desk.hand_in("a.pdf", f"{PDF}Growth rose in all plots.")
    bad = desk.hand_in("b.pdf", f"{PDF}locked. Growth.")
    desk.settled()
    desk.intake.forget(bad.id)
    desk.intake.forget(good.id)
    assert desk.intake.tasks() == []
    assert [f.name for f in desk.library.folder.glob("papers/*")] == ["a.pdf"]
