from __future__ import annotations

from assistant.ui.said import said
from assistant.ui.words import Words


def test_sentences_in_a_row_are_each_said_even_after_a_list() -> None:
    text = (
        "The papers differ on “zinc” and “yield”: raised by [3] [4], not changed by [1]. [2] [3] point the same way. "
        "[1] points the opposite way to [3] [4]."
    )
    chinese = said(text, Words("zh"))
    assert "[3] [4] 说升高、[1] 说没有变化" in chinese
    assert "[2] [3] 方向一致。[1] 与 [3] [4] 方向相反。" in chinese
    assert said(text, Words("en")) == text
