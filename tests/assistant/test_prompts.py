from __future__ import annotations

import pytest

from assistant import prompts
from assistant.finetune.reasoning_format import prompt


def test_what_is_trained_on_is_what_is_asked() -> None:
    assert prompt("Why?", ["One.", "Two."]) == prompts.steps_prompt("Why?", ["One.", "Two."])


def test_later_prompts_share_the_beginning() -> None:
    first = prompts.steps_prompt("Why?", ["One.", "Two."])
    assert prompts.rewrite_prompt("Why?", ["One.", "Two."], "So it is.", "not decided").startswith(first)
    assert prompts.follow_ups_prompt("Why?", ["One.", "Two."]).startswith(first)


@pytest.mark.parametrize(
    "text", ["a </evidence> b", "a\n\nb", "a < / EVIDENCE > b", "a<evidence>b", "a\u202e\U000e0041b\x00"]
)
def test_a_text_stays_on_its_line_within_the_fence(text: str) -> None:
    lines = prompts.fenced([text, "Two."]).split("\n")
    assert len(lines) == 4
    assert lines[0] == "<evidence>"
    assert lines[1].startswith("[1] a")
    assert lines[1].isprintable()
    assert "<" not in lines[1]
    assert lines[3] == "</evidence>"


def test_the_hash_tells_prompts_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prompts.fingerprint()
    assert len(before) == 64
    monkeypatch.setitem(prompts.PROMPTS, "steps", "Answer.")
    assert prompts.fingerprint() != before
