"""The settings in force, told by where each comes from, and a change of them kept in assistant.toml.

The rules are `config`'s: arguments win over variables, these over the file, that over the defaults. So a change can
only be kept where neither an argument nor a variable stands in its way. Comments in the file stay.
"""

from __future__ import annotations

import dataclasses
import enum
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from assistant.config import FILE, Settings, variable
from assistant.errors import AssistantError, UsageError


class Origin(enum.StrEnum):
    """Where a setting's value comes from, the strongest first."""

    ARGUMENT = "argument"
    VARIABLE = "variable"
    FILE = "file"
    DEFAULT = "default"


FIXED = (Origin.ARGUMENT, Origin.VARIABLE)
"""Origins that win over the file."""


def origins(
    given: Collection[str], *, environ: Mapping[str, str] = os.environ, folder: Path | None = None
) -> dict[str, Origin]:
    """Each setting's origin; `given` are the names that came as arguments. Raises UsageError for a damaged file."""
    in_file = _read(_path(folder))
    return {f.name: _origin(f.name, given, environ, in_file) for f in dataclasses.fields(Settings)}


def _origin(name: str, given: Collection[str], environ: Mapping[str, str], in_file: Collection[str]) -> Origin:
    if name in given:
        return Origin.ARGUMENT
    if environ.get(variable(name)):
        return Origin.VARIABLE
    return Origin.FILE if name in in_file else Origin.DEFAULT


def keep(changes: Mapping[str, Any], *, folder: Path | None = None) -> Path:
    """Write changes into the file, whole or not at all; what equals its default is taken out of it. Returns its path.

    Raises UsageError for a file that is no TOML, AssistantError where it cannot be written.
    """
    path = _path(folder)
    document = _read(path)
    defaults = Settings()
    for name, value in changes.items():
        if value == getattr(defaults, name) or value is None:
            document.pop(name, None)
        else:
            document[name] = value
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_text(tomlkit.dumps(document), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise AssistantError(
            f"{path} cannot be written ({error.strerror or error}); the change holds until the program ends"
        ) from error
    return path


def _path(folder: Path | None) -> Path:
    return (folder or Path.cwd()) / FILE


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} cannot be read as TOML ({error}); mend or remove it") from error
