"""Holds a local model to a JSON schema: before each token, all that would break it are forbidden. Owner of llguidance.

The method is a parser over the vocabulary (https://github.com/guidance-ai/llguidance); what the words say it leaves to
the model.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer
from transformers import LogitsProcessor, PreTrainedTokenizerFast

from assistant.errors import ModelError, UsageError

_SPACING = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""As json.dumps writes: a model that may choose its white space can go on with it for ever."""

log = logging.getLogger(__name__)


def vocabulary(tokenizer: Any, eos: list[int]) -> LLTokenizer | None:
    """The tokenizer as llguidance knows it (about a second for 150,000 tokens); None where it cannot be known."""
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        log.warning("%s is no fast tokenizer: replies are asked to be JSON, not held to it", type(tokenizer).__name__)
        return None
    try:
        return from_tokenizer(tokenizer, eos_token=eos)
    except (ValueError, RuntimeError, TypeError) as error:
        log.warning("replies are asked to be JSON, not held to it: %s", (str(error).splitlines() or [""])[0])
        return None


class SchemaProcessor(LogitsProcessor):
    """For one reply of one sequence. `prompt` tokens come before it. UsageError for a schema that is none."""

    def __init__(self, words: LLTokenizer, schema: Mapping[str, Any], *, prompt: int) -> None:
        grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults=_SPACING)
        self._matcher = LLMatcher(words, grammar)
        self._seen = prompt
        if error := self._matcher.get_error():
            raise UsageError(f"the schema of a reply cannot be kept: {error.splitlines()[0]}")

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        for token in input_ids[0, self._seen :].tolist():
            self._matcher.consume_token(token)
        self._seen = input_ids.shape[1]
        if error := self._matcher.get_error():
            raise ModelError(f"the reply left its schema: {error.splitlines()[0]}")
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.zeros(scores.shape[-1], dtype=bool)
        known = np.unpackbits(bits, bitorder="little")[: len(allowed)].astype(bool)
        allowed[: len(known)] = known
        mask = torch.from_numpy(allowed).to(scores.device)
        return scores.masked_fill(~mask, -torch.inf)
