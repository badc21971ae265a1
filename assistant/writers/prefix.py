"""Keys and values of the last prompt, kept for the next one that begins alike.

They are kept and computed in whole blocks from the first token on, so a block's bits are the same whatever was asked
before: a replayed answer is equal to the byte, with or without reuse.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from assistant.errors import Cancelled

BLOCK_TOKENS = 256
"""Tokens read at once. Larger blocks fill a GPU better and lose more at the end of the common part."""


class PrefixCache:
    """Of one model. `key` names what changes the values beside the tokens: the adapter in use."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._key = ""
        self._layers: list[tuple[torch.Tensor, torch.Tensor]] = []

    def fill(self, model: Any, ids: torch.Tensor, *, key: str, stopped: Callable[[], bool] = lambda: False) -> Any:
        """The cache of all whole blocks of `ids` (1, n) but the last token's; None where the model's cannot be kept."""
        cache: Any = DynamicCache(config=model.config)
        if not cache.layers or any(type(layer) is not DynamicLayer for layer in cache.layers):
            return None
        known = self._common(ids[0].tolist(), key)
        if known:
            for number, (keys, values) in enumerate(self._layers):
                cache.update(keys[:, :, :known], values[:, :, :known], number)
        last = (ids.shape[1] - 1) // BLOCK_TOKENS * BLOCK_TOKENS
        options = {"logits_to_keep": 1} if _takes_logits_to_keep(model) else {}
        for start in range(known, last, BLOCK_TOKENS):
            if stopped():
                raise Cancelled("stopped as asked")
            model(ids[:, start : start + BLOCK_TOKENS], past_key_values=cache, use_cache=True, **options)
        if last:
            # References: a layer that grows makes new tensors and leaves these alone.
            self._layers = [(layer.keys, layer.values) for layer in cache.layers]
            self._ids, self._key = ids[0, :last].tolist(), key
        return cache

    def _common(self, ids: list[int], key: str) -> int:
        """Tokens of the whole blocks that are known, less than all of `ids`."""
        if key != self._key:
            return 0
        equal = next((i for i, (a, b) in enumerate(zip(self._ids, ids, strict=False)) if a != b), None)
        shared = min(len(self._ids), len(ids) - 1) if equal is None else min(equal, len(ids) - 1)
        return shared // BLOCK_TOKENS * BLOCK_TOKENS


def _takes_logits_to_keep(model: Any) -> bool:
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return "logits_to_keep" in inspect.signature(inner.forward).parameters
