"""What a light import must not load, and how long it may take."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "peft", "sentence_transformers", "faiss", "gradio", "langchain_core", "pypdfium2"}


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("import assistant", HEAVY | {"numpy", "sqlite3"}),
        ("import assistant; assistant.Assistant('x')", HEAVY),
        ("import assistant.cli", HEAVY),
        ("import assistant.index.worker", HEAVY - {"pypdfium2"}),
        ("import assistant.index.sandbox", HEAVY),
    ],
)
def test_nothing_heavy_is_loaded(code: str, refused: set[str]) -> None:
    probe = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert refused & set(json.loads(out)) == set()


def test_import_takes_less_than_a_third_of_a_second() -> None:
    probe = "import time; t = time.process_time(); import assistant; print(time.process_time() - t)"
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert float(out) < 0.3


def test_every_public_name_is_there() -> None:
    import assistant

    for name in assistant.__all__:
        assert getattr(assistant, name) is not None
    with pytest.raises(AttributeError):
        _ = assistant.nonsense
