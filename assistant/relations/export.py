"""An answer's graph as JSON and as Mermaid. Pure; every string is a paper's and so is taken for hostile."""

from __future__ import annotations

from assistant.contract import Json, relation_json
from assistant.relations.graph import VERBS, Conflict, conflicts, labels, nodes
from assistant.types import Answer, Relation

MAX_LABEL = 80
"""Characters of a name in a drawing; the JSON holds the whole."""
_PLAIN = frozenset(" .,%+-")
_ARROWS = {1: "-->", -1: "-.->", 0: "---"}


def graph_json(answer: Answer) -> Json:
    """Nodes, edges between them by number, and conflicts between papers."""
    numbers = nodes(answer.relations)
    edges = [relation_json(r) | {"from": numbers[r.cause], "to": numbers[r.effect]} for r in answer.relations]
    return {
        "question": answer.question,
        "nodes": [{"id": n, "label": label} for n, label in enumerate(labels(answer.relations))],
        "edges": edges,
        "conflicts": [_conflict_json(c) for c in conflicts(answer.relations, answer.evidence)],
    }


def _conflict_json(conflict: Conflict) -> Json:
    return {
        "raising": [relation_json(r) for r in conflict.raising],
        "lowering": [relation_json(r) for r in conflict.lowering],
        "unchanged": [relation_json(r) for r in conflict.unchanged],
    }


def mermaid(answer: Answer) -> str:
    """The graph as a Mermaid flowchart: a full arrow raises, a dotted one lowers, a line without head does not change.

    All but letters, digits and a few marks are written as Mermaid's character codes (#35;), so that no text of a paper
    can end a label, open HTML or call a function.
    """
    numbers = nodes(answer.relations)
    lines = ["flowchart LR"]
    lines += [f'    n{n}["{_escape(label)}"]' for n, label in enumerate(labels(answer.relations))]
    lines += [
        f'    n{numbers[r.cause]} {_ARROWS[r.sign]}|"{_escape(edge_label(r))}"| n{numbers[r.effect]}'
        for r in answer.relations
    ]
    return "\n".join(lines) + "\n"


def edge_label(relation: Relation) -> str:
    """ "raises (may; cohort) [2]"."""
    notes = "; ".join(part for part in (relation.hedge, relation.study) if part)
    return f"{VERBS[relation.sign]}{f' ({notes})' if notes else ''} [{relation.evidence}]"


def _escape(text: str) -> str:
    text = " ".join(text.split())
    text = text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text if c.isprintable())
