"""Vectors -> nearest vectors: the FAISS index, a disposable cache built from the store.

The only importer of faiss. Knows ids and unit vectors. Does not know passages, papers or SQL.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from assistant.errors import LibraryError

_types: Any = faiss  # its own stubs lack the parameters' fields
EXACT_BELOW = 50_000
"""Vectors; from here on the index is approximate."""
LIST_FACTOR = 4
"""Lists of the approximate index: LIST_FACTOR * sqrt(n), as the FAISS wiki advises (guidelines to choose an index)."""
TRAIN_PER_LIST = 40
"""Vectors a list is trained on; FAISS warns below 39."""
PROBES = 32
"""Lists looked at for a query: recall@10 0.993 and 0.3 ms at 100,000 vectors."""


class Index:
    """Vectors in memory, searched by inner product (the cosine, for unit vectors). Not changed once built."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def exact(self) -> bool:
        """Whether every vector is looked at."""
        return isinstance(self._index, _types.IndexIDMap)

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and cosines of the `k` nearest to the unit vector `query` (d,), best first, equal ones by ascending id;
        fewer where there are fewer. `allowed` limits them to those ids."""
        if k < 1 or not len(self) or (allowed is not None and not len(allowed)):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        cosines, ids = self._index.search(_row(query), min(k, len(self)), params=self._parameters(allowed))
        found = ids[0] >= 0
        ids, cosines = ids[0][found], cosines[0][found]
        order = np.lexsort((ids, -cosines))
        return ids[order], cosines[order]

    def cosines(self, query: NDArray[np.float32], ids: Sequence[int]) -> NDArray[np.float32]:
        """Cosine of `query` with each of `ids`, in their order; 0 for an id without a vector."""
        wanted = np.asarray(ids, dtype=np.int64)
        found, values = self.search(query, len(wanted), np.unique(wanted)) if len(wanted) else ((), ())
        known = dict(zip(map(int, found), map(float, values), strict=True))
        return np.array([known.get(int(i), 0.0) for i in wanted], dtype=np.float32)

    def _parameters(self, allowed: NDArray[np.int64] | None) -> Any:
        """A filter looks at every list: few of the allowed may lie in the nearest ones."""
        selector = None if allowed is None else faiss.IDSelectorBatch(np.ascontiguousarray(allowed, dtype=np.int64))
        if not self.exact:
            probes = PROBES if selector is None else self._index.nlist
            return _types.SearchParametersIVF(nprobe=min(probes, self._index.nlist), sel=selector)
        return None if selector is None else _types.SearchParameters(sel=selector)


def build(ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> Index:
    """The index of `vectors` (n, d), L2-normalised, under `ids` (n,), which are distinct and not negative.

    Exact below EXACT_BELOW vectors; above it inverted lists with one byte a dimension (Jégou et al. 2011).
    """
    n, d = vectors.shape
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(d)) if n < EXACT_BELOW else _trained(rows)
    if n:
        index.add_with_ids(rows, np.ascontiguousarray(ids, dtype=np.int64))
    return Index(index)


def _trained(rows: NDArray[np.float32]) -> Any:
    n, d = rows.shape
    lists = int(LIST_FACTOR * n**0.5)
    quantizer = faiss.IndexFlatIP(d)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, d, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    sample = np.random.default_rng(0).choice(n, min(n, lists * TRAIN_PER_LIST), replace=False)
    index.train(rows[np.sort(sample)])
    return index


def write(index: Index, path: Path) -> str:
    """Put the index at `path` whole or not at all, durably; return the SHA-256 of the file. OSError where it fails."""
    data = faiss.serialize_index(index._index).tobytes()
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return hashlib.sha256(data).hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make the new name durable. Windows cannot open a folder and needs no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path, sha256: str) -> Index:
    """The index at `path`, after its bytes have that SHA-256. Raises LibraryError when damaged or missing."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LibraryError(
            f"the search index {path} cannot be read ({error.strerror}); run `assistant doctor --fix`"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise LibraryError(f"the search index {path} is damaged; run `assistant doctor --fix` to build it again")
    return Index(faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8)))


def _row(query: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1)
