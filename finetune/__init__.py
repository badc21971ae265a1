"""Training of adapters, and their use. `train` and `evaluate` load on first use; importing this loads nothing heavy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.finetune.claims import evaluate_file as evaluate_file
    from assistant.finetune.claims import train as train
    from assistant.finetune.embedder import train_embedder as train_embedder
    from assistant.finetune.evidence import train_evidence as train_evidence
    from assistant.finetune.reasoning import evaluate_reasoning as evaluate_reasoning
    from assistant.finetune.reasoning import train_reasoning as train_reasoning
    from assistant.finetune.recipe import Recipe as Recipe
    from assistant.finetune.recipe import load_recipe as load_recipe
    from assistant.finetune.reranker import load_reranker as load_reranker
    from assistant.finetune.verifier import load_verifier as load_verifier

_HOMES = {
    "train": "claims",
    "evaluate_file": "claims",
    "train_embedder": "embedder",
    "train_evidence": "evidence",
    "train_reasoning": "reasoning",
    "evaluate_reasoning": "reasoning",
    "load_reranker": "reranker",
    "load_verifier": "verifier",
    "Recipe": "recipe",
    "load_recipe": "recipe",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"assistant.finetune.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'assistant.finetune' has no attribute {name!r}")
