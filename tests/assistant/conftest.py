"""A library of the sample papers that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.encoders import Embedder


@pytest.fixture(scope="session")
def embedder(sample_library: Path) -> Embedder:
    """Loaded once for all tests that need no process of their own."""
    return Assistant(sample_library).embedder()


@pytest.fixture
def assistant(sample_library: Path, embedder: Embedder, tmp_path: Path) -> Assistant:
    """Over a copy of the sample papers."""
    assistant = Assistant(shutil.copytree(sample_library, tmp_path / "library"))
    assistant._embedder = embedder
    return assistant
