"""Whether a model fits: bytes it needs, from the headers of its files and its config, against what is free.

Loads no weights. What it says is an estimate: weights exact, the rest of a run a round number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import safetensors

from assistant.errors import ModelError

GB = 1_000_000_000
FOUR_BIT_BYTES = 0.57
"""Bytes per weight of NF4 in blocks of 64 with their scales (0.5 + 4/64), rounded up."""
RUN_BYTES = {"cuda": 1 * GB, "mps": 1 * GB, "cpu": GB // 4}
"""What a run takes beside weights and cache: CUDA's context, buffers of one block of tokens."""
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes of the weights, of keys and values for a full window, and of the run."""

    weights: int
    cache: int
    run: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.run


def needed(folder: Path, config: Any, *, weight_bytes: int, four_bit: bool, context_tokens: int, device: str) -> Need:
    """What the model of `folder` needs with `weight_bytes` per weight (in 4 bits: those that are not matrices)."""
    files = sorted(folder.glob("*.safetensors"))
    if getattr(config, "quantization_config", None) is not None:
        weights = sum(path.stat().st_size for path in files)
    else:
        weights = sum(_weights(path, weight_bytes, four_bit) for path in files)
    return Need(weights, context_tokens * cache_bytes(config, weight_bytes), RUN_BYTES[device])


def _weights(path: Path, weight_bytes: int, four_bit: bool) -> int:
    total = 0.0
    with safetensors.safe_open(path, framework="np") as file:
        for name in file.keys():  # noqa: SIM118 (no mapping)
            shape = file.get_slice(name).get_shape()
            packed = four_bit and len(shape) == 2 and "embed" not in name and "lm_head" not in name
            total += math.prod(shape) * (FOUR_BIT_BYTES if packed else weight_bytes)
    return int(total)


def cache_bytes(config: Any, weight_bytes: int) -> int:
    """Bytes of keys and values per token; 0 where the config does not tell."""
    text = config.get_text_config()
    layers, heads = getattr(text, "num_hidden_layers", 0), getattr(text, "num_attention_heads", 0)
    groups = getattr(text, "num_key_value_heads", None) or heads
    size = getattr(text, "head_dim", None) or (getattr(text, "hidden_size", 0) // heads if heads else 0)
    return int(2 * layers * groups * size * weight_bytes)


def free_bytes(device: str) -> int:
    """Memory that is free: of all GPUs, or of the machine and its container."""
    if device == "cuda":
        import torch

        return sum(torch.cuda.mem_get_info(i)[0] for i in range(torch.cuda.device_count()))
    return min(int(psutil.virtual_memory().available), _container_bytes())


def _container_bytes() -> int:
    """What the container may still take (cgroup v2); no limit: a very large number."""
    try:
        limit = int((_CGROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
        cached = (_CGROUP / "memory.stat").read_text(encoding="ascii").partition("inactive_file ")[2].partition("\n")[0]
    except (OSError, ValueError):
        return 1 << 62
    return limit - used + int(cached or 0)


def check_fit(name: str, need: Need, free: int, *, device: str, kind: str, weight_bytes: int, four_bit: bool) -> None:
    """ModelError, with what is needed and what would fit, where `need` exceeds `free`."""
    if need.total <= free:
        return
    per_weight = FOUR_BIT_BYTES if four_bit else weight_bytes
    fits = max(0.0, (free - need.cache - need.run) / per_weight / 1e9)
    ways = "" if four_bit or device != "cuda" else " set four_bit (needs bitsandbytes),"
    raise ModelError(
        f"{name} does not fit: it needs about {need.total / GB:.1f} GB ({need.weights / GB:.1f} GB of weights in "
        f"{kind}, {need.cache / GB:.1f} GB for its window), but {free / GB:.1f} GB are free on this "
        f"{'GPU' if device == 'cuda' else 'machine'}. What fits is a model of about {fits:.1f} billion weights: name a "
        f"smaller one,{ways} set a smaller context_tokens, or use a server (openai:NAME@URL)"
    )
