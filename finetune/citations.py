"""How well a model reasons: format, citations, labels of what it wrote. Pure but for the judge it is given.

Citation recall and precision follow Gao et al. 2023 (arXiv:2305.14627): a step is supported where its evidence together
entails it; a citation is needed where it entails the step alone, or the others no longer do without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.finetune.data import LABELS
from assistant.finetune.reasoning_data import Example
from assistant.finetune.reasoning_format import FAULTS, BadChain, Chain, Step, read_chain
from assistant.types import Label

Judge = Callable[[Sequence[tuple[str, str]]], Any]
"""(claim, evidence) pairs -> (n, 3) probabilities in the order of `data.LABELS`: `Verifier.probabilities`."""
SUPPORTS = LABELS.index(Label.SUPPORTS)


@dataclass(frozen=True, slots=True)
class Written:
    """A row and what the model wrote for it: the chain, or (None) the fault, one of FAULTS."""

    example: Example
    text: str
    chain: Chain | None
    fault: str = ""
    why: str = ""


def read_output(example: Example, text: str) -> Written:
    """What a model wrote for a row, checked."""
    try:
        return Written(example, text, read_chain(text, example.evidence))
    except BadChain as error:
        return Written(example, text, None, error.kind, str(error))


def measure(written: Sequence[Written], judge: Judge | None) -> dict[str, Any]:
    """All numbers, shares from 0 to 1. `reasoning` is valid format x harmonic mean of citation recall and precision.

    Without a judge citations are compared with those of the row, by number.
    """
    valid = [(w.example, w.chain) for w in written if w.chain is not None]
    faults = Counter(w.fault for w in written if w.fault)
    recall, precision = _by_judge(valid, judge) if judge is not None else _by_numbers(valid)
    share = len(valid) / max(len(written), 1)
    mean = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
    labelled = [(e.chain.label, c.label) for e, c in valid if e.chain.label is not None]
    all_labelled = sum(w.example.chain.label is not None for w in written)
    return {
        "n": len(written),
        "reasoning": share * mean,
        "valid_format": share,
        "citation_recall": recall,
        "citation_precision": precision,
        "judged_by": "numbers of the rows" if judge is None else "verifier",
        "label_accuracy": sum(a == b for a, b in labelled) / all_labelled if all_labelled else None,
        "same_steps": sum(e.chain.steps == c.steps for e, c in valid) / max(len(written), 1),
        "same_conclusion": sum(e.chain.conclusion == c.conclusion for e, c in valid) / max(len(written), 1),
        "steps": sum(len(c.steps) for _, c in valid),
        "faults": {kind: faults[kind] for kind in FAULTS},
    }


def _by_numbers(valid: Sequence[tuple[Example, Chain]]) -> tuple[float, float]:
    """Recall and precision of the evidence numbers named, over all rows; where none should be named and none is, 1."""
    cited = [(_numbers(chain), _numbers(example.chain)) for example, chain in valid]
    hits = sum(len(said & gold) for said, gold in cited)
    said, gold = sum(len(said) for said, _ in cited), sum(len(gold) for _, gold in cited)
    nothing = 1.0 if valid and not said and not gold else 0.0
    return (hits / gold if gold else nothing), (hits / said if said else nothing)


def _numbers(chain: Chain) -> set[int]:
    return {i for step in chain.steps for i in step.evidence}


def _by_judge(valid: Sequence[tuple[Example, Chain]], judge: Judge) -> tuple[float, float]:
    """Share of steps that are supported, share of citations that are needed; where rightly none is made, 1."""
    steps = [(example, step) for example, chain in valid for step in chain.steps]
    if not steps:
        right = bool(valid) and not any(e.chain.steps for e, _ in valid)
        return float(right), float(right)
    pairs: dict[tuple[str, str], bool] = {}
    for example, step in steps:
        for ids in _subsets(step):
            pairs[_pair(example, step, ids)] = False
    said = np.asarray(judge(list(pairs))).argmax(axis=1) == SUPPORTS
    pairs = dict(zip(pairs, said.tolist(), strict=True))
    supported = needed = cited = 0
    for example, step in steps:
        holds = {ids: pairs[_pair(example, step, ids)] for ids in _subsets(step)}
        supported += holds[step.evidence]
        cited += len(step.evidence)
        needed += sum(_is_needed(i, step, holds) for i in step.evidence)
    return supported / len(steps), needed / cited


def _subsets(step: Step) -> list[tuple[int, ...]]:
    """All the evidence of a step, each piece alone, all but each."""
    ids = step.evidence
    others = [tuple(j for j in ids if j != i) for i in ids] if len(ids) > 1 else []
    return list(dict.fromkeys([ids, *((i,) for i in ids), *others]))


def _is_needed(i: int, step: Step, holds: dict[tuple[int, ...], bool]) -> bool:
    if not holds[step.evidence]:
        return False
    return holds[(i,)] or not holds[tuple(j for j in step.evidence if j != i)]


def _pair(example: Example, step: Step, ids: Sequence[int]) -> tuple[str, str]:
    return step.inference, " ".join(example.evidence[i - 1] for i in ids)
