"""What a model that reasons over evidence is shown and what it writes: one JSON object, its reading, its checks.

A step names its evidence first, quotes from it, and only then infers. Pure: knows no model, no file and no library.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.types import Label, StepKind

TYPES = (
    StepKind.OBSERVATION, StepKind.COMPARISON, StepKind.CAUSAL, StepKind.QUANTITATIVE, StepKind.CAVEAT,
    StepKind.CONCLUSION,
)  # fmt: skip
"""What a step may be."""
INSTRUCTION = (
    "Answer from the numbered evidence alone. Write one JSON object: "
    '{"steps": [{"evidence": [numbers], "quote": "words copied from that evidence", "inference": "what follows", '
    '"type": "observation, comparison, causal, quantitative, caveat or conclusion"}], '
    '"conclusion": "what follows from the steps", "label": "SUPPORTS, REFUTES or NOT_ENOUGH_INFO for a claim, '
    'null for a question"}. Where the evidence does not decide, leave steps empty.'
)
LEFT_OPEN = Label.NOT_ENOUGH_INFO
"""The one label that needs no steps."""


class BadChain(ValueError):
    """What was written is no chain of steps; `kind` is one of FAULTS, the message says what and where in it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


FAULTS = ("no JSON", "wrong shape", "no steps", "unknown evidence", "invented quote")


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `evidence` are numbers from 1, as the evidence is shown; `quote` is a part of it, verbatim."""

    evidence: tuple[int, ...]
    quote: str
    inference: str
    type: StepKind


@dataclass(frozen=True, slots=True)
class Chain:
    """All that is written for one question. `label` is for claims; None for questions."""

    steps: tuple[Step, ...]
    conclusion: str
    label: Label | None = None


def prompt(question: str, evidence: Sequence[str]) -> str:
    """What the model is shown, as one turn of the user: evidence, then the question, as later ones share the former."""
    numbered = "\n".join(f"[{n}] {text}" for n, text in enumerate(evidence, start=1))
    return f"{INSTRUCTION}\n\nEvidence:\n{numbered}\n\nQuestion: {question}"


def write_chain(chain: Chain) -> str:
    """The JSON a model learns to write: one line, keys in the order in which they are to be thought of."""
    steps = [
        {"evidence": list(s.evidence), "quote": s.quote, "inference": s.inference, "type": str(s.type)}
        for s in chain.steps
    ]
    label = None if chain.label is None else str(chain.label)
    return json.dumps({"steps": steps, "conclusion": chain.conclusion, "label": label}, ensure_ascii=False)


def read_chain(text: str, evidence: Sequence[str]) -> Chain:
    """The chain of a reply to this evidence. BadChain for the first thing that is wrong with it."""
    try:
        raw = json.loads(text.strip())
    except (ValueError, RecursionError) as error:
        raise BadChain("no JSON", f"is no JSON ({error})") from error
    if not isinstance(raw, dict):
        raise BadChain("wrong shape", "is no JSON object")
    return make_chain(raw.get("steps"), raw.get("conclusion"), _label(raw.get("label")), evidence)


def make_chain(steps: object, conclusion: object, label: Label | None, evidence: Sequence[str]) -> Chain:
    """A chain from parsed JSON; every number named is there and every quote is in what it names. BadChain if not."""
    if not isinstance(steps, list):
        raise BadChain("wrong shape", "has no steps (a list)")
    if not steps and label is not LEFT_OPEN:
        raise BadChain("no steps", f"has no steps; only {LEFT_OPEN} may go without")
    made = tuple(_step(step, n, evidence) for n, step in enumerate(steps, start=1))
    return Chain(made, _text(conclusion, "conclusion", "the row"), label)


def _step(raw: object, number: int, evidence: Sequence[str]) -> Step:
    where = f"step {number}"
    if not isinstance(raw, dict):
        raise BadChain("wrong shape", f"{where} is no JSON object")
    ids = _ids(raw.get("evidence"), where, len(evidence))
    quote, inference = _text(raw.get("quote"), "quote", where), _text(raw.get("inference"), "inference", where)
    if not any(quote in plain(evidence[i - 1]) for i in ids):
        raise BadChain("invented quote", f"{where} quotes {quote[:60]!r}, which is not in its evidence {list(ids)}")
    if raw.get("type") not in TYPES:
        raise BadChain("wrong shape", f"{where} has the type {raw.get('type')!r}; choose one of {', '.join(TYPES)}")
    return Step(ids, quote, inference, StepKind(raw["type"]))


def _ids(raw: object, where: str, count: int) -> tuple[int, ...]:
    if not isinstance(raw, list) or not raw or any(isinstance(i, bool) or not isinstance(i, int) for i in raw):
        raise BadChain("wrong shape", f"{where} names no evidence (a list of numbers)")
    if unknown := [i for i in raw if not 1 <= i <= count]:
        raise BadChain("unknown evidence", f"{where} names evidence {unknown[0]}; there are 1 to {count}")
    return tuple(dict.fromkeys(raw))


def _text(raw: object, name: str, where: str) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise BadChain("wrong shape", f"{where} has no {name}")
    return plain(raw)


def _label(raw: Any) -> Label | None:
    if raw is None:
        return None
    if raw not in Label.__members__:
        raise BadChain("wrong shape", f"has the label {raw!r}; choose one of {', '.join(Label)}, or null")
    return Label(raw)


def plain(text: str) -> str:
    """Text with single spaces, as evidence and quotes are compared."""
    return " ".join(text.split())
