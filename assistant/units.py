"""What a unit measures and how much of it: a spelling -> dimension and factor.

Common units of the lab and the clinic come from a table of our own. Pint knows the rest; it takes 0.3 s of CPU to load,
so it is asked only about the unit words of `RARE`. Knows no text around a unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERCENT = "%"
POINTS = "percentage points"
FOLD = "fold"

_PREFIXES = {
    "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1,
    "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
}  # fmt: skip
_LONG_PREFIXES = {
    "femto": 1e-15, "pico": 1e-12, "nano": 1e-9, "micro": 1e-6, "milli": 1e-3, "centi": 1e-2, "deci": 1e-1,
    "kilo": 1e3, "mega": 1e6, "giga": 1e9,
}  # fmt: skip
_PA = "kg m^-1 s^-2"
_J = "kg m^2 s^-2"
_DAY = 86400.0
_YEAR = 365.25 * _DAY
# Symbols that take a prefix: kilograms, metres, seconds, moles and what is made of them.
_SYMBOLS: dict[str, tuple[float, str]] = {
    "g": (1e-3, "kg"), "m": (1.0, "m"), "s": (1.0, "s"), "mol": (1.0, "mol"), "L": (1e-3, "m^3"), "l": (1e-3, "m^3"),
    "M": (1e3, "mol m^-3"), "Hz": (1.0, "s^-1"), "Pa": (1.0, _PA), "J": (1.0, _J), "W": (1.0, "kg m^2 s^-3"),
    "N": (1.0, "kg m s^-2"), "eV": (1.602176634e-19, _J), "cal": (4.184, _J), "A": (1.0, "A"),
    "V": (1.0, "kg m^2 s^-3 A^-1"), "Da": (1.66053906892e-27, "kg"), "Gy": (1.0, "m^2 s^-2"), "Sv": (1.0, "Sv"),
    "Bq": (1.0, "Bq"), "bp": (1.0, "bp"), "b": (1.0, "bp"), "U": (1.0, "U"), "IU": (1.0, "IU"), "Eq": (1.0, "Eq"),
    "T": (1.0, "kg s^-2 A^-1"), "K": (1.0, "K"),
}  # fmt: skip
# Written-out names that take a written-out prefix; a plural "s" is taken off first.
_NAMES: dict[str, tuple[float, str]] = {
    "gram": _SYMBOLS["g"], "gramme": _SYMBOLS["g"], "meter": _SYMBOLS["m"], "metre": _SYMBOLS["m"],
    "second": _SYMBOLS["s"], "mole": _SYMBOLS["mol"], "liter": _SYMBOLS["L"], "litre": _SYMBOLS["L"],
    "molar": _SYMBOLS["M"], "hertz": _SYMBOLS["Hz"], "pascal": _SYMBOLS["Pa"], "joule": _SYMBOLS["J"],
    "watt": _SYMBOLS["W"], "volt": _SYMBOLS["V"], "dalton": _SYMBOLS["Da"], "calorie": _SYMBOLS["cal"],
    "base": _SYMBOLS["bp"], "mol": _SYMBOLS["mol"],
}  # fmt: skip
# Whole spellings that take no prefix.
_WHOLE: dict[str, tuple[float, str]] = {
    "%": (1.0, PERCENT), "percent": (1.0, PERCENT), "per cent": (1.0, PERCENT), "％": (1.0, PERCENT),
    "‰": (0.1, PERCENT), "percentage point": (1.0, POINTS), "percentage points": (1.0, POINTS),
    "fold": (1.0, FOLD), "times": (1.0, FOLD), "x": (1.0, FOLD), "×": (1.0, FOLD), "倍": (1.0, FOLD),
    "sec": (1.0, "s"), "secs": (1.0, "s"), "msec": (1e-3, "s"), "min": (60.0, "s"), "mins": (60.0, "s"),
    "minute": (60.0, "s"), "minutes": (60.0, "s"), "h": (3600.0, "s"), "hr": (3600.0, "s"), "hrs": (3600.0, "s"),
    "hour": (3600.0, "s"), "hours": (3600.0, "s"), "d": (_DAY, "s"), "day": (_DAY, "s"), "days": (_DAY, "s"),
    "wk": (7 * _DAY, "s"), "wks": (7 * _DAY, "s"), "week": (7 * _DAY, "s"), "weeks": (7 * _DAY, "s"),
    "month": (_YEAR / 12, "s"), "months": (_YEAR / 12, "s"), "mo": (_YEAR / 12, "s"), "year": (_YEAR, "s"),
    "years": (_YEAR, "s"), "yr": (_YEAR, "s"), "yrs": (_YEAR, "s"), "y": (_YEAR, "s"), "decade": (10 * _YEAR, "s"),
    "decades": (10 * _YEAR, "s"), "cc": (1e-6, "m^3"), "mmHg": (133.322387415, _PA), "mm Hg": (133.322387415, _PA),
    "cmH2O": (98.0665, _PA), "atm": (101325.0, _PA), "ppm": (1e-4, PERCENT), "ppb": (1e-7, PERCENT),
    "kd": (1.66053906892e-24, "kg"), "kD": (1.66053906892e-24, "kg"), "lb": (0.45359237, "kg"),
    "lbs": (0.45359237, "kg"), "inch": (0.0254, "m"), "inches": (0.0254, "m"), "mile": (1609.344, "m"),
    "miles": (1609.344, "m"), "Å": (1e-10, "m"), "°C": (1.0, "K"), "°F": (5 / 9, "K"), "℃": (1.0, "K"),
    "rpm": (1 / 60, "s^-1"), "IUs": (1.0, "IU"), "units": (1.0, "U"), "nt": (1.0, "bp"),
    "tonne": (1e3, "kg"), "tonnes": (1e3, "kg"), "hectare": (1e4, "m^2"), "ha": (1e4, "m^2"),
    "acre": (4046.8564224, "m^2"),
    "dollars": (1.0, "USD"), "毫克": (1e-6, "kg"), "微克": (1e-9, "kg"), "千克": (1.0, "kg"), "公斤": (1.0, "kg"),
    "克": (1e-3, "kg"), "毫升": (1e-6, "m^3"), "升": (1e-3, "m^3"), "毫米": (1e-3, "m"), "厘米": (1e-2, "m"),
    "米": (1.0, "m"), "秒": (1.0, "s"), "分钟": (60.0, "s"), "小时": (3600.0, "s"), "天": (_DAY, "s"),
    "周": (7 * _DAY, "s"), "个月": (_YEAR / 12, "s"), "年": (_YEAR, "s"), "岁": (_YEAR, "s"),
}  # fmt: skip
_OFFSETS = {"°C": 273.15, "℃": 273.15, "°F": 459.67 * 5 / 9}
"""Kelvin at zero of a scale of temperature."""
RARE = _words(
    "tesla teslas gauss bar mbar psi torr knot knots parsec parsecs ohm ohms farad farads henry weber lumen lux "
    "candela curie curies becquerel becquerels sievert sieverts gray rad rads coulomb coulombs newton newtons "
    "kelvin ampere amperes erg ergs foot feet yard yards ounce ounces pound pounds gallon gallons fortnight "
    "fortnights kat katal angstrom angstroms oersted siemens poise decibel hartree bushel bushels fathom furlong "
    "radian radians steradian"
)
"""Unit words that pint is asked about, and no others: it would take many a plain word for a unit."""
_MAX_UNIT = 40
"""Characters of the longest spelling looked at."""
_FACTOR = re.compile(r"(.*?)(?:\^?([-−⁻]?[1-4]|[⁻]?[¹²³⁴]))?")
_SUPERSCRIPTS = str.maketrans("⁻−¹²³⁴", "--1234")


@dataclass(frozen=True, slots=True)
class Unit:
    """`dimension` is equal for units that can be turned into each other; a value times `factor` plus `offset` is in
    the dimension's base unit."""

    dimension: str
    factor: float = 1.0
    offset: float = 0.0


@cache
def unit(spelling: str) -> Unit | None:
    """The unit a spelling names ("mg/kg", "µM", "weeks", "kg m^-2"), None for no unit. Case counts."""
    spelling = spelling.strip()
    if not spelling or len(spelling) > _MAX_UNIT:
        return None
    found = _atom(spelling)
    if found is not None:
        return Unit(found[1], found[0], _OFFSETS.get(spelling, 0.0))
    return _compound(spelling)


def _compound(spelling: str) -> Unit | None:
    """A unit made of others. What cancels is kept by name: mg/kg is no plain number."""
    factor, powers = 1.0, dict[str, int]()
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for i, part in enumerate(re.split(r"\s*/\s*|\s+per\s+", spelling)):
        for piece in re.split(r"[\s·⋅.]+", part):
            match = _FACTOR.fullmatch(piece)
            atom = _atom(match.group(1)) if match else None
            if match is None or atom is None:
                return None
            power = int((match.group(2) or "1").translate(_SUPERSCRIPTS)) * (-1 if i else 1)
            if (match.group(2) or "").isdecimal() and "^" not in piece and atom[1] != "m":
                return None
            factor *= atom[0] ** power
            _add(powers, atom[1], power)
            sides[power > 0].update(base.partition("^")[0] for base in atom[1].split(" "))
    shared = "".join(f" {name}/{name}" for name in sorted(sides[True] & sides[False]) if not powers[name])
    return Unit(_dimension(powers) + shared, factor)


def _add(powers: dict[str, int], dimension: str, power: int) -> None:
    for base in dimension.split(" "):
        name, _, own = base.partition("^")
        powers[name] = powers.get(name, 0) + power * int(own or "1")


def _dimension(powers: dict[str, int]) -> str:
    return " ".join(name if n == 1 else f"{name}^{n}" for name, n in sorted(powers.items()) if n)


def _atom(name: str) -> tuple[float, str] | None:
    """(factor, dimension) of one unit, the dimension in the order that `_dimension` writes."""
    found = _WHOLE.get(name) or _SYMBOLS.get(name) or _prefixed(name) or _written_out(name) or _asked(name)
    if found is None:
        return None
    powers = dict[str, int]()
    _add(powers, found[1], 1)
    return found[0], _dimension(powers)


def _prefixed(name: str) -> tuple[float, str] | None:
    base = _SYMBOLS.get(name[1:])
    if base is None or name[:1] not in _PREFIXES:
        return None
    return base[0] * _PREFIXES[name[:1]], base[1]


def _written_out(name: str) -> tuple[float, str] | None:
    name = name.casefold()
    name = name[:-1] if name.endswith("s") else name
    if name in _NAMES:
        return _NAMES[name]
    for prefix, factor in _LONG_PREFIXES.items():
        base = _NAMES.get(name[len(prefix) :]) if name.startswith(prefix) else None
        if base is not None:
            return base[0] * factor, base[1]
    return None


_PINT_BASES = {
    "kilogram": "kg", "meter": "m", "second": "s", "mole": "mol", "ampere": "A", "kelvin": "K", "candela": "cd",
    "radian": "rad",
}  # fmt: skip


def _asked(name: str) -> tuple[float, str] | None:
    """What pint says of one of the `RARE` words."""
    if name not in RARE:
        return None
    import pint

    try:
        value = _registry().Quantity(1.0, name).to_base_units()
    except (pint.errors.PintError, ValueError, TypeError, ArithmeticError):
        return None
    powers = {_PINT_BASES.get(str(base), str(base)): int(power) for base, power in value.unit_items()}
    return float(value.magnitude), _dimension(powers) or name


@cache
def _registry():  # type: ignore[no-untyped-def]
    import pint

    return pint.UnitRegistry(cache_folder=None)
