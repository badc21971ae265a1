"""Vectors -> nearest vectors: the FAISS index, a disposable cache built from the store.

The only importer of faiss. Knows ids and unit vectors. Does not know passages, papers or SQL.

Few vectors are searched exactly. Of many, most stand in a trained index, mapped from its file, with one byte a
dimension, whose best are weighed again by their full vectors; those that came later stand beside it and are searched
exactly, and those that went since are passed over.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from assistant.errors import LibraryError
from assistant.index.files import put, sha256_of, stamp

_types: Any = faiss  # its own stubs lack the parameters' fields
EXACT_BELOW = 50_000
"""Vectors; from here on the index is approximate."""
LIST_FACTOR = 2
"""Lists of the trained index: LIST_FACTOR * sqrt(n). The FAISS wiki advises 4 to 16; training costs the square."""
TRAIN_PER_LIST = 40
"""Vectors a list is trained on; FAISS warns below 39."""
RECALL = 0.998
"""Of the true 10 nearest that a search finds, measured on vectors of the library; PROBES are tried until it is met.
Real questions get less: 0.99 of a million's nearest, at 160 lists (benchmarks/scale.py)."""
PROBES = (8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 160, 192, 256, 320, 384, 512, 1024)
"""Lists looked at for a query."""
PROBED = 300
"""Vectors that the recall is measured on."""
QUERY_NOISE = 2.0
"""Length of the noise added to them. A question lies further from its passages than these from each other, and needs
more lists: with 2.0 the vectors of 100,000 need as many as SciFact's training claims do, with 1.0 half as many."""
DEPTH = 10
"""Nearest that the recall is measured at."""
WEIGHED_AGAIN = 2
"""Candidates weighed again by their full vectors for each one asked for."""
BLOCK = 50_000
"""Vectors handled at once in building: 77 MB as float32."""
PART = 8_192
"""Vectors of the last exactly searched part; a full one is let be, so that adding copies little."""
SEED = 0
Fetch = Callable[[Sequence[int]], tuple[NDArray[np.int64], NDArray[np.float16]]]
"""Ids -> those that exist and their vectors, row for row."""
NO_IDS: NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a trained index is searched, and what that reached on `queries` vectors of the library when it was built:
    the share (0..1) of the true DEPTH nearest found."""

    probes: int
    recall: float
    queries: int


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained index: inverted lists with one byte a dimension (Jégou et al. 2011), and the file it is mapped from."""

    lists: Any
    tuning: Tuning
    fetch: Fetch
    path: Path | None = None
    stamp: tuple[int, int, int] | None = None

    def search(
        self, query: NDArray[np.float32], k: int, selector: Any, share: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """About the k nearest of those that `selector` lets pass, a `share` (0..1) of all: the fewer pass, the more
        lists are looked at."""
        probes = min(self.lists.nlist, math.ceil(self.tuning.probes / max(share, 1e-9)))
        parameters = _types.SearchParametersIVF(nprobe=probes, sel=selector)
        found = self.lists.search(_row(query), WEIGHED_AGAIN * k, params=parameters)[1][0]
        ids, matrix = self.fetch(found[found >= 0].tolist())
        return ids, matrix.astype(np.float32) @ query


class Index:
    """Vectors searched by inner product (the cosine, for unit vectors). Not changed once built."""

    def __init__(
        self, parts: Sequence[Any] = (), *, trained: Trained | None = None, barred: NDArray[np.int64] = NO_IDS
    ) -> None:
        """`parts` are searched exactly beside `trained`; the ids `barred` are passed over."""
        self._parts = tuple(parts)
        self._trained = trained
        self._barred = barred
        self._pass = _selector(barred, inverted=True) if len(barred) else None

    def __len__(self) -> int:
        """Vectors held; those barred are among them."""
        return sum(int(part.ntotal) for part in self._parts) + (self._trained.lists.ntotal if self._trained else 0)

    @property
    def exact(self) -> bool:
        """Whether every vector is looked at."""
        return self._trained is None

    @property
    def tuning(self) -> Tuning | None:
        return self._trained.tuning if self._trained else None

    @property
    def sound(self) -> bool:
        """Whether the file that the index is mapped from is still as it was."""
        trained = self._trained
        return trained is None or trained.path is None or stamp(trained.path) == trained.stamp

    @property
    def dimension(self) -> int:
        """Of the vectors; 0 where there are none."""
        held = [*self._parts, *([self._trained.lists] if self._trained else [])]
        return int(held[0].d) if held else 0

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and cosines of the `k` nearest to the unit vector `query` (d,), best first, equal ones by ascending id;
        fewer where there are fewer. `allowed` limits them to those ids. LibraryError for a query of another d."""
        self._check(query)
        if k < 1 or not len(self) or (allowed is not None and not len(allowed)):
            return NO_IDS, np.empty(0, dtype=np.float32)
        selector, share = self._pass, 1.0
        if allowed is not None:
            wanted = np.setdiff1d(allowed, self._barred) if len(self._barred) else allowed
            selector, share = _selector(wanted), len(wanted) / len(self)
        parameters = None if selector is None else _types.SearchParameters(sel=selector)
        found = [_nearest(part, query, k, parameters) for part in self._parts]
        if self._trained:
            found.append(self._trained.search(query, k, selector, share))
        ids, cosines = (np.concatenate(values) for values in zip(*found, strict=True))
        order = np.lexsort((ids, -cosines))[:k]
        return ids[order], cosines[order]

    def cosines(self, query: NDArray[np.float32], ids: Sequence[int]) -> NDArray[np.float32]:
        """Cosine of `query` with each of `ids`, in their order; 0 for an id without a vector."""
        self._check(query)
        wanted = np.asarray(ids, dtype=np.int64)
        parameters = _types.SearchParameters(sel=_selector(np.unique(wanted)))
        known: dict[int, float] = {}
        for part in self._parts if len(wanted) else ():
            found, values = _nearest(part, query, len(wanted), parameters)
            known.update(zip(found.tolist(), values.tolist(), strict=True))
        if self._trained and (rest := [int(i) for i in wanted if int(i) not in known]):
            found, matrix = self._trained.fetch(rest)
            known.update(zip(found.tolist(), (matrix.astype(np.float32) @ query).tolist(), strict=True))
        return np.array([known.get(int(i), 0.0) for i in wanted], dtype=np.float32)

    def extended(
        self, ids: NDArray[np.int64], vectors: NDArray[np.float16], barred: NDArray[np.int64] = NO_IDS
    ) -> Index:
        """The index with these as well, searched exactly, and without the `barred`; this one stays as it is."""
        parts = self._parts
        if len(ids):
            grown = parts and parts[-1].ntotal + len(ids) <= PART
            part = faiss.clone_index(parts[-1]) if grown else _exact(vectors.shape[1], len(ids))
            _add(part, ids, vectors)
            parts = (*(parts[:-1] if grown else parts), part)
        return Index(parts, trained=self._trained, barred=barred)

    def _check(self, query: NDArray[np.float32]) -> None:
        if self.dimension not in (0, len(query)):
            raise LibraryError(
                f"the library's vectors have {self.dimension} dimensions, the question's {len(query)}: they are of "
                "different embedding models; leave --embedder out, or run `assistant reembed --embedder NAME`"
            )


def _nearest(
    part: Any, query: NDArray[np.float32], k: int, parameters: Any
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    cosines, ids = part.search(_row(query), min(k, part.ntotal), params=parameters)
    found = ids[0] >= 0
    return ids[0][found], cosines[0][found]


def _selector(ids: NDArray[np.int64], *, inverted: bool = False) -> Any:
    """What lets these ids pass, or all but these. One bit for each id up to the greatest: looked up in no time."""
    bits = np.zeros(int(ids.max(initial=0)) // 8 * 8 + 8, dtype=bool)
    bits[ids] = True
    selector = _types.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
    return _types.IDSelectorNot(selector) if inverted else selector


def _exact(dimension: int, n: int) -> Any:
    """Room for `n` vectors to be searched exactly, with two bytes a dimension (as the store) where they are many."""
    if n < EXACT_BELOW:
        return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
    half = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap2(half)


def _add(part: Any, ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
    for start in range(0, len(ids), BLOCK):
        rows = np.ascontiguousarray(vectors[start : start + BLOCK], dtype=np.float32)
        part.add_with_ids(rows, np.ascontiguousarray(ids[start : start + BLOCK], dtype=np.int64))


def exact(ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> Index:
    """The index of `vectors` (n, d), of length 1, under `ids` (n,), distinct and not negative; every one looked at."""
    part = _exact(vectors.shape[1], len(ids))
    _add(part, ids, vectors)
    return Index([part])


def build(ids: NDArray[np.int64], vectors: NDArray[np.float16], fetch: Fetch | None = None) -> Index:
    """As `exact` below EXACT_BELOW vectors; from there on trained and tuned. `fetch` gives full vectors by id, by
    default from `vectors`; ids ascend then."""
    n, d = vectors.shape
    if n < EXACT_BELOW:
        return exact(ids, vectors)
    lists = int(LIST_FACTOR * n**0.5)
    trained = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(d), d, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    sample = np.random.default_rng(SEED).choice(n, min(n, lists * TRAIN_PER_LIST), replace=False)
    trained.train(np.ascontiguousarray(vectors[np.sort(sample)], dtype=np.float32))
    _add(trained, ids, vectors)
    fetch = fetch or _fetch_from(ids, vectors)
    return Index(trained=Trained(trained, _tuned(trained, ids, vectors, fetch), fetch))


def _fetch_from(ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> Fetch:
    def fetch(wanted: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        asked = np.asarray(wanted, dtype=np.int64)
        asked = asked[np.isin(asked, ids)]
        return asked, vectors[np.searchsorted(ids, asked)]

    return fetch


def _tuned(lists: Any, ids: NDArray[np.int64], vectors: NDArray[np.float16], fetch: Fetch) -> Tuning:
    """The least of PROBES that reaches RECALL on PROBED of the vectors, moved by noise; else the last of them."""
    draw = np.random.default_rng(SEED)
    asked = draw.choice(len(ids), min(PROBED, len(ids)), replace=False)
    queries = vectors[asked].astype(np.float32)
    queries += QUERY_NOISE / queries.shape[1] ** 0.5 * draw.standard_normal(queries.shape, dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    true = ids[_true_nearest(queries, vectors)]
    tuning = Tuning(0, 0.0, len(asked))
    for probes in PROBES:
        tried = Trained(lists, Tuning(probes, 0.0, len(asked)), fetch)
        tuning = Tuning(probes, _recall(tried, queries, true), len(asked))
        if tuning.recall >= RECALL or probes >= lists.nlist:
            break
    return tuning


def _recall(trained: Trained, queries: NDArray[np.float32], true: NDArray[np.int64]) -> float:
    """Mean share of the true nearest (n, DEPTH) that the index finds."""
    shares = []
    for query, wanted in zip(queries, true, strict=True):
        found, cosines = trained.search(query, DEPTH, None, 1.0)
        shares.append(np.isin(wanted, found[np.argsort(-cosines)][:DEPTH]).mean())
    return float(np.mean(shares))


def _true_nearest(queries: NDArray[np.float32], vectors: NDArray[np.float16]) -> NDArray[np.int64]:
    """Rows of the DEPTH nearest `vectors` of each query: (n, DEPTH)."""
    best, where = np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
    for start in range(0, len(vectors), BLOCK):
        rows = vectors[start : start + BLOCK].astype(np.float32)
        cosines, found = faiss.knn(queries, rows, min(DEPTH, len(rows)), metric=faiss.METRIC_INNER_PRODUCT)
        best, where = np.hstack([best, cosines]), np.hstack([where, found + start])
        kept = np.argsort(-best, axis=1, kind="stable")[:, :DEPTH]
        best, where = np.take_along_axis(best, kept, 1), np.take_along_axis(where, kept, 1)
    return where


def write(index: Index, path: Path) -> str:
    """Put the index, which has but one part, at `path` whole or not at all, durably; return the SHA-256 of the file.
    OSError where it fails."""
    inner = index._trained.lists if index._trained else index._parts[0]
    put(path, lambda file: faiss.write_index(inner, _types.PyCallbackIOWriter(file.write)))
    return sha256_of(path)


def read(path: Path, sha256: str, tuning: Tuning | None = None, fetch: Fetch | None = None) -> Index:
    """The index at `path`, after its bytes have that SHA-256: a trained one, which `tuning` and `fetch` go with, is
    mapped, any other read. Raises LibraryError when damaged or missing."""
    try:
        before = stamp(path)
        data = path.read_bytes() if tuning is None else b""
        if (hashlib.sha256(data).hexdigest() if data else sha256_of(path)) != sha256:
            raise LibraryError(f"the search index {path} is damaged; run `assistant doctor --fix` to build it again")
        if tuning is None or fetch is None:
            return Index([faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))])
        return Index(trained=Trained(_mapped(path), tuning, fetch, path, before))
    except (OSError, RuntimeError) as error:  # the latter is FAISS's for a file it cannot open
        raise LibraryError(f"the search index {path} cannot be read ({error}); run `assistant doctor --fix`") from error


def _mapped(path: Path) -> Any:
    """FAISS maps files on POSIX systems only."""
    if os.name == "nt":
        return faiss.read_index(str(path))
    lists = _types.read_index(str(path), faiss.IO_FLAG_MMAP)
    # Else each search starts 32 threads that touch the pages beforehand.
    _types.downcast_InvertedLists(lists.invlists).prefetch_nthread = 0
    return lists


def _row(query: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1)
