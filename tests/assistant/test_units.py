from __future__ import annotations

import math
import subprocess
import sys

import pytest

from assistant.units import RARE, unit

AS_PINT_WRITES = {
    "mg": "milligram", "µg": "microgram", "kDa": "kilodalton", "mL": "milliliter", "µM": "micromolar", "mmHg": "mmHg",
    "h": "hour", "min": "minute", "weeks": "week", "years": "year", "months": "month",
    "kcal": "kilocalorie", "eV": "eV",
    "kPa": "kilopascal", "atm": "atmosphere", "Hz": "hertz", "µV": "microvolt", "mg/dL": "mg/dL", "kg/m2": "kg/m**2",
    "mL min-1": "mL/min", "nm": "nanometer", "Å": "angstrom", "lb": "pound", "miles": "mile", "g·m-3": "g/m**3",
}  # fmt: skip


def test_our_table_agrees_with_pint() -> None:
    import pint

    registry = pint.UnitRegistry()
    for ours, theirs in AS_PINT_WRITES.items():
        found = unit(ours)
        base = registry.Quantity(1.0, theirs).to_base_units()
        grams = {str(name): power for name, power in base.unit_items()}
        assert found is not None, ours
        assert math.isclose(found.factor, base.magnitude, rel_tol=1e-6), (ours, found, base, grams)


@pytest.mark.parametrize(
    ("one", "other"),
    [("mg", "g"), ("h", "min"), ("mg/kg", "g/kg"), ("mmHg", "kPa"), ("µg/mL", "mg/L"), ("psi", "Pa"), ("feet", "m"),
     ("kg m^-2", "kg/m²"), ("mol/L", "mM"), ("milligrams", "µg"), ("毫克", "g"), ("tesla", "T")],
)  # fmt: skip
def test_units_of_one_dimension(one: str, other: str) -> None:
    a, b = unit(one), unit(other)
    assert a is not None
    assert b is not None
    assert a.dimension == b.dimension


@pytest.mark.parametrize(
    ("one", "other"), [("mg", "mL"), ("mg/kg", "%"), ("mg/kg/day", "Hz"), ("g", "mg/kg"), ("IU", "mg")]
)
def test_units_of_two_dimensions(one: str, other: str) -> None:
    a, b = unit(one), unit(other)
    assert a is not None
    assert b is not None
    assert a.dimension != b.dimension


@pytest.mark.parametrize("word", ["patients", "", "mice", "T3", "cells", "x" * 100, "/", "mg//kg", "per", "kg^9", "of"])
def test_what_is_no_unit(word: str) -> None:
    assert unit(word) is None


def test_each_rare_unit_is_one_that_pint_knows() -> None:
    assert [word for word in RARE if unit(word) is None] == []


def test_common_units_do_not_load_pint() -> None:
    code = (
        "import sys; from assistant.mismatches import mismatches as m; m('5 mg/kg for 2 weeks', '0.5 g at 37 °C');"
        "assert 'pint' not in sys.modules; m('a field of 3 tesla', '3 mT'); assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
