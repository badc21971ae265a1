"""Answers to JSON and back: nothing lost, and nothing damaged believed."""

from __future__ import annotations

import dataclasses
import json
import os
import types
import typing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import LibraryError
from assistant.history.frozen import freeze, thaw, thaw_answer
from assistant.types import Answer, Filters, Label, Paper, Verdict
from tests.assistant.test_contract import ANSWER, ODD, VERDICT

LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(),
    bool: st.booleans(),
    str: st.text(st.characters(), max_size=8),
    Path: st.text("ab/.\udce9é ", max_size=8).map(Path),
}


def made(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the vocabulary; tuples have at most two parts, so that an answer stays small."""
    of = typing.get_args(kind)
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return st.one_of(*(made(k) for k in of))
    if typing.get_origin(kind) is tuple:
        return st.lists(made(of[0]), max_size=2).map(tuple) if of[1:] == (...,) else st.tuples(*map(made, of))
    if typing.get_origin(kind) is dict:
        return st.dictionaries(made(of[0]), made(of[1]), max_size=2)
    if dataclasses.is_dataclass(kind):
        return st.builds(kind, **{n: st.deferred(lambda t=t: made(t)) for n, t in typing.get_type_hints(kind).items()})
    return st.none() if kind is type(None) else LEAVES[kind] if kind in LEAVES else st.sampled_from(list(kind))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(made(Answer))
def test_every_answer_comes_back_as_it_was(answer: Answer) -> None:
    text = freeze(answer)
    text.encode("ascii")
    assert thaw(Answer, text, "it") == answer
    assert freeze(thaw(Answer, text, "it")) == text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(made(Verdict))
def test_every_verdict_comes_back_as_it_was(verdict: Verdict) -> None:
    assert thaw(Verdict, freeze(verdict), "it") == verdict


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [p for k, v in inner for p in places(v, (*path, k))]


PLACES = places(json.loads(freeze(ANSWER)))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PLACES), JSON_VALUES, st.booleans())
def test_a_damaged_answer_is_an_answer_or_one_sentence(path: tuple[Any, ...], value: Any, remove: bool) -> None:
    data = json.loads(freeze(ANSWER))
    at = data
    for key in path[:-1]:
        at = at[key]
    if remove:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    try:
        found: Answer | str = thaw_answer(json.dumps(data), "the answer a-1 of the history")
    except LibraryError as error:
        found = str(error)
    assert isinstance(found, Answer) or found.startswith("the answer a-1 of the history is damaged (")
    if isinstance(found, Answer):
        freeze(found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[]", "wrong kind"),
        ("{}", "no question"),
        ("[" * 100_000, "damaged"),
        (freeze(ANSWER)[:-40], "damaged"),
        (freeze(ANSWER).replace('"score":0.75', '"score":NaN'), "score is no number"),
        (freeze(ANSWER).replace('"score":0.75', '"score":"much"'), "evidence[0].score is no number"),
        (freeze(ANSWER).replace('"REFUTES"', '"MAYBE"'), "'MAYBE', which is not known"),
        (freeze(ANSWER).replace('"n":2', '"n":1'), "two passages have one number"),
        (freeze(ANSWER).replace('"evidence":[1,2]', '"evidence":[1,7]', 1), "[7], which it does not hold"),
        (
            freeze(ANSWER).replace('"paper_id":"b","text":"quote"', '"paper_id":"b","text":"other"'),
            "[2] is not in its passage",
        ),
    ],
)
def test_what_is_damaged_is_named(text: str, why: str) -> None:
    with pytest.raises(LibraryError) as caught:
        thaw_answer(text, "the answer")
    assert why in str(caught.value)
    assert "assistant history delete" in str(caught.value)


def test_a_field_that_an_older_file_lacks_takes_its_default() -> None:
    data = json.loads(freeze(ANSWER))
    del data["follow_ups"], data["provenance"]["counts"]
    provenance = dataclasses.replace(ANSWER.provenance, counts={})
    older = dataclasses.replace(ANSWER, follow_ups=(), provenance=provenance)
    assert older != ANSWER
    assert thaw(Answer, json.dumps(data), "it") == older


def test_a_field_of_a_newer_file_is_passed_over() -> None:
    assert thaw(Filters, '{"papers":["a"],"colour":"red"}', "it") == Filters(papers=("a",))


def test_a_name_that_is_no_text_leads_back_to_the_file() -> None:
    paper = thaw(Paper, freeze(Paper("a", "a", "", paths=(Path(ODD),))), "it")
    assert os.fsencode(paper.paths[0]) == b"/papers/caf\xe9.pdf"


def test_numbers_of_numpy_are_kept_as_numbers() -> None:
    verdict = Verdict("c", Label.SUPPORTS, float(np.float32(0.1)), n_for=int(np.int64(3)))
    raw: Any = Verdict("c", Label.SUPPORTS, np.float32(0.1), n_for=np.int64(3))  # type: ignore[arg-type]
    assert thaw(Verdict, freeze(raw), "it") == verdict


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        freeze(Verdict("c", Label.SUPPORTS, float("nan")))


def test_the_verdict_of_the_contract() -> None:
    assert thaw(Verdict, freeze(VERDICT), "it") == VERDICT
