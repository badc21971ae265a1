"""Where a run stands, on disk: trained weights, optimiser, random state, counters. Safetensors and JSON only.

A checkpoint is a folder that appears whole or not at all. Knows files and tensors; no data, no loop.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from assistant.errors import ModelError
from assistant.finetune import lora
from assistant.finetune.processes import share_of, whole

FOLDER = "checkpoints"
KEPT = 2
"""Checkpoints kept of a run; the best weights are kept beside them."""
TENSORS, STATE = "tensors.safetensors", "state.json"
Tensors = dict[str, torch.Tensor]


def save_checkpoint(out: Path, tensors: Tensors, state: dict[str, Any]) -> Path:
    """Write `out/checkpoints/step-N`; older ones but the last are removed. OSError where the disk is full.

    `tensors` are those of `gather`.
    """
    step = int(state["step"])
    folder = out / FOLDER / f"step-{step:07d}"
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        _write(fresh / TENSORS, safetensors.torch.save(tensors))
        _write(fresh / STATE, (json.dumps(state, indent=1) + "\n").encode())
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    fresh.replace(folder)
    for old in _folders(out)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def latest_checkpoint(out: Path) -> Path | None:
    """The newest checkpoint of a run, None where there is none."""
    found = _folders(out)
    return found[-1] if found else None


def read_state(folder: Path) -> dict[str, Any]:
    """The counters of a checkpoint. ModelError where they are damaged."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"checkpoint {folder} is damaged; remove it to go on from the one before") from error
    if not isinstance(state, dict) or "step" not in state:
        raise ModelError(f"checkpoint {folder} is damaged; remove it to go on from the one before")
    return state


def restore(folder: Path, model: Any, optimiser: torch.optim.Optimizer) -> None:
    """Put weights, optimiser and random state back in place."""
    try:
        tensors = safetensors.torch.load_file(folder / TENSORS)
        parameters = lora.trainable(model)
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(share_of(tensors[f"weight/{name}"], parameter))
        for name, parameter in parameters.items():
            entries = {k.split("/")[-1]: t for k, t in tensors.items() if k.startswith(f"optimiser/{name}/")}
            if entries:
                on_device = {k: t if k == "step" else share_of(t, parameter) for k, t in entries.items()}
                optimiser.state[parameter] = on_device
        _restore_importance(model, tensors)
        torch.set_rng_state(tensors["random/cpu"])
        if "random/cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random/cuda"])
    except (OSError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
        raise ModelError(
            f"checkpoint {folder} does not fit this run ({error}); start it anew in another folder"
        ) from error


def weights_of(model: Any) -> Tensors:
    """A copy of what is being trained, by name."""
    return {name: whole(p).clone() for name, p in lora.trainable(model).items()}


def put_weights(model: Any, weights: Tensors) -> None:
    """Put a copy made by `weights_of` back."""
    with torch.no_grad():
        for name, parameter in lora.trainable(model).items():
            parameter.copy_(share_of(weights[name], parameter))


def save_weights(path: Path, weights: Tensors) -> None:
    """Write a copy made by `weights_of`, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    _write(fresh, safetensors.torch.save(weights))
    fresh.replace(path)


def _folders(out: Path) -> list[Path]:
    return sorted(p for p in (out / FOLDER).glob("step-*") if (p / STATE).is_file())


def gather(model: Any, optimiser: torch.optim.Optimizer) -> Tensors:
    """All that a run is made of, on the CPU. With a sharded model every process must call it."""
    tensors: Tensors = {"random/cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["random/cuda"] = torch.cuda.get_rng_state()
    for name, parameter in lora.trainable(model).items():
        tensors[f"weight/{name}"] = whole(parameter)
        for key, value in optimiser.state.get(parameter, {}).items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimiser/{name}/{key}"] = whole(value)
    return tensors | {f"importance/{k}": t for k, t in _importance(model).items()}


def _importance(model: Any) -> Tensors:
    """AdaLoRA's running averages of what each rank is worth."""
    allocator = getattr(getattr(model, "base_model", None), "rankallocator", None)
    found: Tensors = {}
    for kind in ("ipt", "exp_avg_ipt", "exp_avg_unc"):
        for name, tensor in getattr(allocator, kind, {}).items():
            found[f"{kind}/{name}"] = tensor.detach().cpu().contiguous()
    return found


def _restore_importance(model: Any, tensors: Tensors) -> None:
    allocator = getattr(getattr(model, "base_model", None), "rankallocator", None)
    for key, tensor in tensors.items():
        if key.startswith("importance/") and allocator is not None:
            _, kind, name = key.split("/", 2)
            getattr(allocator, kind)[name] = tensor


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
