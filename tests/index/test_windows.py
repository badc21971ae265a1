"""The stretch of a passage that a cross-encoder reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.index.sentences import sentences
from assistant.index.windows import WINDOW_WORDS, best_window

FILLER = "Nothing of the kind was seen in any of the other groups of this trial. "
TEXT = "We fed rats zinc. " + FILLER * 8 + "Zinc raised growth. It did so twice. " + FILLER * 8


def chosen(text: str, *wanted: str) -> str:
    parts = sentences(text)
    held = [{w for w in wanted if w in text[a:b].lower()} for a, b in parts]
    start, end = best_window(text, parts, held, dict.fromkeys(wanted, 1.0))
    return text[start:end]


def test_the_window_holds_most_of_the_words() -> None:
    window = chosen(TEXT, "zinc", "growth")
    assert "Zinc raised growth." in window
    assert len(window.split()) <= WINDOW_WORDS


def test_rare_words_weigh_more() -> None:
    parts = sentences(TEXT)
    held = [{w for w in ("rats", "growth") if w in TEXT[a:b]} for a, b in parts]
    start, end = best_window(TEXT, parts, held, {"rats": 5.0, "growth": 1.0})
    assert TEXT[start:end].startswith("We fed rats zinc.")


def test_a_long_sentence_is_a_window_and_no_sentences_are_the_whole_text() -> None:
    long = "zinc " * (2 * WINDOW_WORDS) + "."
    assert chosen(long, "zinc") == long.strip()
    assert best_window("...", [], [], {}) == (0, 3)


@given(st.lists(st.sampled_from(["Zinc rose.", "Growth fell here.", FILLER.strip()]), min_size=1, max_size=30))
def test_a_window_is_whole_sentences_in_a_row(made: list[str]) -> None:
    text = " ".join(made)
    assert chosen(text, "zinc", "growth") in text
    assert chosen(text, "zinc", "growth").endswith(".")
