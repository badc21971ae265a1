"""Base models: where they lie, what their weights hash to, how they are loaded quietly.

Knows folders, hashes and transformers' settings; no task, no adapters, no data.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import built_in_folder, from_hub, is_folder
from assistant.errors import ModelError, UsageError

DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout", "dropout_rate")
"""What architectures call the share of activations dropped in training."""


@dataclass(frozen=True, slots=True)
class Base:
    """Which model: the name asked for, its folder, and a SHA-256 over its weights."""

    name: str
    folder: Path
    sha256: str


def find_base(name: str) -> Base:
    """Where a base lies and what its weights hash to. ModelError where it is missing or has no safetensors."""
    local = is_folder(name)
    folder = built_in_folder() if name == BUILT_IN_EMBEDDER else Path(name).resolve() if local else from_hub(name)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ModelError(f"base {name} ({folder}) has no .safetensors file; pickled weights are never loaded")
    hashes = [_sha256(path) for path in weights]
    # One file: its own hash, as it is published; several: a hash over theirs, in the order of their names.
    return Base(name, folder, hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_dropout(config: Any, share: float) -> None:
    """Set the share of activations dropped in training, by whatever names the architecture has for it."""
    for name in DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, share)


def four_bit_config(device: str) -> Any:
    """Settings of a base in 4 bits (NF4, QLoRA: Dettmers et al. 2023). UsageError without GPU or bitsandbytes."""
    from importlib.util import find_spec

    import transformers

    if not device.startswith("cuda") or find_spec("bitsandbytes") is None:
        raise UsageError("4-bit bases need a GPU and the package bitsandbytes; leave --four-bit out")
    config: Any = transformers.BitsAndBytesConfig
    return config(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Without the loading bar and the report that the head is new, which it is meant to be."""
    from transformers.utils import logging as transformers_logging

    hub_logging: Any = transformers_logging
    before, bar = hub_logging.get_verbosity(), hub_logging.is_progress_bar_enabled()
    hub_logging.set_verbosity(logging.CRITICAL)
    hub_logging.disable_progress_bar()
    try:
        yield
    finally:
        hub_logging.set_verbosity(before)
        if bar:
            hub_logging.enable_progress_bar()


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
