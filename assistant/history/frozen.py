"""Answers as they are kept: every field of the vocabulary to JSON and back, without loss.

Follows the type annotations of `assistant.types`, so a field that is added there is kept without a word here; one that
an older file lacks takes its default. What comes back is validated: the file may be damaged or written by another
hand. Paths keep the bytes of names that are no text, as lone surrogates in ASCII JSON. Pure.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
import numbers
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import LibraryError
from assistant.types import Answer

T = TypeVar("T")


class Damaged(ValueError):
    """What was kept does not say what it should; the message names the place."""


def freeze(value: Any) -> str:
    """A value of the vocabulary as ASCII JSON, the same bytes for the same value. Raises ValueError for a number that
    is not finite."""
    return json.dumps(plain(value), allow_nan=False, separators=(",", ":"))


def plain(value: Any) -> Any:
    """A value of the vocabulary as dictionaries, lists, texts and numbers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (Path, enum.Enum)):
        return str(value)
    if value is None or isinstance(value, (bool, str)):
        return value
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def thaw(kind: type[T], text: str, where: str) -> T:
    """The inverse of `freeze`. `where` names what is read; raises LibraryError where it is damaged."""
    try:
        value: T = build(kind, json.loads(text))
    except (ValueError, OverflowError, RecursionError) as error:
        raise _damaged(where, str(error) or type(error).__name__) from error
    return value


def thaw_answer(text: str, where: str) -> Answer:
    """As `thaw`, and looks whether each [n] and each quote is what an answer promises."""
    answer = thaw(Answer, text, where)
    if fault := _broken_promise(answer):
        raise _damaged(where, fault)
    return answer


def _damaged(where: str, why: str) -> LibraryError:
    return LibraryError(
        f"{where} is damaged ({why}); others are not touched: delete its conversation with `assistant history delete "
        "ID`, or restore history.db from a copy"
    )


def _broken_promise(answer: Answer) -> str:
    """What of an answer contradicts itself; "" where nothing does."""
    numbers = [e.n for e in answer.evidence]
    if len(set(numbers)) != len(numbers):
        return "two passages have one number"
    cited = {n for step in answer.steps for n in step.evidence}
    if lost := sorted(cited - set(numbers)):
        return f"it cites [{lost[0]}], which it does not hold"
    if other := next((e for e in answer.evidence if _one_line(e.text) not in _one_line(e.passage.text)), None):
        return f"the quote [{other.n}] is not in its passage"
    return ""


def build(kind: Any, value: Any, where: str = "it") -> Any:
    """`value`, as `plain` gives it, as a `kind`: a dataclass of the vocabulary or any type its fields have. Raises
    Damaged by the place of the first thing that does not fit."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _one_of(typing.get_args(kind), value, where)
    if origin is tuple:
        return _tuple(typing.get_args(kind), value, where)
    if origin is dict:
        _, of = typing.get_args(kind)
        return {k: build(of, v, f"{where}.{k}") for k, v in _expect(dict, value, where).items()}
    if dataclasses.is_dataclass(kind):
        return _record(kind, value, where)
    return _single(kind, value, where)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _record(kind: Any, value: Any, where: str) -> Any:
    given = _expect(dict, value, where)
    values = {}
    for field, of in _fields(kind):
        if field.name in given:
            values[field.name] = build(of, given[field.name], f"{where}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise Damaged(f"{where} has no {field.name}")
    return kind(**values)


@functools.cache
def _fields(kind: Any) -> tuple[tuple[dataclasses.Field[Any], Any], ...]:
    annotations = typing.get_type_hints(kind)
    return tuple((f, annotations[f.name]) for f in dataclasses.fields(kind))


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """Of `X | None` and the like; the vocabulary has no union of two records."""
    if value is None and type(None) in kinds:
        return None
    return build(next(k for k in kinds if k is not type(None)), value, where)


def _tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    items = _expect(list, value, where)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(items)
    if len(items) != len(kinds):
        raise Damaged(f"{where} has {len(items)} parts where {len(kinds)} belong")
    return tuple(build(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(kinds, items, strict=True)))


def _single(kind: Any, value: Any, where: str) -> Any:
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise Damaged(f"{where} is no number")
        return float(value)
    if isinstance(kind, type) and issubclass(kind, (enum.Enum, Path)):
        return _converted(kind, _expect(str, value, where), where)
    if kind is int and isinstance(value, bool):
        raise Damaged(f"{where} is no whole number")
    return _expect(kind, value, where)


def _converted(kind: Callable[[str], Any], value: str, where: str) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        raise Damaged(f"{where} is {value[:40]!r}, which is not known") from error


def _expect(kind: type[T], value: Any, where: str) -> T:
    if not isinstance(value, kind):
        raise Damaged(f"{where} is of the wrong kind ({type(value).__name__}, not {kind.__name__})")
    return value
