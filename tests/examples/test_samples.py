"""The sample papers are what their source makes, say that they are fiction, and hold every fact told of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

PAPERS = Path(__file__).parents[2] / "examples" / "papers"
FACTS: dict[str, Any] = json.loads((PAPERS / "facts.json").read_text(encoding="utf-8"))
NAMES = sorted(path.stem for path in (PAPERS / "source").glob("*.toml"))
NOTICE = "Fictional sample paper written for testing software; not a real study."
LABELS = {"SUPPORTS", "REFUTES", "NOT_ENOUGH_INFO"}


def squeeze(text: str) -> str:
    """Text without white space and hyphens, also those that pdfium marks at the end of a line."""
    return re.sub(r"[\s\-\u00ad\ufffe\u0002]", "", text)


def page_texts(name: str) -> list[str]:
    with pypdfium2.PdfDocument(PAPERS / f"{name}.pdf") as document:
        texts = []
        for page in document:
            text_page = page.get_textpage()
            texts.append(squeeze(text_page.get_text_range()))
            text_page.close()
            page.close()
        return texts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The papers as made now; skips where reportlab is missing or of another series than made the files."""
    try:
        found = version("reportlab")
    except PackageNotFoundError:
        pytest.skip('reportlab is not installed (pip install "paper-assistant[dev]")')
    wanted = re.search(r'^REPORTLAB = "(.+)"', (PAPERS / "make.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted is not None
    if not f"{found}.".startswith(f"{wanted[1]}."):
        pytest.skip(f"reportlab {found} may break lines elsewhere than {wanted[1]}, which made the files")
    folder = tmp_path_factory.mktemp("papers")
    subprocess.run([sys.executable, str(PAPERS / "make.py"), str(folder)], check=True, capture_output=True)
    return folder


def test_no_paper_is_missing_or_left_over() -> None:
    assert len(NAMES) >= 6
    assert sorted(path.stem for path in PAPERS.glob("*.pdf")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_source_makes_the_same_bytes(made: Path, name: str) -> None:
    assert (made / f"{name}.pdf").read_bytes() == (PAPERS / f"{name}.pdf").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_paper_says_that_it_is_fiction(name: str) -> None:
    assert squeeze(NOTICE) in page_texts(name)[0]
    with pypdfium2.PdfDocument(PAPERS / f"{name}.pdf") as document:
        metadata = document.get_metadata_dict()
        assert NOTICE in metadata["Subject"]
        assert metadata["Title"]
        assert metadata["Author"]
        assert 2 <= len(document) <= 4
    assert (PAPERS / f"{name}.pdf").stat().st_size < 60_000


@pytest.mark.parametrize("fact", FACTS["facts"], ids=lambda fact: fact["question"][:40])
def test_quote_stands_on_its_page(fact: dict[str, Any]) -> None:
    assert squeeze(fact["quote"]) in page_texts(fact["paper"])[fact["page"] - 1]


@pytest.mark.parametrize("fact", FACTS["facts"], ids=lambda fact: fact["question"][:40])
def test_printed_page_is_the_label_of_the_physical_one(fact: dict[str, Any]) -> None:
    with pypdfium2.PdfDocument(PAPERS / f"{fact['paper']}.pdf") as document:
        assert document.get_page_label(fact["page"] - 1) == fact["page_label"]


def test_facts_name_papers_and_labels_that_exist() -> None:
    assert len(FACTS["facts"]) >= 12
    assert len(FACTS["unanswered"]) == 4
    named = [name for fact in FACTS["facts"] for name in fact["agrees_with"] + fact["disagrees_with"]]
    named += [name for claim in FACTS["claims"] for name in claim["for"] + claim["against"]]
    assert set(named) <= set(NAMES)
    for claim in FACTS["claims"]:
        assert claim["label"] in LABELS
        assert claim["conflict"] == bool(claim["for"] and claim["against"])
