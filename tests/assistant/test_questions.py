from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.attribution import is_attributed
from assistant.questions import as_claim


@pytest.mark.parametrize(
    ("question", "claim"),
    [
        ("Does velorite increase the yield of tomatoes?", "Velorite increases the yield of tomatoes."),
        ("Does the increase in dose reduce risk?", "The increase in dose reduces risk."),
        ("Do statins reduce mortality?", "Statins reduce mortality."),
        ("Did the drug reduce pain?", "The drug did reduce pain."),
        ("Can vitamin D prevent falls?", "Vitamin D can prevent falls."),
        ("Is aspirin an effective treatment for gout?", "Aspirin is an effective treatment for gout."),
        ("Are statins associated with lower mortality?", "Statins are associated with lower mortality."),
        ("Velorite increases yield.", "Velorite increases yield."),
        ("What raises yield?", ""),
        ("How does velorite affect yield?", ""),
        ("velorite yield", ""),
        ("Does?", ""),
        ("Is it?", ""),
        ("Do bees sleep?", ""),
    ],
)
def test_a_yes_no_question_asks_about_a_claim(question: str, claim: str) -> None:
    assert as_claim(question) == claim


@given(st.text(max_size=80))
def test_any_text_is_a_claim_or_none(text: str) -> None:
    assert as_claim(text) == "" or as_claim(text).endswith(".")


@pytest.mark.parametrize(
    ("sentence", "attributed"),
    [
        ("On loam velorite has been reported to raise yield by 15 to 18 %.", True),
        ("Smith et al. found that it raised yield.", True),
        ("Velorite raised yield in pots [2, 4].", True),
        ("It raised yield in pots (Sand and Li, 2019).", True),
        ("Previous field studies showed a rise.", True),
        ("In line with previous studies, we found no effect [3].", False),
        ("In this trial yield rose, as reported earlier [3].", False),
        ("Velorite raised yield by 15 % (95 % CI 6 to 24 %; p = 0.001).", False),
        ("Mortality fell in the group treated from (2001 to 2004).", False),
    ],
)
def test_what_others_found_is_told_from_own_findings(sentence: str, attributed: bool) -> None:
    assert is_attributed(sentence) is attributed
