"""A large library: trained in a process of its own, brought up to date by what comes and goes, and never without an
answer, whatever becomes of its files. The bounds from which a library is large are lowered."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Settings
from assistant.errors import EmbedderMismatch
from assistant.index import library as libraries
from assistant.index import store as stores
from assistant.index import training, vectors, words, writes
from assistant.index.evidence import LibraryRetriever
from assistant.index.library import Library
from assistant.testing import HashEmbedder
from assistant.types import Document, Filters, Passage

SUBJECTS = ("tomato", "nitrate", "velorite", "biochar", "sensor", "larvae", "statin", "perovskite")
EMBEDDER = HashEmbedder()


@pytest.fixture(autouse=True)
def lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (words, stores, libraries, training):
        monkeypatch.setattr(module, "WORDS_FROM", 100)
    monkeypatch.setattr(libraries, "TRAINED_FROM", 200)
    monkeypatch.setattr(vectors, "EXACT_BELOW", 200)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "library", create=True)
    for n in range(20):
        add(library, n)
    library.write_cache()
    return library


def add(library: Library, n: int) -> list[str]:
    """Paper `n` with 20 passages; their texts."""
    draw = np.random.default_rng(n)
    texts = [f"{draw.choice(SUBJECTS)} {draw.choice(SUBJECTS)} w{draw.integers(90)} plot{n}x{i}" for i in range(20)]
    with writes.transaction(library.store.db) as db:
        writes.set_setting(db, "dimension", str(EMBEDDER.dimension))
        writes.set_setting(db, "embedder", EMBEDDER.id)
        cut = [Passage(f"{n:064x}", text, ()) for text in texts]
        writes.add_paper(db, f"{n:064x}", Document(()), cut, EMBEDDER.embed(texts), reader="1", fallback_title="")
    return texts


def find(library: Library, query: str, *, k: int = 5, filters: Filters = Filters()) -> list[str]:  # noqa: B008
    hits = LibraryRetriever(library, EMBEDDER, Settings()).search(query, k=k, filters=filters)
    return [hit.passage.text for hit in hits]


def first_of(library: Library, n: int) -> str:
    return library.store.passages_of(f"{n:064x}")[0].text


def test_it_is_trained_and_finds(library: Library) -> None:
    assert not library.index().exact
    assert library.store.indexed is not None
    assert library.cache_fault() == ""
    for n in (0, 7, 19):
        assert find(library, first_of(library, n))[0] == first_of(library, n)
    assert find(library, "tomato", filters=Filters(papers=("none",))) == []
    chosen = Filters(papers=(f"{7:064x}",))
    assert {text.split()[-1].split("x")[0] for text in find(library, "tomato", k=20, filters=chosen)} == {"plot7"}
    assert all(check.ok for check in library.doctor())


def test_new_papers_are_found_and_removed_ones_are_not_without_training(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_start_training", lambda: pytest.fail("nothing was to be trained"))
    library.index()
    files = {path.name for path in library.folder.glob("*.*")}
    gone, texts = first_of(library, 3), add(library, 30)
    library.renew_cache()
    assert find(library, texts[4])[0] == texts[4]
    library.remove(f"{3:064x}")
    assert gone not in find(library, gone, k=50)
    assert {path.name for path in library.folder.glob("*.*")} >= files
    again = Library(library.folder)
    assert find(again, texts[4])[0] == texts[4]
    assert gone not in find(again, gone, k=50)
    assert again.store.n_passages == 400
    assert all(check.ok for check in again.doctor())


def test_where_much_is_new_the_files_are_made_anew(library: Library) -> None:
    held = library.index()
    for n in range(40, 44):
        texts = add(library, n)
    assert library.cache_fault() == "stale"
    before = library.store.cache("faiss")
    library.write_cache()
    after = library.store.cache("faiss")
    assert before is not None
    assert after is not None
    assert (before.passages, after.passages) == (400, 480)
    assert library.cache_fault() == ""
    assert len(list(library.folder.glob("index.*"))) == len(list(library.folder.glob("words.*"))) == 1
    assert find(library, texts[0])[0] == texts[0]
    assert held.search(EMBEDDER.embed([first_of(library, 0)])[0], 1)[0].size == 1, "who holds the old one goes on"


def test_training_in_a_process_of_its_own(library: Library) -> None:
    """There the bounds are as they are: the index is an exact one, but made and recorded."""
    library.index()
    for path in (*library.folder.glob("index.*"), *library.folder.glob("words.*")):
        path.unlink()
    library.renew_cache()
    assert library.finish_training()
    assert list(library.folder.glob("index.*.faiss"))
    assert not list(library.folder.glob("*.tmp"))
    assert find(library, first_of(library, 5))[0] == first_of(library, 5)


def test_the_training_process_ends_with_the_one_that_started_it(library: Library) -> None:
    code = (
        "import sys, time; from pathlib import Path; from assistant.index import training\n"
        "sys.stdin.read = time.sleep\n"
        "training.make_caches = lambda library: time.sleep(60)\n"
        "import os; sys.exit(training.main(Path(sys.argv[1]), orphaned=lambda: os._exit(7)))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(library.folder)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    time.sleep(0.1)
    process.stdin.close()
    assert process.wait(30) == 7


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"not an index")
    other.replace(path)


HARMS: dict[str, Callable[[Path], object]] = {
    "overwritten": lambda path: path.write_bytes(b"x" * path.stat().st_size),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "gone": lambda path: path.unlink(),
    "replaced": replaced,
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("file", ["index.*.faiss", "words.*.db"])
def test_a_file_swapped_under_a_running_server(
    file: str, harm: str, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each search has its answer; the first says what is wrong; the files made anew are taken up."""
    trained: list[bool] = []
    monkeypatch.setattr(library, "_start_training", lambda: trained.append(True))
    wanted = first_of(library, 5)
    assert find(library, wanted)[0] == wanted
    (path,) = library.folder.glob(file)
    HARMS[harm](path)
    assert find(library, wanted)[0] == wanted
    assert "doctor --fix" in caplog.text or "built again from the database" in caplog.text
    assert find(library, first_of(library, 9))[0] == first_of(library, 9)
    assert trained
    library.write_cache()
    assert find(library, wanted)[0] == wanted
    assert not library.index().exact
    assert library.store.indexed is not None


def test_another_librarys_files(library: Library, tmp_path: Path) -> None:
    other = Library(tmp_path / "other", create=True)
    for n in range(50, 62):
        add(other, n)
    other.write_cache()
    for ours, theirs in zip(
        sorted(library.folder.glob("[iw]*.*.*")), sorted(other.folder.glob("[iw]*.*.*")), strict=True
    ):
        shutil.copy(theirs, ours)
    assert find(library, first_of(library, 5))[0] == first_of(library, 5)
    library.close()


def test_a_model_swapped_under_a_running_server(library: Library) -> None:
    retriever = LibraryRetriever(library, EMBEDDER, Settings())
    assert retriever.search("tomato", k=3, filters=Filters())
    other = HashEmbedder(96)
    with writes.transaction(library.store.db) as db:
        for n in range(20):
            cut = library.store.passages_of(f"{n:064x}")
            writes.replace_passages(db, f"{n:064x}", cut, other.embed([p.text for p in cut]))
        writes.set_setting(db, "embedder", other.id)
        writes.set_setting(db, "dimension", "96")
    with pytest.raises(EmbedderMismatch, match="assistant reembed"):
        retriever.search("tomato", k=3, filters=Filters())
    assert LibraryRetriever(library, other, Settings()).search("tomato", k=3, filters=Filters())
    library.close()
