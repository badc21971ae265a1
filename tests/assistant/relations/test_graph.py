from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assistant.relations.export import edge_label, graph_json, mermaid
from assistant.relations.graph import alike, conflict_sentence, conflicts, labels, nodes, relations_of
from assistant.relations.studies import study_kind
from assistant.types import Answer, Evidence, PassageKind, Relation
from tests.assistant.shelf import PROVENANCE, evidence, paper

HALLAM, LUND, SAND = paper("hallam"), paper("lund"), paper("sand")
UP = evidence(1, "Velorite raised the yield of tomatoes by 18 %.", HALLAM)
DOWN = evidence(2, "Under drought, velorite application lowered tomato yield.", SAND)


def answer(*quotes: Evidence) -> Answer:
    return Answer("q", "t", False, (), quotes, PROVENANCE, relations=relations_of(quotes))


def test_relations_are_verbatim_and_name_their_quote() -> None:
    (relation,) = relations_of([DOWN])
    assert relation == Relation("velorite application", "lowered", "tomato yield", -1, 2)
    assert all(part in DOWN.text for part in (relation.cause, relation.relation, relation.effect))


def test_rows_and_references_state_no_relation() -> None:
    row = replace(UP, passage=replace(UP.passage, kind=PassageKind.ROW))
    assert relations_of([row]) == ()


def test_opposite_signs_of_two_works_are_a_conflict_and_are_named() -> None:
    quotes = (UP, DOWN)
    (conflict,) = conflicts(relations_of(quotes), quotes)
    assert [r.evidence for r in conflict.raising] == [1]
    assert [r.evidence for r in conflict.lowering] == [2]
    assert conflict_sentence(conflict) == (
        "The papers differ on “Velorite” and “tomato yield”: raised by [1], lowered by [2]."
    )


@pytest.mark.parametrize(
    "other",
    [
        evidence(2, "Velorite lowered tomato yield.", HALLAM),
        evidence(2, "Velorite raised tomato yield.", SAND),
        evidence(2, "Velorite lowered nitrate leaching.", SAND),
        evidence(2, "Lime lowered the yield of tomatoes.", SAND),
    ],
    ids=["same work", "same sign", "other effect", "other cause"],
)
def test_what_is_no_conflict(other: Evidence) -> None:
    assert conflicts(relations_of([UP, other]), [UP, other]) == ()


def test_no_effect_beside_an_effect_is_named_and_a_known_cause_ends_the_place_before_it() -> None:
    sand = evidence(2, "On sandy soil velorite did not change the yield of tomatoes.", SAND)
    assert relations_of([sand]) == ()  # where the place ends cannot be told from this sentence alone
    (_, relation) = relations = relations_of([UP, sand])
    assert (relation.cause, relation.relation, relation.sign) == ("velorite", "did not change", 0)
    (conflict,) = conflicts(relations, [UP, sand])
    assert conflict_sentence(conflict).endswith("raised by [1], not changed by [2].")


def test_a_known_cause_that_is_named_but_does_not_act_states_nothing() -> None:
    other = evidence(2, "On farms without velorite lime lowered the yield of tomatoes.", SAND)
    assert [r.cause for r in relations_of([UP, other])] == ["Velorite"]


def test_a_bracket_in_a_name_cannot_pass_for_a_citation() -> None:
    up, down = Relation("zinc [9]", "raised", "growth", 1, 1), Relation("zinc [9]", "lowered", "growth", -1, 2)
    (conflict,) = conflicts([up, down], [UP, DOWN])
    assert "[9]" not in conflict_sentence(conflict)


def test_names_of_the_same_words_share_a_node() -> None:
    relations = (
        Relation("velorite", "raised", "yield of tomatoes", 1, 1),
        Relation("Velorite", "raised", "tomato yields", 1, 2),
    )
    assert set(nodes(relations).values()) == {0, 1}
    assert labels(relations) == ["velorite", "yield of tomatoes"]
    assert not alike("velorite", "lime")


def test_mermaid_cannot_be_broken_out_of() -> None:
    hostile = 'x"] --> y; click n0 call alert() <script>alert(1)</script> %%{init}%% `[5]`\nend'
    relation = Relation(hostile, "raised", "y", 1, 1, hedge='may"|')
    text = mermaid(replace(answer(UP), relations=(relation,)))
    assert len(text.splitlines()) == 4
    assert text.count('"') == 6
    for mark in "<>();`{}'|":
        inside = "".join(line.split('"')[1] for line in text.splitlines()[1:])
        assert mark not in inside.replace(";", "", inside.count("#")), mark
    assert "\n    end" not in text


def test_mermaid_draws_three_kinds_of_edge() -> None:
    relations = tuple(Relation("a", "v", e, s, 1) for e, s in (("b", 1), ("c", -1), ("d", 0)))
    text = mermaid(replace(answer(UP), relations=relations))
    assert 'n0 -->|"raises' in text
    assert 'n0 -.->|"lowers' in text
    assert 'n0 ---|"does not change' in text


def test_the_graph_as_json() -> None:
    found = graph_json(answer(UP, DOWN))
    assert json.loads(json.dumps(found)) == found
    assert [n["label"] for n in found["nodes"]] == ["Velorite", "yield of tomatoes"]
    assert [(e["from"], e["to"], e["sign"], e["evidence"]) for e in found["edges"]] == [(0, 1, 1, 1), (0, 1, -1, 2)]
    assert len(found["conflicts"]) == 1


def test_an_edge_says_how_sure_it_is() -> None:
    assert edge_label(Relation("a", "v", "b", -1, 3, "may", "cohort")) == "lowers (may; cohort) [3]"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A meta-analysis of randomised trials", "meta-analysis"),
        ("We conducted a double-blind study", "randomised trial"),
        ("In this cohort of nurses, tea lowered risk", "cohort"),
        ("A case-control study of asthma", "case-control"),
        ("Zinc lowered growth in HeLa cells in vitro", "in vitro"),
        ("In mice, zinc lowered growth", "animal"),
        ("Monte Carlo runs show it", "simulation"),
        ("A recent randomised trial reported that tea helps", ""),
        ("Tea lowered risk", ""),
        ("Rates were narrated and ratified", ""),
    ],
)
def test_kinds_of_study(text: str, kind: str) -> None:
    assert study_kind(text) == kind


def test_the_first_text_that_names_a_design_tells_it() -> None:
    assert study_kind("Tea lowered risk.", "Tea and risk: a cohort study", "We randomised mice") == "cohort"
