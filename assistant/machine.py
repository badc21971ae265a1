"""What this machine has for models: cores, memory, graphics card, room on the disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Machine:
    """Bytes throughout; `gpu` "" where torch finds no card it can use."""

    cores: int
    memory: int
    memory_free: int
    gpu: str
    gpu_memory: int
    disk_free: int


def look(folder: Path) -> Machine:
    """What there is now; the disk is that of `folder`, or of the nearest folder above that is there."""
    there = next(f for f in (folder, *folder.absolute().parents) if f.exists())
    memory = psutil.virtual_memory()
    return Machine(
        os.cpu_count() or 1, memory.total, memory.available, *_gpu(), disk_free=shutil.disk_usage(there).free
    )


@cache
def _gpu() -> tuple[str, int]:
    import torch

    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return str(card.name), int(card.total_memory)
    return ("Apple GPU (MPS)", 0) if torch.backends.mps.is_available() else ("", 0)
