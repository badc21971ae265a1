"""Answers to take away: what stands in them, and that no string in them is more than text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import lxml.html
import pytest
from markdown_it import MarkdownIt

from assistant.errors import UsageError
from assistant.export import FORMS, cited_papers, export
from assistant.history import Asked, Status, Turn
from assistant.index.records.bibtex import parse_bibtex
from assistant.types import Answer, Evidence, Label, Paper, Passage, Provenance, ReasoningStep, Span, StepKind, Verdict
from tests.assistant.export.hostile import STRINGS

PAPER = Paper(
    "a" * 64, "w", "Velorite and yield", ("Ann van der Berg", "Bo Lind"), 2021, "10.5555/velo.1", venue="Soil"
)
SPAN = Span(3, 0, 20)
QUOTE = Evidence(
    1, "Yield rose by 12 %.", (SPAN,), Passage("a" * 64, "Yield rose by 12 %.", (SPAN,), "Results"), PAPER, 0.8, "117",
    Label.SUPPORTS,
)  # fmt: skip
VERDICT = Verdict("Velorite raises yield.", Label.SUPPORTS, 0.91, True, n_for=1, evidence=(QUOTE,), method="adapter x")
STEPS = (
    ReasoningStep(StepKind.SEARCH, "Searched."),
    ReasoningStep(StepKind.CONCLUSION, "It rose [1].", (1,), VERDICT),
)
ANSWER = Answer(
    "Does it?", "It does [1].\n\nAs said [7].", False, STEPS, (QUOTE,),
    Provenance(4, "reader-9", "mini@53", ("adapter x",), 0, "", (5, 6)), (VERDICT,), id="a-1",
)  # fmt: skip
TURN = Turn(
    "a-1", "c-1", 1, "ask", Status.DONE, "Does it?", "Does velorite?", Asked("q"), ANSWER, 1, "2026-02-03T04:05:06Z"
)
EMPTY = replace(TURN, id="a-2", n=2, answer=None, status=Status.OPEN, standalone="")

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "article", "ol", "li", "span"),
    *("bdi", "a", "cite", "blockquote", "dl", "dt", "dd"),
}


def hostile_turn(text: str) -> Turn:
    """A turn with the string in every place that a paper or a user fills."""
    passage = Passage("b" * 64, text, (SPAN,), text)
    paper = Paper("b" * 64, text, text, (text, text), 2020, text, (), venue=text, arxiv=text, pmid=text)
    quote = Evidence(1, text, (SPAN,), passage, paper, 0.5, text, Label.REFUTES)
    verdict = Verdict(text, Label.REFUTES, None, False, True, 1, 1, (quote,), text, (), text, (text,))
    step = ReasoningStep(StepKind.CONCLUSION, text, (1,), verdict, text, text)
    made = Provenance(1, text, text, (text,), 0, text, (1,))
    answer = Answer(text, text, False, (step,), (quote,), made, (verdict,), standalone=text)
    return replace(TURN, question=text, standalone=text, answer=answer)


@pytest.mark.parametrize("form", FORMS)
def test_every_format_tells_of_the_paper(form: str) -> None:
    said = export([TURN, EMPTY], form, title="A talk")
    assert said.endswith("\n")
    assert "Velorite and yield" in said
    assert "10.5555/velo.1" in said


def test_another_format_is_refused() -> None:
    with pytest.raises(UsageError, match="choose one of md, html, json, bib, ris"):
        export([TURN], "pdf", title="x")


def test_a_paper_is_listed_once_in_the_order_of_its_citation() -> None:
    other = replace(QUOTE, n=2, paper=replace(PAPER, id="b" * 64))
    turn = replace(TURN, answer=replace(ANSWER, evidence=(other, QUOTE, other)))
    assert [p.id[0] for p in cited_papers([turn, TURN, EMPTY])] == ["b", "a"]
    assert cited_papers([EMPTY]) == []


def test_markdown() -> None:
    said = export([TURN, EMPTY], "md", title="A talk")
    for part in (
        "# A talk\n", "## Does it?\n", "*Read as: Does velorite?*", "It does \\[1\\].",
        "**Supported** (1 for, 0 against; confidence 91%; adapter x)", "1. search: Searched.\n2. conclusion: It rose",
        "- **\\[1\\]** “Yield rose by 12 %.” (for the claim)", "section “Results”, page 3 \\(printed: 117\\)",
        "<https://doi.org/10.5555/velo.1>", "- Passages read: 2", "*Interrupted before there was an answer.*",
    ):  # fmt: skip
        assert part in said, part


def test_the_page_links_citations_to_their_passages() -> None:
    tree = lxml.html.fromstring(export([TURN, EMPTY], "html", title="A talk"))
    links = tree.xpath("//a/@href")
    assert set(links) == {"#turn-1-cite-1"}
    assert tree.xpath("//*[@id='turn-1-cite-1']//blockquote")[0].text_content() == "Yield rose by 12 %."
    assert "[7]" in tree.text_content()
    assert tree.xpath("//h1")[0].text_content() == "A talk"
    assert [e.text_content() for e in tree.xpath("//p/span[@class='badge supports']")] == ["✓ Supported"]


def test_the_page_allows_nothing_but_its_own_style() -> None:
    said = export([TURN], "html", title="x")
    policy = lxml.html.fromstring(said).xpath("//meta[@http-equiv]/@content")[0]
    style = said.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


def test_json_is_the_contract_with_provenance() -> None:
    found = json.loads(export([TURN, EMPTY], "json", title="A talk"))
    assert found["turns"][0]["answer"]["provenance"]["embedder"] == "mini@53"
    assert found["turns"][0]["claims"] == ["Velorite raises yield."]
    assert found["turns"][1]["answer"] is None
    assert [p["id"] for p in found["papers"]] == ["a" * 64]


def test_what_was_stopped_is_said() -> None:
    turn = replace(TURN, status=Status.STOPPED)
    for form in ("md", "html"):
        assert "Stopped: what follows is what there was." in export([turn], form, title="x")


@pytest.mark.parametrize("form", FORMS)
def test_hostile_strings_can_be_written(form: str) -> None:
    for text in STRINGS:
        said = export([hostile_turn(text)], form, title=text)
        said.encode("utf-8")
        if form != "json":
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", said), text


def test_hostile_strings_are_text_in_the_page() -> None:
    for text in STRINGS:
        said = export([hostile_turn(text)], "html", title=text)
        tree = lxml.html.fromstring(said)
        for element in tree.iter():
            assert element.tag in TAGS, (text, element.tag)
            assert not [a for a in element.attrib if a.startswith("on") or a in ("src", "style", "action")], text
        assert all(h.startswith("#turn-") for h in tree.xpath("//@href")), text
        assert len(tree.xpath("//style")) == 1


def tokens(inner: list[Any] | None) -> list[Any]:
    return [t for token in inner or () for t in (token, *tokens(token.children))]


def test_hostile_strings_are_text_in_markdown() -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for text in STRINGS:
        said = export([hostile_turn(text)], "md", title=text)
        kinds = {t.type for t in tokens(reader.parse(said))}
        assert not kinds & {"html_inline", "html_block", "image", "link_open", "fence", "code_block", "table_open"}, (
            text
        )
        assert "hr" not in kinds, text
        assert "http://" not in said, text
        assert "www." not in said, text
        headings = [t for t in reader.parse(said) if t.type == "heading_open"]
        assert [h.tag for h in headings] == ["h1", "h2", "h3", "h3", "h3"], text


def test_hostile_strings_forge_no_entry() -> None:
    for text in STRINGS:
        turn = hostile_turn(text)
        entries, broken = parse_bibtex(export([turn], "bib", title=text))
        assert (len(entries), broken) == (1, []), text
        lines = export([turn], "ris", title=text).split("\n")
        assert [line for line in lines if line.startswith("ER")] == ["ER  - "], text
        assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines if line), text
        assert lines[0].startswith("TY  - ")


def test_ris_of_a_paper() -> None:
    assert export([TURN], "ris", title="x").splitlines() == [
        "TY  - JOUR", "TI  - Velorite and yield", "AU  - van der Berg, Ann", "AU  - Lind, Bo", "PY  - 2021",
        "T2  - Soil", "DO  - 10.5555/velo.1", "UR  - https://doi.org/10.5555/velo.1", "ER  - ",
    ]  # fmt: skip


def test_nothing_cited_is_an_empty_list() -> None:
    assert export([EMPTY], "ris", title="x") == "\n"
    assert export([EMPTY], "bib", title="x") == "\n"
