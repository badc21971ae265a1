"""Models, each loaded once for all libraries that use it, and let go with the last of them. Knows no model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Loaded:
    """Models by what names them. It does not keep them: who uses one does. Safe to share between threads."""

    def __init__(self) -> None:
        self._models: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()
        self._loading: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, name: Hashable, load: Callable[[], T]) -> T:
        """The model of that name, or what `load` gives; who asks for one meanwhile waits for it."""
        with self._guard:
            loading = self._loading.setdefault(name, threading.Lock())
        with loading:
            found: T | None = self._models.get(name)
            if found is None:
                found = self._models[name] = load()
            return found

    def names(self) -> list[Hashable]:
        """What is loaded now."""
        return list(self._models)
