"""An ingest killed at any named step: the library opens, keeps what was acknowledged, and a second run ends as if
nothing had happened. (`make soak` kills at random moments, with the real model.)"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from assistant.index.faults import STEPS, VARIABLE
from assistant.index.library import CACHE, Library
from assistant.index.schema import DATABASE
from assistant.testing import tiny_pdf
from tests.index import runs

TEXTS = (
    "Growth of tomato plants was higher in amended soil. The effect was seen in every plot of the trial.",
    "We saw no effect on yield in sandy soil. Nitrate leaching was lower by a third in the amended plots.",
    "The calibration of the sensor held for ninety days. Drift stayed below two percent of the reading.",
)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    for n, text in enumerate(TEXTS):
        (folder / f"{n}.pdf").write_bytes(tiny_pdf([text, "A second page has little to say about the matter at hand."]))
    return folder


@pytest.fixture(scope="module")
def undisturbed(papers: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed") / "library"
    code, acknowledged = runs.finish(runs.start(papers, folder))
    assert (code, len(acknowledged)) == (0, len(TEXTS))
    return runs.content(folder)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_loses_nothing(step: str, papers: Path, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "library"
    # The second passing, where there is one: then something has been acknowledged before.
    nth = 1 if step in ("listed", "hashed", "index-built", "index-written", "index-recorded") else 2
    code, acknowledged = runs.finish(runs.start(papers, folder, **{VARIABLE: f"{step}:{nth}"}))
    assert code == -signal.SIGKILL
    if (folder / DATABASE).exists():
        stored = {p.id for p in runs.content(folder)["papers"]}
        assert {a["paper_id"] for a in acknowledged} <= stored
    else:
        assert acknowledged == []
    again = list(runs.ingest_here(papers, folder))
    assert len(again) == len(TEXTS)
    unchanged = sum(a.status == "unchanged" for a in again)
    assert unchanged >= len(acknowledged)
    assert runs.content(folder) == undisturbed


@pytest.fixture
def library(papers: Path, tmp_path: Path) -> Library:
    folder = tmp_path / "library"
    list(runs.ingest_here(papers, folder))
    return Library(folder)


def cache_file(library: Library) -> Path:
    cache = library.store.cache(CACHE)
    assert cache is not None
    return library.cache_path(cache.generation)


@pytest.mark.parametrize("harm", ["flipped", "truncated", "gone", "stale"])
def test_a_harmed_cache_is_built_again_and_said_so(
    harm: str, library: Library, undisturbed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    path = cache_file(library)
    data = bytearray(path.read_bytes())
    if harm == "flipped":
        data[len(data) // 2] ^= 1
    if harm == "stale":
        library.store.db.execute("UPDATE caches SET generation = generation - 1")
        library.store.db.execute("UPDATE settings SET value = value + 0 WHERE name = 'generation'")
    path.write_bytes(data[:-9] if harm == "truncated" else data)
    if harm == "gone":
        path.unlink()
    assert runs.content(library.folder) == undisturbed
    assert "built again from the database" in caplog.text
    assert library.doctor(fix=True)[2].detail.endswith("built again")
    assert library.cache_fault() == ""


def test_bit_flips_in_the_cache_are_all_detected(library: Library) -> None:
    path = cache_file(library)
    sound = path.read_bytes()
    for n in range(60):
        data = bytearray(sound)
        data[n * (len(data) // 60)] ^= 1 << (n % 8)
        path.write_bytes(data)
        assert library.cache_fault() == "damaged"
    path.write_bytes(sound)
    assert library.cache_fault() == ""
