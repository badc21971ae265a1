"""Sentences have exact offsets, and end where a reader of papers ends them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.sentences import character_pairs, fts_text, is_complete, sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("No stop at all", ["No stop at all"]),
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Shown by Smith et al. (2019). It held.", ["Shown by Smith et al. (2019).", "It held."]),
        ("As in Doe et al. [3]. Next.", ["As in Doe et al. [3].", "Next."]),
        ("See Fig. 2 and Eq. (4). Then Table 1.", ["See Fig. 2 and Eq. (4).", "Then Table 1."]),
        ("Drugs, e.g. Aspirin, i.e. Acetyl acid, help.", ["Drugs, e.g. Aspirin, i.e. Acetyl acid, help."]),
        ("It rose by 3.5 mg, p < 0.05. We stopped.", ["It rose by 3.5 mg, p < 0.05.", "We stopped."]),
        ("J. Smith and K. L. Doe wrote it. S. aureus grew.", ["J. Smith and K. L. Doe wrote it.", "S. aureus grew."]),
        ("It was so [3, 4]. We agree.", ["It was so [3, 4].", "We agree."]),
        ("It was so.[3] We agree.", ["It was so.[3]", "We agree."]),
        ("It was so. [3, 4] We agree.", ["It was so. [3, 4]", "We agree."]),
        ("It was so.12,13 We agree.", ["It was so.12,13", "We agree."]),
        ("It was so.¹² We agree.", ["It was so.¹²", "We agree."]),
        ("We gave vitamin C. Treatment failed.", ["We gave vitamin C.", "Treatment failed."]),
        ("The answer is no. We left. See no. 5 there.", ["The answer is no.", "We left.", "See no. 5 there."]),
        ("Expressed less. mTOR rose. p53 fell.", ["Expressed less.", "mTOR rose.", "p53 fell."]),
        ("1. First things. 2. Second things.", ["1. First things.", "2. Second things."]),
        ("Figure 2. Survival of mice. It rose.", ["Figure 2. Survival of mice.", "It rose."]),
        ("He said “stop.” We did (at once.) Good.", ["He said “stop.”", "We did (at once.)", "Good."]),
        ("It was 5 °C. 3 died.", ["It was 5 °C.", "3 died."]),
        ("A line\nbreak. ends it", ["A line", "break. ends it"]),
        ("这是第一句。这是“第二句！”对吗？是", ["这是第一句。", "这是“第二句！”", "对吗？", "是"]),
        ("用量为3.5毫克(p<0.05)。完", ["用量为3.5毫克(p<0.05)。", "完"]),
        ("Pots of 5 L. Leaves of 1.5 m. Roots.", ["Pots of 5 L.", "Leaves of 1.5 m.", "Roots."]),
        ("In 2004 J. Smith left for 30 min. Cells died.", ["In 2004 J. Smith left for 30 min.", "Cells died."]),
        ("Chains run along b. Set p. Arg2.", ["Chains run along b.", "Set p. Arg2."]),
        ("By J.B.S. Haldane, i. e. Power, U.S. Senate.", ["By J.B.S. Haldane, i. e. Power, U.S. Senate."]),
        ("Common in MS. Interleukin rose.", ["Common in MS.", "Interleukin rose."]),
        ("Daphnia spp. The rest of Samples from Wk. 3 too.", ["Daphnia spp.", "The rest of Samples from Wk. 3 too."]),
        ("It rose (A. T. Beck, R. A. Steer. Nature) then.", ["It rose (A. T. Beck, R. A. Steer. Nature) then."]),
        ("It rose. (It fell. See Box.) We left.", ["It rose.", "(It fell.", "See Box.)", "We left."]),
        ("Open (it. Never. Closed.", ["Open (it.", "Never.", "Closed."]),
        ("A bead, ... None. Leaders . . . . 174 Ethers", ["A bead, ...", "None.", "Leaders . . . . 174 Ethers"]),
        ('A term, "stress. " We left. © 2001 Us.', ['A term, "stress. "', "We left.", "© 2001 Us."]),
        ("差异显著.方法见图1(p<0.05).结果16％.完", ["差异显著.", "方法见图1(p<0.05).", "结果16％.", "完"]),
        ("大肠杆菌(E.coli)与Smith et al.的方法", ["大肠杆菌(E.coli)与Smith et al.的方法"]),
        ("为１．５克．完．", ["为１．５克．", "完．"]),
        ("“正常。”他说。“对吗？”是问题。见《谁？》一书。", ["“正常。”他说。", "“对吗？”是问题。", "见《谁？》一书。"]),
        ("他写：“无效。”随后他写道：“完。”", ["他写：“无效。”", "随后他写道：“完。”"]),
        ("不同。［6］一说无；一说有。[7，8]完", ["不同。［6］", "一说无；一说有。[7，8]", "完"]),
        ("图1．模型。如此！", ["图1．模型。", "如此！"]),
    ],
)
def test_splits_as_a_reader_does(text: str, expected: list[str]) -> None:
    assert split(text) == expected


PIECES = st.sampled_from(
    [
        "(",
        "．",
        "5 L.",
        "。”",
        "》",
        "A",
        "b",
        " ",
        "\n",
        ".",
        "?",
        "…",
        "。",
        "[3]",
        "［6］",
        "1",
        ",",
        "et al.",
        "Fig. ",
        "¹",
        ")",
        "“",
        "中文",
        "\t",
        "\u2028",
        "J.",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
def test_tiles_all_that_is_not_space(text: str) -> None:
    found = sentences(text)
    covered = [False] * len(text)
    last = 0
    for start, end in found:
        assert last <= start < end
        assert text[start:end] == text[start:end].strip()
        assert "\n" not in text[start:end]
        covered[start:end] = [True] * (end - start)
        last = end
    assert all(inside or c.isspace() for c, inside in zip(text, covered, strict=True))


@given(st.lists(PIECES, max_size=20).map("".join))
def test_a_sentence_alone_is_itself_again(text: str) -> None:
    """Lines are split each on its own."""
    lines = text.split("\n")
    assert split(text) == [s for line in lines for s in split(line)]


@pytest.mark.parametrize(
    "piece",
    [
        ".",
        "A. ",
        ".)",
        ". [1] ",
        "a",
        ".1,",
        " ",
        ".    ",
        "。",
        "et al. ",
        "1. ",
        "(",
        "(.",
        "(a. ",
        "[a.)",
        "A.中",
        "．",
        "。”是",
        "Q. (A. B) ",
    ],
)
def test_endless_input_takes_linear_time(piece: str) -> None:
    begin = time.process_time()
    sentences(piece * 30_000)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("text", ["It ends.", "It ends.12", "It ends. [3]", "It ends.”", "完了。", "Really?"])
def test_complete(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize("text", ["", "It does not", "by Doe et al.", "see Fig.", "with 3.5", "by J.", "so,"])
def test_incomplete(text: str) -> None:
    assert not is_complete(text)


def test_full_text_form() -> None:
    assert fts_text("plain text, 3.5 mg") == "plain text, 3.5 mg"
    assert fts_text("ef\ufb01cient co\u00adoperation") == "efficient cooperation"
    assert fts_text("治疗肺癌 works").split() == ["治疗", "疗肺", "肺癌", "works"]
    assert fts_text("p53基因").split() == ["p53", "基因"]


@given(st.text(alphabet="肺癌基因治疗", min_size=2, max_size=9))
def test_pairs_hold_every_neighbour(run: str) -> None:
    pairs = character_pairs(run)
    assert len(pairs) == len(run) - 1
    assert run == pairs[0][0] + "".join(pair[1] for pair in pairs)
