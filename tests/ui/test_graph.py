from __future__ import annotations

import re
from xml.etree import ElementTree

from assistant.types import Answer, Relation
from assistant.ui.graph import MAX_EDGES, graph_html, graph_svg
from tests.assistant.shelf import PROVENANCE

HOSTILE = '"><script>alert(1)</script><a href="javascript:x" onload=y>{{z}}'


def html(*relations: Relation) -> str:
    return graph_html(Answer("q", "t", False, (), (), PROVENANCE, relations=relations))


def test_no_edges_no_drawing() -> None:
    assert html() == ""


def test_each_edge_leads_to_its_passage_and_says_in_words_what_it_does() -> None:
    found = html(Relation("zinc", "may lower", "growth", -1, 7, "may", "cohort"))
    assert 'href="#cite-7"' in found
    assert "zinc: lowers (may; cohort): growth [7]" in found


def test_the_drawing_is_well_formed_and_holds_no_script_style_or_link_out() -> None:
    drawing = graph_svg(
        [Relation(HOSTILE, HOSTILE, HOSTILE + str(i), s, i, HOSTILE) for i, s in ((1, 1), (2, -1), (3, 0))]
    )
    root = ElementTree.fromstring(drawing)
    names = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert names <= {"svg", "g", "a", "title", "rect", "text", "line", "path"}
    links = [e.get("href") for e in root.iter() if e.get("href")]
    assert all(re.fullmatch(r"#cite-\d+", str(link)) for link in links)
    assert not [name for e in root.iter() for name in e.attrib if name.startswith("on") or name == "style"]


def test_many_edges_are_cut_and_counted() -> None:
    relations = tuple(Relation(f"a{i}", "v", "b", 1, 1) for i in range(MAX_EDGES + 3))
    assert "and 3 more" in html(*relations)
    assert html(*relations).count("<line") == MAX_EDGES
