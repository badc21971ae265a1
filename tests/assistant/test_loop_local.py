"""The loop over a real `generate`: a tiny model of random weights, held to the schema of a step."""

from __future__ import annotations

import re
from pathlib import Path

from assistant import steps
from assistant.config import Settings
from assistant.loop import write_answer
from assistant.testing import WordVerifier
from assistant.types import Answer
from assistant.writers import load_writer
from assistant.writing import Message
from tests.assistant.shelf import Shelf, paper
from tests.assistant.writers.tiny import byte_model

QUESTION = "Does velorite increase the yield of tomatoes?"


def test_a_local_model_writes_under_the_schema_and_its_nonsense_is_not_shown(tmp_path: Path) -> None:
    writer = load_writer(f"hf:{byte_model(tmp_path / 'base', max_position_embeddings=8192)}", device="cpu")
    assert writer is not None
    library = Shelf({paper("a"): ["Velorite raised the yield of tomatoes."], paper("b"): ["Tomatoes yield fruit."]})
    settings = Settings(answer_above=0.3, budget_tokens=1500, budget_calls=1)
    *_, answer = write_answer(QUESTION, library, writer, verifier=WordVerifier(), settings=settings)
    assert isinstance(answer, Answer)
    assert not [s for s in answer.steps if s.quote]
    assert answer.provenance.counts
    assert answer.provenance.models[0] == writer.id
    assert "left out" in answer.steps[1].text


def test_the_schemas_can_be_kept(tmp_path: Path) -> None:
    writer = load_writer(f"hf:{byte_model(tmp_path / 'base')}", device="cpu")
    assert writer is not None
    schemas = {
        "steps": steps.schema(3),
        "conclusion": steps.conclusion_schema(),
        "questions": steps.questions_schema(2),
    }
    for name, schema in schemas.items():
        text = "".join(writer.stream([Message("user", "Why?")], schema=schema, max_tokens=40))
        assert re.match(rf'\{{\s*"{name}"', text)
