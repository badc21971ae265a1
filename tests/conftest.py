"""What every test gets: a clean environment, no network but loopback, no home of its own to write into."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import browser

__all__ = ["browser"]

ROOT = Path(__file__).parents[1]
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("-m"):
        return
    skip = pytest.mark.skip(reason="takes minutes: run `make soak`")
    for item in items:
        if "soak" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in [n for n in os.environ if n.startswith("ASSISTANT_") and n != "ASSISTANT_SHARED"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("ASSISTANT_HISTORY", "off")  # the library of the samples is shared


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real papers and data sets; skips the test where there is none."""
    folder = Path(os.environ.get("ASSISTANT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no papers and data in {folder} (set ASSISTANT_SHARED)")
    return folder


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the sample papers, made once with the built-in model. Tests that change it copy it first."""
    from assistant import Assistant

    folder = tmp_path_factory.mktemp("samples") / "library"
    with Assistant(folder) as assistant:
        report = assistant.ingest(ROOT / "examples" / "papers")
    assert {f.status for f in report.files} == {"indexed"}, report.files
    return folder
