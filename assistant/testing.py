"""Doubles for tests, shipped for those who build on the assistant: no model, no network, no files of their own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class HashEmbedder:
    """Texts -> unit vectors by hashing their words: deterministic, and near where texts share words.

    Each word (lower case, a plural's s dropped) adds one signed unit; a text without words is the first axis.
    Tokens are words.
    """

    def __init__(self, dimension: int = 256) -> None:
        self.id = f"hash-{dimension}@1"
        self.dimension = dimension
        self.max_tokens = 256

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in self._words(text)[: self.max_tokens]:
                digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
                row[digest % self.dimension] += 1.0 if digest >> 63 else -1.0
            if not row.any():
                row[0] = 1.0
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / lengths, dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(self._words(text)) for text in texts]

    def _words(self, text: str) -> list[str]:
        return [re.sub(r"(?<=\w\w)s$", "", word) for word in re.findall(r"\w+", text.lower())]
