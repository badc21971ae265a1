"""A trained ranker at answer time: a question and passages -> how relevant each is.

The built-in adapter, one of `assistant finetune --task evidence`, or any sentence-transformers cross-encoder by name.
Knows adapters and encoders; no search.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.finetune import adapters
from assistant.finetune.adapters import DESCRIPTION, Adapter
from assistant.finetune.verifier import Scorer, load_scorer

Floats = NDArray[np.float32]


class Reranker(Protocol):
    """What reads a question with each of some texts. `id` names model and weights."""

    id: str

    def score_pairs(self, query: str, texts: Sequence[str]) -> Floats:
        """(n,) how relevant each text is, higher is more."""
        ...


class AdapterReranker:
    """An adapter for evidence. Its scores are log odds, uncalibrated."""

    def __init__(self, adapter: Adapter, scorer: Scorer) -> None:
        self.id = f"{adapter.name}@{adapters.folder_hash(adapter.folder)[:12]}"
        self._scorer = scorer

    def score_pairs(self, query: str, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros(0, dtype=np.float32)
        return relevance(self._scorer.logits([(query, text) for text in texts]))


def relevance(logits: NDArray[np.floating]) -> Floats:
    """(n, 3) logits, in the order of `data.LABELS` -> (n,) log odds, as `ranker.log_odds`."""
    return np.asarray(np.logaddexp(logits[:, 0], logits[:, 1]) - logits[:, 2], dtype=np.float32)


def load_reranker(name: str = "", *, device: str = "auto") -> Reranker:
    """The reranker of that name: "" is the built-in one; a folder or a name on the shelf that is an adapter; else any
    cross-encoder. Raises ModelError for one that is missing, damaged, unsafe or of another task."""
    if not name or name == adapters.BUILT_IN or is_adapter(name):
        found = adapters.find_adapter(name or adapters.BUILT_IN, adapters.EVIDENCE)
        return AdapterReranker(found, load_scorer(found, device=device))
    from assistant.encoders import load_cross_encoder

    return load_cross_encoder(name, device=device)


def is_adapter(name: str) -> bool:
    """Whether a name is that of an adapter, be it of another task."""
    return any((folder / DESCRIPTION).is_file() for folder in (Path(name).expanduser(), adapters.shelf() / name))
