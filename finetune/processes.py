"""One training, one process or several: what `accelerate launch` and `torchrun` start.

Alone, nothing of accelerate is loaded and every call here is the plain one. With several processes each works through
its share of every batch (DDP), and with FSDP 2 holds its share of the weights. Knows no task and no files.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import torch

from assistant.errors import ModelError

PATIENCE = timedelta(hours=12)
"""How long a process waits for the first one, which writes, tests and reports alone."""


class Processes:
    """The processes of a run as seen from one. `rank` counts from 0 to `count` - 1; the first one writes."""

    def __init__(self, accelerator: Any = None) -> None:
        self._accelerator = accelerator
        self.rank: int = 0 if accelerator is None else accelerator.process_index
        self.count: int = 1 if accelerator is None else accelerator.num_processes

    @property
    def first(self) -> bool:
        return self.rank == 0

    @property
    def sharded(self) -> bool:
        """Whether a process holds only a share of the weights."""
        return self._accelerator is not None and bool(self._accelerator.is_fsdp2)

    def device(self, asked: str) -> str:
        """Where this process's model goes: as asked, or this process's own card."""
        return asked if self._accelerator is None else str(self._accelerator.device)

    def prepare(self, module: Any, optimiser: torch.optim.Optimizer) -> tuple[Any, torch.optim.Optimizer]:
        """The module to call in training (its gradients are the mean over the processes), and its optimiser."""
        if self._accelerator is None:
            return module, optimiser
        module, wrapped = self._accelerator.prepare(module, optimiser)
        return module, wrapped.optimizer

    def without_sync(self, module: Any) -> AbstractContextManager[Any]:
        """Inside, gradients are added up in this process alone: for all parts of a batch but the last."""
        return nullcontext() if self._accelerator is None else self._accelerator.no_sync(module)

    def total(self, value: float) -> float:
        """The sum of every process's value; all must call it."""
        if self._accelerator is None:
            return value
        tensor = torch.tensor(value, dtype=torch.float64, device=self._accelerator.device)
        return float(self._accelerator.reduce(tensor, reduction="sum"))

    def of_first(self, value: float) -> float:
        """The first process's value, in all of them, so that all decide alike."""
        return self.total(value if self.first else 0.0)

    def wait(self) -> None:
        """Until every process has come here."""
        if self._accelerator is not None:
            self._accelerator.wait_for_everyone()

    def close(self) -> None:
        if self._accelerator is not None:
            self._accelerator.end_training()


def is_first() -> bool:
    """Whether this process is the one that speaks; known before anything heavy is loaded."""
    return os.environ.get("RANK", "0") == "0"


def join(device: str) -> Processes:
    """The processes this one was started with, by the environment that torchrun and accelerate set; alone without."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        return Processes()
    from accelerate import Accelerator, InitProcessGroupKwargs

    accelerator = Accelerator(cpu=device == "cpu", kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])
    processes = Processes(accelerator)
    if str(accelerator.distributed_type).endswith("FSDP") and not processes.sharded:
        raise ModelError("only FSDP 2 keeps the names of an adapter's weights; launch with --fsdp_version 2")
    return processes


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor on the CPU; of a sharded one every process must ask, and gets all."""
    full = getattr(tensor, "full_tensor", None)
    return (tensor if full is None else full()).detach().cpu().contiguous()


def share_of(value: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`value` cut and placed as `like` is, which may be sharded."""
    if not hasattr(like, "device_mesh"):
        return value.to(like.device)
    from torch.distributed.tensor import distribute_tensor

    sharded: Any = like
    return distribute_tensor(value.to(sharded.device), sharded.device_mesh, sharded.placements)
