from __future__ import annotations

import re
from xml.etree import ElementTree

from assistant.types import Relation
from assistant.ui.graph import MAX_EDGES, graph_html, graph_svg
from assistant.ui.render import Cites
from assistant.ui.words import Words

HOSTILE = '"><script>alert(1)</script><a href="javascript:x" onload=y>{{z}}'


CITES = Cites("a-0123456789", (), Words("en"))


def html(*relations: Relation) -> str:
    return graph_html(relations, CITES)


def test_no_edges_no_drawing() -> None:
    assert html() == ""


def test_each_edge_leads_to_its_passage_and_says_in_words_what_it_does() -> None:
    found = html(Relation("zinc", "may lower", "growth", -1, 7, "may", "cohort"))
    assert 'href="#cite-a-0123456789-7"' in found
    assert "zinc: lowers (may; cohort): growth [7]" in found


def test_the_drawing_is_well_formed_and_holds_no_script_style_or_link_out() -> None:
    drawing = graph_svg(
        [Relation(HOSTILE, HOSTILE, HOSTILE + str(i), s, i, HOSTILE) for i, s in ((1, 1), (2, -1), (3, 0))], CITES
    )
    root = ElementTree.fromstring(drawing)
    names = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert names <= {"svg", "g", "a", "title", "rect", "text", "line", "path"}
    links = [e.get("href") for e in root.iter() if e.get("href")]
    assert all(re.fullmatch(r"#cite-a-0123456789-\d+", str(link)) for link in links)
    assert not [name for e in root.iter() for name in e.attrib if name.startswith("on") or name == "style"]


def test_many_edges_are_cut_and_counted() -> None:
    relations = tuple(Relation(f"a{i}", "v", "b", 1, 1) for i in range(MAX_EDGES + 3))
    assert "and 3 more" in html(*relations)
    assert html(*relations).count("<line") == 2 * MAX_EDGES


def test_a_name_at_the_beginning_of_a_sentence_is_the_same_name() -> None:
    drawing = html(Relation("Velorite", "raises", "yield", 1, 1), Relation("velorite", "raises", "growth", 1, 2))
    assert drawing.count("<rect") == 3


def test_the_kind_of_study_is_told_in_the_language_of_the_page() -> None:
    drawing = graph_html(
        [Relation("zinc", "may lower", "growth", -1, 7, "may", "cohort")], Cites("a-1", (), Words("zh"))
    )
    assert "队列研究" in drawing
