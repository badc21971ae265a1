"""Ingest of the sample papers with the real model, killed at random moments; and every kind of bit flip."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from assistant.encoders import load_embedder
from assistant.index.library import Library
from assistant.index.schema import DATABASE
from tests.conftest import ROOT
from tests.index import runs
from tests.index.test_durability import cache_file

pytestmark = pytest.mark.soak

KILLS = 50
SEED = 20261123
SAMPLES = ROOT / "examples" / "papers"


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "assistant", "ingest", str(SAMPLES), "--library", str(folder), "--json"]
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ.copy(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    out, _ = process.communicate(timeout=600)
    lines = [json.loads(line) for line in out.splitlines() if line.endswith("}")]
    return process.returncode, [line for line in lines if "path" in line]


def test_fifty_kills(tmp_path: Path) -> None:
    began = time.monotonic()
    assert finish(start(tmp_path / "calm"))[0] == 0
    working_time = time.monotonic() - began
    embedder = load_embedder()
    calm = runs.content(tmp_path / "calm", embedder)
    moments = random.Random(SEED)
    killed = 0
    for n in range(KILLS):
        folder = tmp_path / f"library-{n}"
        process = start(folder)
        time.sleep(moments.uniform(0.02, 0.98) * working_time)
        process.send_signal(signal.SIGKILL)
        code, acknowledged = finish(process)
        killed += code == -signal.SIGKILL
        if (folder / DATABASE).exists():
            stored = {p.id for p in runs.content(folder, embedder)["papers"]}
            assert {a["paper_id"] for a in acknowledged} <= stored, f"kill {n}: acknowledged papers are gone"
        assert finish(start(folder))[0] == 0
        assert runs.content(folder, embedder) == calm, f"kill {n}: the resumed library differs"
    assert killed >= 0.9 * KILLS, "most of the runs ended before they were killed: the moments are too late"


def test_three_hundred_bit_flips(tmp_path: Path) -> None:
    assert finish(start(tmp_path / "library"))[0] == 0
    library = Library(tmp_path / "library")
    path = cache_file(library)
    sound = path.read_bytes()
    places = random.Random(SEED)
    for _ in range(300):
        data = bytearray(sound)
        data[places.randrange(len(data))] ^= 1 << places.randrange(8)
        path.write_bytes(data)
        assert library.cache_fault() == "damaged"
