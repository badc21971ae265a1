"""The evidence panel over the sample papers: the right page, the right place, and only to whom it belongs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant import Assistant
from assistant.index.original import original
from assistant.types import Answer, Evidence, Paper
from assistant.ui.pages import Leaf
from assistant.ui.routes import add_routes
from assistant.ui.screens import evidence_html
from assistant.ui.site import Site
from assistant.ui.words import Words
from tests.ui.scripted import HOSTILE, make_evidence, make_paper

EN = Words("en")
LEAF = Leaf(200, 400, (1.0, 0.0, 0.0, -1.0, 0.0, 400.0), b"png")
QUESTION = "Does velorite increase tomato yield?"


@dataclass(frozen=True)
class Asked:
    """A client of the page over a library in which one question was asked."""

    client: TestClient
    site: Site
    answer: Answer

    def at(self, rest: str, n: int = 1, answer: str = "") -> str:
        return f"/screens/evidence/{answer or self.answer.id}/{n}{rest}"


@pytest.fixture(scope="module")
def asked(sample_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = shutil.copytree(sample_library, tmp_path_factory.mktemp("asked") / "library")
    with Assistant(folder, history=True) as assistant:
        answer = assistant.conversation().ask(QUESTION)
        app, site = FastAPI(), Site(assistant)
        add_routes(app, site)
        yield Asked(TestClient(app, raise_server_exceptions=False, headers={"X-Asked-By": "page"}), site, answer)


def test_the_panel_tells_the_quote_its_paper_and_its_place(asked: Asked) -> None:
    quote = asked.answer.evidence[0]
    text = asked.client.get(asked.at("")).text
    assert quote.text[:20] in text
    assert quote.paper.title in text
    assert f'data-numbers="{" ".join(str(e.n) for e in asked.answer.evidence)}"' in text
    assert asked.at("/original") in text


def test_the_page_is_drawn_once_with_the_stored_rectangles_and_kept_by_the_browser(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = asked.answer.evidence[0]
    text = asked.client.get(asked.at("/leaf")).text
    assert text.count('class="evidence-box"') == len(quote.spans[0].boxes) > 0
    monkeypatch.setattr(Assistant, "draw", None)  # another drawing would fail
    picture = asked.client.get(asked.at(f"/page/{quote.page}.png"))
    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["cache-control"] == "private, no-cache"
    again = asked.client.get(asked.at(f"/page/{quote.page}.png"), headers={"If-None-Match": picture.headers["etag"]})
    assert again.status_code == 304


def test_the_original_goes_out_as_an_attachment(asked: Asked) -> None:
    quote = asked.answer.evidence[0]
    file = asked.client.get(asked.at("/original"))
    assert quote.path is not None
    assert file.content == quote.path.read_bytes()
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("rest", ["", "/leaf", "/page/1.png", "/original"])
@pytest.mark.parametrize(("answer", "n"), [("a-0000000000", 1), ("live-0123456789abcdef", 1), ("a-..", 1), ("", 99)])
def test_evidence_that_is_not_this_readers_is_not_there(asked: Asked, rest: str, answer: str, n: int) -> None:
    assert asked.client.get(asked.at(rest, n, answer)).status_code == 404


@pytest.mark.parametrize("page", [-1, 99])
def test_a_page_that_the_paper_does_not_have_is_not_there(asked: Asked, page: int) -> None:
    assert asked.client.get(asked.at(f"/leaf?page={page}")).status_code == 404


def test_another_page_says_that_the_quote_is_elsewhere(asked: Asked) -> None:
    quote = asked.answer.evidence[0]
    other = 2 if quote.page == 1 else 1
    text = asked.client.get(asked.at(f"/leaf?page={other}")).text
    assert "evidence-box" not in text
    assert f"The quote begins on page {quote.page}" in text


def test_a_file_that_was_changed_is_never_drawn_over(asked: Asked, tmp_path: Path) -> None:
    quote = asked.answer.evidence[0]
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(b"%PDF-1.4 another")
    paper = replace(quote.paper, paths=(changed,))
    asked.site.live.hold("", "live-00000000000000ff", [replace(quote, paper=paper)])
    at = asked.at("/leaf", quote.n, "live-00000000000000ff")
    text = asked.client.get(at).text
    assert "evidence-box" not in text
    assert "<img" not in text
    assert "evidence-mark" in text
    assert "changed since it was read" in text
    assert asked.client.get(asked.at("/original", quote.n, "live-00000000000000ff")).status_code == 404


def test_the_panel_speaks_the_language_of_the_page(asked: Asked) -> None:
    assert "复制引文和出处" in asked.client.get(asked.at("?lang=zh")).text


def test_a_quote_without_a_place_is_not_placed() -> None:
    text = evidence_html.leaf_html("a-1", make_evidence(), 3, LEAF, EN)
    assert "its exact place is unknown" in text
    assert "evidence-box" not in text


def boxed(*boxes: tuple[float, float, float, float]) -> Evidence:
    quote = make_evidence()
    return replace(quote, spans=(replace(quote.spans[0], boxes=boxes),))


def test_a_rectangle_lies_where_the_matrix_takes_it() -> None:
    text = evidence_html.leaf_html("a-1", boxed((20, 300, 120, 340)), 3, LEAF, EN)
    assert "left:10.000%;top:15.000%;width:50.000%;height:10.000%" in text


def test_a_rectangle_is_cut_to_the_page_and_left_out_beyond_it() -> None:
    assert LEAF.place((-50, 300, 100, 500)) == (0.0, 0.0, 50.0, 25.0)
    assert LEAF.place((300, 0, 400, 10)) is None
    assert LEAF.place((float("nan"),) * 4) is None
    assert "its exact place is unknown" in evidence_html.leaf_html("a-1", boxed((300, 0, 400, 10)), 3, LEAF, EN)


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_texts_stay_text_in_the_panel(evil: str) -> None:
    quote = make_evidence(1, evil, paper=make_paper(evil, (evil,)), section=evil, label=evil)
    for text in (
        evidence_html.panel_html("a-1", quote, [1], EN, has_file=True),
        evidence_html.leaf_html("a-1", quote, 3, LEAF, EN),
        evidence_html.text_html(quote, EN, evil),
    ):
        assert evil not in text or "<" not in evil
        assert "<script" not in text
        assert "<iframe" not in text


def test_a_file_without_pages_shows_its_passage_with_the_quote_marked() -> None:
    quote = make_evidence()
    longer = replace(quote, passage=replace(quote.passage, text=f"Before. {quote.text} After."))
    text = evidence_html.text_html(longer, EN)
    assert f">{quote.text}</mark> After." in text
    assert "no pages" in text


def test_what_is_copied_names_the_paper_and_the_page() -> None:
    quote = make_evidence()
    assert evidence_html.citation(quote, EN) == (
        "“Yield rose by 12 %.” (A. Author and B. Author, 2021, Velorite and tomato yield, page 3 (printed: 113))"
    )


def test_the_original_is_the_file_with_the_bytes_that_were_read(tmp_path: Path) -> None:
    import hashlib

    lost, other, right = (tmp_path / name for name in ("lost.pdf", "other.pdf", "right.pdf"))
    other.write_bytes(b"other")
    right.write_bytes(b"right")
    paper = Paper(hashlib.sha256(b"right").hexdigest(), "w", "t", paths=(lost, tmp_path, other, right))
    assert original(paper) == right
    right.write_bytes(b"wrong, and longer")
    assert original(paper) is None
