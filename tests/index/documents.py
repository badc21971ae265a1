"""Documents, passages and vectors made up for tests of the store."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.index.geometry import pack
from assistant.types import Block, Document, Page, Passage, Role, Span


def make_document(*texts: str, title: str = "A title", flags: tuple[str, ...] = ()) -> Document:
    """One page per text, each text one body block, each character in a box of its own."""
    pages = tuple(
        Page(n, f"p{n}", 600, 800, t, (Block(Role.BODY, 0, len(t), "Results"),), pack(_row(len(t))))
        for n, t in enumerate(texts, 1)
    )
    return Document(pages, title, ("Ann Author",), 2020, "10.5555/x", flags)


def make_passages(document: Document, paper_id: str) -> list[Passage]:
    """One passage per page."""
    return [Passage(paper_id, p.text, (Span(p.number, 0, len(p.text)),), "Results") for p in document.pages]


def make_vectors(n: int, dimension: int = 8, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _row(n: int) -> NDArray[np.float64]:
    x = 10.0 * np.arange(n)
    return np.stack([x, np.full(n, 100.0), x + 9, np.full(n, 110.0)], axis=1)
