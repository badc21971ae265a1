from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mismatches import MismatchKind, compare, mismatches, unmatched
from tests.assistant.test_quantities import PIECES

VALUE, UNIT, SIGN, DIRECTION = MismatchKind.VALUE, MismatchKind.UNIT, MismatchKind.SIGN, MismatchKind.DIRECTION


@pytest.mark.parametrize(
    ("claim", "evidence", "kind"),
    [
        ("Velorite raised tomato yield by 25 %.", "Velorite raised tomato yield by 15 % on all farms.", VALUE),
        ("Mice were given 500 mg of aspirin.", "Mice were given 5 g of aspirin daily.", VALUE),
        ("The reactor was heated to 300 °C.", "The reactor was heated to 350 °C for an hour.", VALUE),
        ("The survey covered 12 lakes.", "The survey covered 21 lakes in Norway.", VALUE),
        ("The alloy was annealed for 3 hours.", "The alloy was annealed for 3 days.", UNIT),
        ("Each plot received 40 kg of nitrogen.", "Each plot received 40 L of nitrogen.", UNIT),
        ("The enthalpy of mixing was 3.2 kJ.", "The enthalpy of mixing was −3.2 kJ.", SIGN),
        ("Statins decrease the risk of stroke.", "Statins increased the risk of stroke in women.", DIRECTION),
        ("Warm soil has lower microbial respiration.", "Warm soil had higher microbial respiration.", DIRECTION),
        ("Kinase A inhibits autophagy in yeast.", "Kinase A activates autophagy in yeast.", DIRECTION),
        ("Income is positively correlated with turnout.", "Income was negatively correlated with turnout.", DIRECTION),
        ("Doping reduces the band gap of the oxide.", "Doping increases the band gap of the oxide.", DIRECTION),
        ("Shade up-regulates the growth gene.", "Shade down-regulates the growth gene.", DIRECTION),
        ("Memory cells reduce cytokines.", "Memory, but not naive, cells raise the level of cytokines.", DIRECTION),
        ("Sleep impairs recall of words.", "Sleep enhances recall of words in adults.", DIRECTION),
        ("Compost dampens growth of moss.", "Compost stimulates growth of moss.", DIRECTION),
        ("Shade intensifies the leaf burn.", "Shade relieves the leaf burn.", DIRECTION),
        ("High doses of salt kill snails.", "Low doses of salt kill snails.", DIRECTION),
        ("Chalk dust increases cough among old school teachers.", "Cough is reduced by chalk.", DIRECTION),
        ("该药增加血压。", "该药降低血压。", DIRECTION),
        ("One in three trees died after the fire.", "One in five trees died after the fire.", VALUE),
        ("The hazard ratio for stroke was 1.75.", "The hazard ratio for stroke was 0.75.", VALUE),
    ],
)
def test_a_mismatch_is_named(claim: str, evidence: str, kind: MismatchKind) -> None:
    found = mismatches(claim, evidence)
    assert [m.kind for m in found] == [kind]
    mine, theirs = (
        claim[found[0].claim_start : found[0].claim_end],
        evidence[found[0].evidence_start : found[0].evidence_end],
    )
    assert f"“{mine}”" in found[0].sentence
    assert f"“{theirs}”" in found[0].sentence
    assert mine
    assert theirs


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Mice were given 0.5 g of aspirin.", "Mice were given 500 mg of aspirin."),
        ("The alloy was annealed for 1 h.", "The alloy was annealed for 60 min."),
        ("76-85% of patients receive no treatment.", "76.3% to 85.4% of patients received no treatment."),
        ("One in five trials are stopped early.", "Of the trials 21% were stopped early."),
        ("Some 12 lakes were surveyed.", "Twelve lakes were surveyed."),
        ("Plants grew for more than 10 days.", "Plants grew for 12 days."),
        ("The yield doubled.", "The yield rose 2-fold."),
        ("Velorite raised yield by 15 %.", "Velorite raised yield by 12-18 %."),
        ("Statins decrease the risk of stroke.", "Statins did not increase the risk of stroke."),
        ("Statins decrease the risk of stroke.", "Lack of statins increased the risk of stroke."),
        ("Gene Wnt4 inhibits root hair growth.", "Salt induced gene Wnt4 and so short root hair."),
        ("Statins decrease the risk of stroke.", "Not only did statins fail, they did not increase stroke risk."),
        ("Long-term potentiation needs the kinase.", "Long-term potentiation was abolished in kinase mutants."),
        ("Statins decrease the risk of stroke.", "Aspirin increased the yield of wheat."),
        ("The treated group lost 5 kg.", "The weather was dry in 12 weeks of that year."),
        ("Yield of maize fell by 5 %.", "The change in yield of maize was −5 %."),
        ("The drug was given at 5 mg.", ""),
        ("", "The drug was given at 5 mg."),
        ("About 50% of voters agreed.", "53% of voters agreed."),
    ],
)
def test_no_mismatch(claim: str, evidence: str) -> None:
    assert mismatches(claim, evidence) == ()


def test_a_number_the_evidence_does_not_mention_is_unmatched() -> None:
    claim = "The treated group lost 5 kg."
    assert [q.text for q in unmatched(claim, "The weather was dry.")] == ["5 kg"]
    assert unmatched(claim, "The treated group lost 5000 g.") == ()


SENTENCES = st.lists(
    PIECES | st.sampled_from(
        ["increases ", "decreased ", "lower ", "risk ", "of stroke ", "not ", "lack of ", "more ", "less ",
         "mice ", ". ", "增加", "减少"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(SENTENCES)
def test_nothing_differs_from_itself(text: str) -> None:
    assert mismatches(text, text) == ()
    assert unmatched(text, text) == ()


@given(SENTENCES | st.text(max_size=60), SENTENCES | st.text(max_size=60))
def test_offsets_are_within_the_texts_and_nothing_raises(claim: str, evidence: str) -> None:
    for m in compare(claim, evidence).mismatches:
        assert 0 <= m.claim_start < m.claim_end <= len(claim)
        assert 0 <= m.evidence_start < m.evidence_end <= len(evidence)


@pytest.mark.parametrize("unit", ["increases 5 mg lower risk ", "5 mg ", "not increased ", "higher", "a. ", "p < 1-2 "])
def test_time_stays_small_on_hostile_text(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    began = time.process_time()
    mismatches(text, text)
    assert time.process_time() - began < 10
