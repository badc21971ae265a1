"""A model of pairs with an adapter on it: made ready for training, and checked after it was saved.

Shared by the tasks that read two texts together. Knows recipes and adapters; no rows, no measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import ModelError
from assistant.finetune import adapters
from assistant.finetune.adapters import Adapter
from assistant.finetune.recipe import Recipe

if TYPE_CHECKING:
    from assistant.finetune.pairs import Pair, PairModel

PARITY = 1e-5
"""Most difference of a logit before saving and after loading again."""


def base_model(recipe: Recipe, device: str) -> PairModel:
    """The recipe's base, without an adapter."""
    from assistant.finetune.pairs import load_pair_model

    return load_pair_model(
        recipe.base, head=recipe.head, max_tokens=recipe.max_tokens, dropout=recipe.dropout, device=device,
        four_bit=recipe.four_bit, seed=recipe.seed,
    )  # fmt: skip


def fresh_adapter(scorer: PairModel, recipe: Recipe, steps: int) -> None:
    """Put a new adapter on; `steps` are those of the whole training."""
    from assistant.finetune import lora

    scorer.model = lora.attach(scorer.model, classifies=scorer.classifies, steps=steps, **lora.choices(recipe))


def trainable_model(recipe: Recipe, device: str, *, steps: int, start: Adapter | None) -> PairModel:
    """The base with a new adapter, or with that of `start` to go on from. ModelError where that is of another base."""
    from assistant.finetune import lora

    scorer = base_model(recipe, device)
    if start is None:
        fresh_adapter(scorer, recipe, steps)
    else:
        adapters.check_base(start, scorer.base.sha256)
        scorer.model = lora.load_adapter(scorer.model, start.folder, trainable=True)
    if recipe.gradient_checkpointing:
        lora.checkpoint_gradients(scorer.model)
    return scorer


def check_parity(scorer: PairModel, out: Path, pairs: Sequence[Pair], *, task: str, device: str) -> None:
    """ModelError unless the adapter saved in `out` gives the same logits as the trained model."""
    from assistant.finetune.classifier import score
    from assistant.finetune.verifier import load_scorer

    mine = score(scorer, scorer.encode(pairs))
    theirs = load_scorer(adapters.read_adapter(out, task), device=device).logits(pairs)
    gap = float(np.abs(mine - theirs).max())
    bound = PARITY * max(1.0, float(np.abs(mine).max()))
    if not gap <= (bound if scorer.device == "cpu" else bound * 1000):  # bf16 has 8 bits of mantissa
        raise ModelError(f"the adapter saved in {out} gives other logits when loaded (by {gap:.1e}); keep the "
                         "checkpoints and report this")  # fmt: skip
