"""Values from outside (a worker process, a database), checked for type and range before anything is made of them."""

from __future__ import annotations

import math
from typing import Any

MAX_NAME, MAX_LIST = 2000, 500
"""Characters of a name, a title or a section's path, and items of a list."""
MAX_POINTS = 1e7


class WireError(ValueError):
    """A value is not what is allowed."""


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise WireError("not true or false")
    return value


def check_characters(text: str, *, allowed: str = "") -> None:
    if any(character < " " or character == "\x7f" for character in set(text) - set(allowed)):
        raise WireError("text has control characters")


def list_of(value: object, most: int, *, exactly: bool = False) -> list[Any]:
    if not isinstance(value, list) or len(value) > most or (exactly and len(value) != most):
        raise WireError("not a list of the right length")
    return value


def strings(value: object) -> tuple[str, ...]:
    return tuple(string(item, MAX_NAME) for item in list_of(value, MAX_LIST))


def string(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise WireError("not a string of allowed length")
    check_characters(value)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise WireError("text holds half a character") from error
    return value


def integer(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise WireError("not a whole number in range")
    return value


def points(value: object) -> float:
    """A length in points."""
    length = coordinate(value)
    if length < 0:
        raise WireError("not a length")
    return length


def coordinate(value: object) -> float:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not math.isfinite(value)
        or abs(value) > MAX_POINTS
    ):
        raise WireError("not a place on a page")
    return float(value)


def year_of(value: object) -> int | None:
    return None if value is None else integer(value, 1000, 9999)
