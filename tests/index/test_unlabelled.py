"""Questions made of a library without labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import LibraryError
from assistant.index.mining import library_texts
from assistant.index.unlabelled import library_pairs

PAPERS = Path(__file__).resolve().parents[2] / "examples" / "papers"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    text = "\n\n".join(
        f"{title}\n\n" + " ".join(f"{thing} number {n} raised the yield of tomatoes in plot {n}." for n in range(12))
        for title, thing in (("Velorite in plots", "Velorite"), ("Zinc in plots", "Zinc"))
    )
    (folder / "a.md").write_text("# Velorite in plots\n\n## Results\n\n" + text, encoding="utf-8")
    with Assistant(folder / "lib", workers=1) as assistant:
        assistant.ingest(folder)
    return folder / "lib"


def test_pairs_are_of_the_library_and_the_same_each_time(library: Path) -> None:
    pairs = library_pairs(library, seed=1)
    assert {"title", "keywords", "sentence"} <= {p.source for p in pairs}
    assert pairs == library_pairs(library, seed=1)
    texts = library_texts(library)
    for pair in pairs:
        assert pair.query.strip()
        assert pair.source == "sentence" or pair.passage in texts
        assert pair.source != "sentence" or pair.query not in pair.passage


def test_no_library_is_said(tmp_path: Path) -> None:
    with pytest.raises(LibraryError):
        library_pairs(tmp_path / "none")
