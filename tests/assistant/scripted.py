"""A verifier that goes by one word, for tests of what is made of its probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SAYS = {
    "raise": (0.9, 0.05, 0.05),
    "increased": (0.9, 0.05, 0.05),
    "lower": (0.05, 0.9, 0.05),
    "decreased": (0.05, 0.9, 0.05),
}


class Scripted:
    """SUPPORTS for evidence with "raise" or "increased", REFUTES with "lower" or "decreased" (less surely with
    "somewhat"), else neither. A claim that goes down itself turns the two round."""

    id = "scripted"

    def __init__(self, *, calibrated: bool = True) -> None:
        self.calibrated = calibrated
        self.scored = 0

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.scored += len(pairs)
        return np.array([_row(*pair) for pair in pairs], dtype=np.float32).reshape(-1, 3)


def _row(claim: str, evidence: str) -> tuple[float, float, float]:
    row = next((row for word, row in SAYS.items() if word in evidence), (0.1, 0.1, 0.8))
    if "somewhat" in evidence:
        row = (row[0] * 0.8, row[1] * 0.8, 1 - 0.8 * (row[0] + row[1]))
    down = "lower" in claim or "decreased" in claim
    return (row[1], row[0], row[2]) if down else row
