"""The stretch of a passage that says most of what is asked: what a cross-encoder reads of it. Pure.

Reading whole passages would take up to three times as long; what one says of a question stands in a sentence or two.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

WINDOW_WORDS = 60
"""Words of a window, at most, where it is more than one sentence: about 90 tokens of MiniLM."""

Part = tuple[int, int]


def best_window(
    text: str, parts: Sequence[Part], held: Sequence[Collection[str]], weights: Mapping[str, float]
) -> Part:
    """(start, end) of the run of sentences, of at most WINDOW_WORDS words, that holds most of the words' weight.

    `parts` are the sentences' places in `text`, `held` the words of `weights` that each holds. Of equal runs the
    longest, then the first: what stands around is context. A text without sentences is its own window.
    """
    if not parts:
        return 0, len(text)
    sizes = [len(text[a:b].split()) for a, b in parts]
    best, choice = (-1.0, -1), (0, 0)
    for first in range(len(parts)):
        words, found = 0, set[str]()
        for last in range(first, len(parts)):
            words += sizes[last]
            if last > first and words > WINDOW_WORDS:
                break
            found |= set(held[last])
            score = (round(sum(weights.get(w, 0.0) for w in found), 6), words)
            if score > best:
                best, choice = score, (first, last)
    return parts[choice[0]][0], parts[choice[1]][1]
