"""The verifier as a langchain-core Runnable, for chains that want one. Knows no search and no papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from assistant.errors import UsageError
from assistant.judging import LABELS
from assistant.verification import Verifier

ClaimAndEvidence = Mapping[str, Any]
"""{"claim": str, "evidence": str or list of str, joined by a space}."""
Judged = dict[str, Any]
"""{"label", "probabilities": {label: 0..1}, "calibrated", "verifier"}."""


class VerifierRunnable(Runnable[ClaimAndEvidence, Judged]):
    """`invoke({"claim", "evidence"})` gives the likeliest label and the probabilities; `batch` scores all at once.

    Raises UsageError for an input without claim or evidence.
    """

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def invoke(self, input: ClaimAndEvidence, config: RunnableConfig | None = None, **kwargs: Any) -> Judged:  # noqa: A002
        return self._call_with_config(lambda one: self._judge([one])[0], input, config, **kwargs)

    def batch(
        self,
        inputs: Sequence[ClaimAndEvidence],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any | None,
    ) -> list[Judged]:
        return self._judge(inputs)

    def _judge(self, inputs: Sequence[ClaimAndEvidence]) -> list[Judged]:
        rows = self._verifier.probabilities([_pair(one) for one in inputs])
        return [self._judged([float(p) for p in row]) for row in rows]

    def _judged(self, row: Sequence[float]) -> Judged:
        return {
            "label": str(LABELS[max(range(len(LABELS)), key=lambda i: row[i])]),
            "probabilities": {str(label): p for label, p in zip(LABELS, row, strict=True)},
            "calibrated": self._verifier.calibrated,
            "verifier": self._verifier.id,
        }


def _pair(one: ClaimAndEvidence) -> tuple[str, str]:
    claim, evidence = one.get("claim"), one.get("evidence")
    if isinstance(evidence, list | tuple) and all(isinstance(part, str) for part in evidence):
        evidence = " ".join(evidence)
    if not isinstance(claim, str) or not isinstance(evidence, str) or not claim.strip() or not evidence.strip():
        raise UsageError('the input needs words in both: {"claim": "...", "evidence": "..." or ["...", "..."]}')
    return claim, evidence
