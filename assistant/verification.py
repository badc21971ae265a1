"""What reasoning and claims need of a trained verifier; they know no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Verifier(Protocol):
    """Judges whether evidence supports a claim. `assistant.finetune.load_verifier` gives one."""

    @property
    def id(self) -> str:
        """Names adapter and base."""
        ...

    @property
    def calibrated(self) -> bool:
        """Whether the probabilities were fitted on rows that were not trained on."""
        ...

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """(n, 3) of (claim, evidence) pairs, rows sum to 1: SUPPORTS, REFUTES, NOT_ENOUGH_INFO."""
        ...
