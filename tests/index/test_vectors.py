"""The vector index: exact or approximate, filtered, put on disk whole, and any damage noticed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.errors import LibraryError
from assistant.index import vectors
from assistant.index.files import sha256_of

DIMENSION = 16


def clustered(n: int, seed: int = 0) -> NDArray[np.float16]:
    """Unit vectors around 20 centres: neighbours mean something, as in text."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(20, DIMENSION))[random.integers(0, 20, n)] + 0.3 * random.normal(size=(n, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def ids(n: int) -> NDArray[np.int64]:
    return np.arange(n, dtype=np.int64) * 3 + 7


def fetch_from(known: NDArray[np.int64], rows: NDArray[np.float16]) -> vectors.Fetch:
    """What the store does."""

    def fetch(wanted: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        there = [i for i in wanted if i in known]
        return np.array(there, dtype=np.int64), rows[np.searchsorted(known, there)]

    return fetch


def query(rows: NDArray[np.float16], n: int) -> NDArray[np.float32]:
    return rows[n].astype(np.float32)


def test_exact_search_agrees_with_the_matrix_product() -> None:
    rows = clustered(500)
    index = vectors.build(ids(500), rows)
    assert index.exact
    assert len(index) == 500
    products = rows.astype(np.float32) @ query(rows, 42)
    found, cosines = index.search(query(rows, 42), 10)
    assert found.tolist() == ids(500)[np.argsort(-products, kind="stable")[:10]].tolist()
    assert np.allclose(cosines, np.sort(products)[::-1][:10], atol=1e-6)


def test_equal_vectors_come_by_id() -> None:
    rows = np.repeat(clustered(1), 5, axis=0)
    found, _ = vectors.build(np.array([9, 3, 7, 1, 5]), rows).search(query(rows, 0), 5)
    assert found.tolist() == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("above", [False, True])
def test_filters(above: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 1 if above else 10_000)
    rows = clustered(400)
    index = vectors.build(ids(400), rows)
    assert index.exact is not above
    allowed = ids(400)[[5, 17, 300]]
    assert sorted(index.search(query(rows, 0), 10, allowed)[0].tolist()) == allowed.tolist()
    assert index.search(query(rows, 0), 10, allowed[:0])[0].size == 0
    assert index.search(query(rows, 0), 10, np.array([1]))[0].size == 0


def test_approximate_search_finds_nearly_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clustered(4000)
    exact = vectors.build(ids(4000), rows)
    monkeypatch.setattr(vectors, "EXACT_BELOW", 4000)
    near = vectors.build(ids(4000), rows)
    assert not near.exact
    shared = [
        len(set(exact.search(query(rows, n), 10)[0]) & set(near.search(query(rows, n), 10)[0])) for n in range(50)
    ]
    assert np.mean(shared) > 9


def test_building_twice_gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 1)
    rows = clustered(1000)
    first, second = (vectors.build(ids(1000), rows).search(query(rows, 3), 20) for _ in range(2))
    assert first[0].tolist() == second[0].tolist()


def test_cosines_in_the_order_asked() -> None:
    rows = clustered(50)
    index = vectors.build(ids(50), rows)
    wanted = [int(ids(50)[30]), 1, int(ids(50)[2]), int(ids(50)[30])]
    products = rows.astype(np.float32) @ query(rows, 2)
    assert np.allclose(index.cosines(query(rows, 2), wanted), [products[30], 0, products[2], products[30]], atol=1e-6)
    assert index.cosines(query(rows, 2), []).shape == (0,)


def test_empty_index(tmp_path: Path) -> None:
    index = vectors.build(ids(0), clustered(0))
    assert index.search(query(clustered(1), 0), 5)[0].size == 0
    sha256 = vectors.write(index, tmp_path / "index")
    assert len(vectors.read(tmp_path / "index", sha256)) == 0


@pytest.mark.parametrize("k", [0, -1])
def test_nothing_asked_for(k: int) -> None:
    assert vectors.build(ids(3), clustered(3)).search(query(clustered(3), 0), k)[0].size == 0


@pytest.mark.parametrize("above", [False, True])
def test_read_gives_what_was_written(above: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 1 if above else 10_000)
    rows = clustered(300)
    index = vectors.build(ids(300), rows)
    sha256 = vectors.write(index, tmp_path / "index")
    again = vectors.read(tmp_path / "index", sha256, index.tuning, fetch_from(ids(300), rows))
    assert again.exact is index.exact
    assert again.sound
    assert again.search(query(rows, 1), 7)[0].tolist() == index.search(query(rows, 1), 7)[0].tolist()
    assert [p.name for p in tmp_path.iterdir()] == ["index"]


def flips_found(path: Path, sha256: str, count: int) -> int:
    """Single random bit flips of the file that both the SHA-256 and `read` notice; the file is restored."""
    data = path.read_bytes()
    found = 0
    for bit in np.random.default_rng(0).choice(len(data) * 8, count, replace=False):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        try:
            vectors.read(path, sha256)
        except LibraryError:
            found += sha256_of(path) != sha256
    path.write_bytes(data)
    return found


@pytest.mark.parametrize("count", [30, pytest.param(300, marks=pytest.mark.soak)])
def test_every_bit_flip_is_noticed(count: int, tmp_path: Path) -> None:
    sha256 = vectors.write(vectors.build(ids(200), clustered(200)), tmp_path / "index")
    assert flips_found(tmp_path / "index", sha256, count) == count
    assert sha256_of(tmp_path / "index") == sha256


def test_missing_and_cut_files_are_library_errors(tmp_path: Path) -> None:
    sha256 = vectors.write(vectors.build(ids(20), clustered(20)), tmp_path / "index")
    with pytest.raises(LibraryError, match="doctor --fix"):
        vectors.read(tmp_path / "none", sha256)
    (tmp_path / "index").write_bytes((tmp_path / "index").read_bytes()[:100])
    with pytest.raises(LibraryError, match="damaged"):
        vectors.read(tmp_path / "index", sha256)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = vectors.write(vectors.build(ids(20), clustered(20)), tmp_path / "index")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        vectors.write(vectors.build(ids(30), clustered(30)), tmp_path / "index")
    assert sha256_of(tmp_path / "index") == sha256
    assert [p.name for p in tmp_path.iterdir()] == ["index"]


def test_what_comes_later_is_searched_exactly_beside_and_what_went_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 1)
    rows, new = clustered(600), clustered(40, seed=5)
    index = vectors.build(ids(600), rows)
    monkeypatch.setattr(vectors, "EXACT_BELOW", 10_000)
    fresh = np.arange(40, dtype=np.int64) + 10_000
    grown = index.extended(fresh[:30], new[:30]).extended(fresh[30:], new[30:], barred=ids(600)[:200])
    assert (len(index), len(grown)) == (600, 640)
    assert grown.search(query(new, 35), 1)[0].tolist() == [10_035]
    found = {int(i) for n in range(20) for i in grown.search(query(rows, n), 10)[0]}
    assert not found.intersection(ids(600)[:200].tolist())
    assert found.intersection(ids(600)[200:].tolist())
    allowed = np.array([ids(600)[3], ids(600)[300], 10_002])
    assert sorted(grown.search(query(rows, 3), 10, allowed)[0].tolist()) == [ids(600)[300], 10_002]
    assert grown.cosines(query(new, 35), [10_035, int(ids(600)[300])])[0] == pytest.approx(1, abs=1e-3)


def test_the_recall_measured_is_kept_with_what_reached_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 1)
    tuning = vectors.build(ids(3000), clustered(3000)).tuning
    assert tuning is not None
    assert tuning.recall >= vectors.RECALL or tuning.probes == vectors.PROBES[-1]
    assert tuning.queries == vectors.PROBED
    assert vectors.exact(ids(30), clustered(30)).tuning is None


def test_a_mapped_file_that_is_written_to_is_no_longer_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 1)
    rows = clustered(300)
    built = vectors.build(ids(300), rows)
    sha256 = vectors.write(built, tmp_path / "index")
    index = vectors.read(tmp_path / "index", sha256, built.tuning, fetch_from(ids(300), rows))
    assert index.sound
    (tmp_path / "index").write_bytes(b"something else")
    assert not index.sound
    with pytest.raises(LibraryError, match="damaged"):
        vectors.read(tmp_path / "index", sha256, built.tuning, fetch_from(ids(300), rows))


def test_a_query_of_another_dimension_is_refused_with_what_to_do() -> None:
    index = vectors.exact(ids(20), clustered(20))
    for search in (lambda q: index.search(q, 3), lambda q: index.cosines(q, [7])):
        with pytest.raises(LibraryError, match="reembed"):
            search(np.ones(DIMENSION + 1, dtype=np.float32))
