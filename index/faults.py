"""A place where tests make the process die. Without the variable it does nothing."""

from __future__ import annotations

import os
import signal
from itertools import count

VARIABLE = "ASSISTANT_FAULT_AT"
STEPS = (
    "listed",
    "hashed",
    "read",
    "embedded",
    "inside-commit",
    "before-commit",
    "after-commit",
    "index-built",
    "index-written",
    "index-recorded",
)
_passed = {step: count(1) for step in STEPS}


def fault(step: str) -> None:
    """End the process with SIGKILL where ASSISTANT_FAULT_AT is "step" or "step:n" and this is its n-th passing."""
    nth = next(_passed[step])
    name, _, wanted = os.environ.get(VARIABLE, "").partition(":")
    if name == step and nth == int(wanted or 1):
        os.kill(os.getpid(), signal.SIGKILL)
