from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.quantities import Kind, quantities

PIECES = st.sampled_from(
    ["5", "0.5", " ", "mg", "%", "-", "−", "±", "10", "^", "3", ",", ".", "·", "to", "between ", "and",
     "half", "one in ", "five",
     "1e-4", "×", "⁻⁵", "(", ")", "[12]", "CI", "p < ", "n = ", "/", "per ", "°C", "million", "twice", "年", "克",
     "2010", "\n", "k",
     "m", "b", "p53", "IL-6", "x 10", "aged ", "\u2009", "²"]
)  # fmt: skip


def values(text: str) -> list[tuple[float, float, str]]:
    return [(q.low, q.high, q.unit) for q in quantities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dose of 0.5 g was given.", [(0.5, 0.5, "g")]),
        ("Rainfall rose by 1,250 mm.", [(1250, 1250, "mm")]),
        ("They sampled 12 lakes.", [(12, 12, "")]),
        ("A grain weighs 5 x 10^3 mg.", [(5000, 5000, "mg")]),
        ("A rate of 1e-4 M was seen.", [(1e-4, 1e-4, "M")]),
        ("A load of 10⁻⁵ mol/L.", [(1e-5, 1e-5, "mol/L")]),
        ("It lasted two weeks.", [(2, 2, "weeks")]),
        ("Twenty-two rats died.", [(22, 22, "")]),
        ("Half of the trees fell.", [(50, 50, "%")]),
        ("One in five voters agreed.", [(20, 20, "%")]),
        ("Two thirds of ants returned.", [(pytest.approx(200 / 3), pytest.approx(200 / 3), "%")]),
        ("Costs rose 2-fold.", [(2, 2, "fold")]),
        ("Yield doubled.", [(2, 2, "fold")]),
        ("Ages were 5-10 years.", [(5, 10, "years")]),
        ("Between 5 and 10 kb were lost.", [(5, 10, "kb")]),
        ("From 5 to 10 kb.", [(5, 5, "kb"), (10, 10, "kb")]),
        ("It cooled to -20 °C.", [(-20, -20, "°C")]),
        ("Weights of 23, 15 and 216 kDa.", [(23, 23, "kDa"), (15, 15, "kDa"), (216, 216, "kDa")]),
        ("A mean of 12.3 ± 4.5 years.", [(12.3, 12.3, "years")]),
        ("About 3·1% of them.", [(3.1, 3.1, "%")]),
        ("Some 2.5 million people.", [(2.5e6, 2.5e6, "")]),
        ("服用5毫克,每12小时。", [(5, 5, "毫克"), (12, 12, "小时")]),
        ("A 6-month trial.", [(6, 6, "month")]),
        ("A rise of 5 percentage points.", [(5, 5, "percentage points")]),
    ],
)
def test_values_and_units(text: str, expected: list[tuple[float, float, str]]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    "text",
    ["p53 binds IL-6 and CD4+ cells", "H2O and COVID-19", "type 2 diabetes",
     "T2D in phase III", "see Figure 3 and Table 2",
     "as shown before [12] and later [3,4]", "5-fluorouracil", "BRCA 1 carriers", "3T3 cells", "TDP-43 and caspase-11",
     "a half-life", "the third trial", "No one knows"],
)  # fmt: skip
def test_what_is_no_quantity(text: str) -> None:
    assert quantities(text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [("p = 0.04", Kind.P_VALUE), ("(n = 23)", Kind.SAMPLE), ("in 2010.", Kind.YEAR), ("HR 0.75", Kind.RATIO),
     ("an odds ratio of 1.2", Kind.RATIO), ("95% CI", Kind.LEVEL), ("95% CI 1.2-2.5", Kind.INTERVAL),
     ("32/368 births", Kind.PAIR),
     ("4 of 53 patients", Kind.PAIR), ("9 per 1000 births", Kind.BASE), ("2010 patients", Kind.COUNT),
     ("7 %", Kind.MEASURE)],
)  # fmt: skip
def test_kinds(text: str, kind: Kind) -> None:
    assert quantities(text)[-1].kind is kind


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("< 5 mg", "<"),
        ("at least 5 mg", ">="),
        ("more than 5 mg", ">"),
        ("aged 65 years or older", ">="),
        ("about 5 mg", "~"),
        ("5 mg", ""),
    ],
)
def test_bounds(text: str, bound: str) -> None:
    assert quantities(text)[0].bound == bound


def test_step_is_half_of_the_last_place() -> None:
    assert [q.step for q in quantities("5 mg, 5.0 mg, 1.92 × 10−3 mg, 3 million mites")] == pytest.approx(
        [0.5, 0.05, 5e-6, 5e5]
    )


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=80))
def test_offsets_are_exact_and_nothing_raises(text: str) -> None:
    end = 0
    for q in quantities(text):
        assert text[q.start : q.end] == q.text
        assert end <= q.start < q.end
        assert q.step >= 0
        end = q.end


@pytest.mark.parametrize(
    "unit", ["1 ", "1-", "1,", "5 mg/", "one in ", "a ", "(", "p < ", "10", "half", ".", "- ", "aged ", "[1,"]
)
def test_time_is_linear_in_hostile_text(unit: str) -> None:
    began = time.process_time()
    quantities(unit * (40_000 // len(unit)))
    assert time.process_time() - began < 5
