"""Wrong numbers, units, signs and directions put into supported claims: how many are caught, and false flags.

    python benchmarks/quantities.py [--split dev | train] [--part all | develop | held] [--no-verifier] [--show]

SciFact pairs labelled SUPPORT. One thing is swapped at a time, by rule, from lists of this file. Where it is put:
  claim     into the claim, against the gold sentences (union of the rationales). A number or unit only where they print
            it; a word of direction where they have it too ("same word") or say it in other words ("other words")
  evidence  into the gold sentences, where claim and sentences have it once and beside a shared word; the claim is kept
  quote     into a gold sentence, against that sentence as it is: the easy case
Caught by the rule: `assistant.mismatches` names a mismatch. Caught by the verifier: it said SUPPORTS of the original
pair and does not of the swapped one; one column counts only the swaps of pairs that it supported, the last what is not
called supported, wherever the original stood. Originals: claims with all gold sentences; claims with each rationale
alone, where there are several; halves of gold sentences (cut at a comma or semicolon nearest the middle) with the
whole. Apart from these, each gold sentence against the rest of its own abstract, full of other numbers. The rules were
set on train, four fifths of its documents ("develop"); "held" is the last fifth; dev is only reported. Intervals are by
bootstrap over documents, since several swaps come from one.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from assistant.finetune import load_verifier
from assistant.finetune.data import LABELS
from assistant.mismatches import Mismatch, mismatches
from assistant.verification import Verifier

Row = dict[str, Any]
DRAWS = 2000
"""Of a bootstrap."""
SOURCES = ("claim", "evidence", "quote")
GROUPS = ("number", "unit", "sign", "direction", "")
KINDS = ("number, near", "number, anywhere", "unit", "sign", "direction, same word", "direction, other words")
ORIGINALS = ("original, all gold sentences", "original, one rationale", "original, half a sentence")
REST = "rest of the abstract"

WORDS = dict(
    zip(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty"],
        (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 20),
        strict=True,
    )
)
NUMBER = re.compile(
    r"(?<![\w.,·/+:'’-])\d+(?:[.·,]\d+)*(?![\w/+:'’])(?!-(?!year|month|week|day|hour|fold|point)\w*[A-Za-z])|\b(?:"
    + "|".join(WORDS)
    + r")\b"
)
NAMED = re.compile(
    r"(?:\b(?:[Tt]ypes?|[Ff]ig\w*|[Tt]able|[Ss]tage|[Pp]hase|[Gg]rade|[Gg]roup|[Ii]nterleukin|[Vv]itamin|[Kk]inase|[Cc]odon|"
    r"[Rr]eceptor|connexin|pathogens|Forkhead|[Hh]elper|mcm|[Ff]actor|[Pp]rotein)|[A-Z]{2,})\s$"
)
UNITS = (
    ("mg", "g"), ("g", "mg"), ("kg", "g"), ("µg", "mg"), ("μg", "mg"), ("ng", "mg"), ("mL", "L"), ("ml", "l"),
    ("seconds", "minutes"), ("minutes", "hours"), ("min", "h"), ("hours", "days"), ("h", "days"), ("days", "weeks"),
    ("day", "week"), ("weeks", "months"), ("week", "month"),
    ("months", "years"), ("month", "year"), ("years", "months"),
    ("year", "week"), ("bp", "kb"), ("kb", "bp"), ("kD", "Da"), ("kDa", "Da"),
    ("mM", "µM"), ("µM", "mM"), ("μM", "mM"),
    ("nM", "µM"), ("mm", "cm"), ("cm", "mm"), ("km", "m"), ("mmHg", "kPa"), ("mm Hg", "kPa"), ("mmol", "mol"),
    ("%", "-fold"), ("ppm", "%"), ("nm", "mm"), ("µm", "cm"), ("μm", "cm"), ("IU", "mg"), ("Gy", "mGy"),
)  # fmt: skip
# Opposites, form by form, several wrong words each; the beginning (to the bar) is looked for in the evidence.
OPPOSITES = (
    "increas|e decrease,reduce", "increas|es decreases,reduces", "increas|ed decreased,reduced",
    "increas|ing decreasing,reducing", "decreas|e increase,raise", "decreas|es increases,raises",
    "decreas|ed increased,elevated", "decreas|ing increasing,raising", "reduc|e increase,raise",
    "reduc|es increases,raises", "reduc|ed increased,elevated", "reduc|ing increasing,raising",
    "reduc|tion increase,rise", "high|er lower,reduced", "high| low", "low|er higher,increased", "low| high",
    "lower|s raises,increases", "more| less", "less| more", "fewer| more", "great|er smaller,lower",
    "small|er larger,greater", "larg|er smaller", "long|er shorter", "short|er longer", "strong|er weaker",
    "fast|er slower", "slow|er faster", "better| worse", "worse| better", "improv|e worsen,impair",
    "improv|es worsens,impairs", "improv|ed worsened,impaired", "positive|ly negatively", "negative|ly positively",
    "inverse|ly positively", "upregulat|es downregulates", "upregulat|ed downregulated", "downregulat|es upregulates",
    "activat|es inhibits,suppresses", "activat|e inhibit,suppress", "activat|ed inhibited,suppressed",
    "inhibit|s activates,stimulates", "inhibit| activate,stimulate", "inhibit|ed activated,stimulated",
    "inhibit|ion activation", "promot|es prevents,inhibits", "promot|e prevent,inhibit", "prevent|s promotes,causes",
    "prevent| promote", "induc|es inhibits,prevents", "induc|e inhibit,prevent", "suppress|es promotes,enhances",
    "suppress| promote,enhance", "enhanc|es reduces,impairs", "enhanc|e reduce,impair", "impair|s improves,enhances",
    "impair|ed improved,enhanced", "elevat|ed reduced,lowered", "elevat|es lowers,reduces",
    "stimulat|es inhibits,suppresses", "stimulat|ed inhibited,suppressed", "block|s promotes",
    "accelerat|es delays,slows", "delay|s accelerates", "attenuat|es enhances,aggravates",
    "facilitat|es blocks,hinders",
    "rais|es lowers,reduces", "rais|ed lowered,reduced", "poor|er better", "decline| rise", "loss| gain",
)  # fmt: skip
NEAR = 6
"""Words around a direction word that must share one with those around it in the claim."""


class Case(NamedTuple):
    """A swapped pair, or an original one: then `before` is the same pair."""

    kind: str
    source: str
    claim: str
    evidence: str
    note: str
    document: int
    before: tuple[str, str]


class Swap(NamedTuple):
    kind: str
    text: str
    note: str


Maker = Callable[[str, str], Iterator[Swap]]
"""(text to swap in, text that must print the original)."""


def read_pairs(split: str) -> list[Row]:
    shared = os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    path = Path(shared) / "data" / "scifact" / f"pairs_{split}.jsonl.gz"
    if not path.is_file():
        sys.exit(f"no data at {path}; set ASSISTANT_SHARED to the folder that holds data/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [row for line in lines if (row := json.loads(line))["label"] == "SUPPORT"]


def gold(row: Row) -> list[int]:
    return sorted({i for rationale in row["rationales"] for i in rationale})


def sentences(row: Row, at: Iterable[int]) -> str:
    return " ".join(" ".join(row["abstract"][i].split()) for i in at)


def value(token: str) -> float:
    word = token.casefold()
    if word in WORDS:
        return float(WORDS[word])
    plain = re.sub(r",(?=\d{3}(?!\d))", "", word).replace("·", ".")
    return float(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else math.nan


def printed(token: str, evidence: str) -> bool:
    """Whether the evidence prints this number, or one that rounds to it."""
    mine, places = value(token), len(token.replace("·", ".").partition(".")[2])
    others = [
        value(m.group()) for m in re.finditer(r"(?<![\w.])\d+(?:[.·,]\d+)*|\b(?:" + "|".join(WORDS) + r")\b", evidence)
    ]
    return any(
        other == mine or (mine >= 10 and round(other, places) == mine) for other in others if not math.isnan(other)
    )


def printed_near(claim: str, at: int, token: str, evidence: str) -> bool:
    """Whether a word beside the number in the claim stands beside it in the evidence too."""
    mine = beside(claim, at)
    places = [
        m.start()
        for m in re.finditer(r"(?<![\w.])\d+(?:[.·,]\d+)*|\b(?:" + "|".join(WORDS) + r")\b", evidence)
        if printed(token, m.group())
    ]
    return any(mine & beside(evidence, place) for place in places)


def number_swaps(claim: str, evidence: str) -> Iterator[Swap]:
    for match in NUMBER.finditer(claim):
        token = match.group()
        if math.isnan(value(token)) or NAMED.search(claim[: match.start()]) or not printed(token, evidence):
            continue
        kind = "number, near" if printed_near(claim, match.start(), token, evidence) else "number, anywhere"
        for wrong in wrong_numbers(token):
            if not printed(wrong, evidence):
                yield Swap(kind, claim[: match.start()] + wrong + claim[match.end() :], f"{token} -> {wrong}")


def wrong_numbers(token: str) -> list[str]:
    """Twice, ten times, and another first digit."""
    if token.casefold() in WORDS:
        return ["fourteen", str(value(token) * 10).removesuffix(".0")]
    plain = token.replace(",", "") if re.search(r",\d{3}", token) else token
    whole, point, rest = re.match(r"(\d+)([.·]?)(\d*)", plain).groups()  # type: ignore[union-attr]
    if re.fullmatch(r"(?:19|20)\d\d", token):
        return [str(int(token) + 3), str(int(token) - 10)]
    first = str(int(whole[0]) % 9 + 1) + whole[1:]
    twice = f"{2 * float(whole + '.' + (rest or '0')):.{len(rest)}f}".replace(".", point or ".")
    return [
        twice if float(whole + "." + (rest or "0")) else first + point + rest,
        whole + "0" + point + rest if whole != "0" else "3" + point + rest,
        first + point + rest,
    ]


def unit_swaps(claim: str, evidence: str) -> Iterator[Swap]:
    for right, wrong in UNITS:
        for match in re.finditer(
            rf"(?<![\w.])(\d+(?:[.·]\d+)?|{'|'.join(WORDS)})([\s-]?){re.escape(right)}(?![\w/])", claim
        ):
            if NAMED.search(claim[: match.start()]) or re.match(
                r"\s?(?:CI|CrI|confidence|credible)", claim[match.end() :]
            ):
                continue
            there = rf"(?<![\w.])(?:{number_forms(match[1])})(?:[\s-]?){re.escape(right.rstrip('s'))}(?![A-Za-rt-z])"
            if re.search(there, evidence):
                changed = claim[: match.start()] + match[1] + match[2] + wrong + claim[match.end() :]
                yield Swap("unit", changed, f"{match.group()} -> {wrong}")


def number_forms(token: str) -> str:
    same = [word for word, number in WORDS.items() if number == value(token)] + [f"{value(token):g}", token]
    return "|".join(re.escape(form) for form in same)


def sign_swaps(claim: str, _evidence: str) -> Iterator[Swap]:
    for match in re.finditer(r"(?<![\w\s%)])\s?[-−](\d+(?:[.·]\d+)?)|(?<=\s)[-−](\d+(?:[.·]\d+)?)", claim):
        if re.search(r"[\d)]\s?$", claim[: match.start()]):
            continue
        changed = claim[: match.start()] + match.group().replace("-", "").replace("−", "") + claim[match.end() :]
        yield Swap("sign", changed, f"{match.group()} -> unsigned")


def direction_swaps(claim: str, evidence: str) -> Iterator[Swap]:
    for pair in OPPOSITES:
        right, wrongs = pair.split(" ")
        beginning, _, ending = right.partition("|")
        for match in re.finditer(rf"\b{beginning}{ending}\b", claim, re.IGNORECASE):
            same = re.search(rf"\b{beginning}", evidence, re.IGNORECASE)
            for wrong in wrongs.split(","):
                word = wrong.capitalize() if match.group()[0].isupper() else wrong
                changed = claim[: match.start()] + word + claim[match.end() :]
                kind = "direction, same word" if same else "direction, other words"
                yield Swap(kind, changed, f"{match.group()} -> {wrong}")


def once(maker: Maker) -> Maker:
    """For swaps in the evidence: what is swapped stands once in either text, and beside a shared word."""

    def swaps(evidence: str, claim: str) -> Iterator[Swap]:
        for swap in maker(evidence, claim):
            right = swap.note.partition(" -> ")[0].strip()
            at = [m.start() for m in re.finditer(beginning(right), evidence, re.IGNORECASE)]
            there = [m.start() for m in re.finditer(beginning(right), claim, re.IGNORECASE)]
            if len(at) == len(there) == 1 and beside(evidence, at[0]) & beside(claim, there[0]):
                yield swap

    return swaps


def beginning(right: str) -> str:
    """A pattern for a number or unit as it is, for a word of direction its beginning."""
    return rf"\b{right[:5]}" if right[0].isalpha() else rf"(?<![\w.]){re.escape(right)}(?!\w)"


def beside(text: str, at: int) -> set[str]:
    """The beginnings of the long words around a place, its own word left out."""
    before = re.findall(r"\w{4,}", text[:at])[-NEAR:]
    after = re.findall(r"\w{4,}", re.sub(r"^\w+", "", text[at:]))[:NEAR]
    return {word.casefold()[:5] for word in before + after} - {
        "with",
        "from",
        "that",
        "this",
        "were",
        "these",
        "than",
        "have",
    }


MAKERS: tuple[Maker, ...] = (number_swaps, unit_swaps, sign_swaps, direction_swaps)


def cases(rows: list[Row]) -> Iterator[Case]:
    for row in rows:
        claim, evidence, document = row["claim"], sentences(row, gold(row)), row["doc_id"]
        before = (claim, evidence)
        yield Case("original, all gold sentences", "claim", *before, "", document, before)
        if len(row["rationales"]) > 1:
            for rationale in row["rationales"]:
                alone = (claim, sentences(row, sorted(rationale)))
                yield Case("original, one rationale", "claim", *alone, "", document, alone)
        for maker in MAKERS:
            for swap in maker(claim, evidence):
                yield Case(swap.kind, "claim", swap.text, evidence, swap.note, document, before)
            for swap in once(maker)(evidence, claim):
                yield Case(swap.kind, "evidence", claim, swap.text, swap.note, document, before)
    yield from quoted(rows)


def quoted(rows: list[Row]) -> Iterator[Case]:
    for row, i in unique_sentences(rows):
        quote, document = sentences(row, [i]), row["doc_id"]
        for half in halves(quote):
            yield Case("original, half a sentence", "quote", half, quote, "", document, (half, quote))
        rest = sentences(row, [k for k in range(len(row["abstract"])) if k != i])
        yield Case(REST, "quote", quote, rest, "", document, (quote, rest))
        for maker in MAKERS:
            for swap in list(maker(quote, quote))[:1]:
                yield Case(swap.kind, "quote", swap.text, quote, swap.note, document, (quote, quote))


def halves(sentence: str) -> list[str]:
    """A sentence in two at the comma or semicolon nearest its middle; none where that leaves fewer than five words."""
    cuts = [m.start() for m in re.finditer(r"[,;](?=\s)", sentence)]
    if not cuts:
        return []
    cut = min(cuts, key=lambda c: abs(c - len(sentence) / 2))
    parts = [sentence[:cut].strip(), sentence[cut + 1 :].strip()]
    return parts if all(len(p.split()) >= 5 for p in parts) else []


def unique_sentences(rows: list[Row]) -> list[tuple[Row, int]]:
    seen: dict[tuple[int, int], Row] = {}
    for row in rows:
        for i in gold(row):
            seen.setdefault((row["doc_id"], i), row)
    return [(row, i) for (_, i), row in seen.items()]


class Result(NamedTuple):
    """What was found in a case, and the verifier's label of it ("" without one) before the swap and after."""

    case: Case
    found: tuple[Mismatch, ...]
    before: str
    said: str

    @property
    def moved(self) -> bool:
        """From SUPPORTS to another label."""
        return self.before == "SUPPORTS" != self.said


def judge(made: list[Case], verifier: Verifier | None) -> list[Result]:
    found = [mismatches(c.claim, c.evidence) for c in made]
    pairs = sorted({(c.claim, c.evidence) for c in made} | {c.before for c in made})
    labels: dict[tuple[str, str], str] = {}
    if verifier is not None:
        said = verifier.probabilities(pairs).argmax(axis=1)
        labels = {pair: str(LABELS[k]) for pair, k in zip(pairs, said, strict=True)}
    return [
        Result(case, mismatch, labels.get(case.before, ""), labels.get((case.claim, case.evidence), ""))
        for case, mismatch in zip(made, found, strict=True)
    ]


def share(hits: list[tuple[bool, int]]) -> str:
    """Share of hits and its 95 % interval, by bootstrap over documents; of (hit, document)."""
    if not hits:
        return "-"
    ids, group = np.unique([document for _, document in hits], return_inverse=True)
    good, size = np.bincount(group, weights=[hit for hit, _ in hits]), np.bincount(group)
    drawn = np.random.default_rng(0).integers(0, len(ids), (DRAWS, len(ids)))
    low, high = np.quantile(good[drawn].sum(axis=1) / size[drawn].sum(axis=1), (0.025, 0.975))
    return f"{good.sum() / size.sum():.3f} ({low:.3f} to {high:.3f}; n {len(hits)})"


def swap_table(results: list[Result]) -> Iterator[str]:
    yield (
        "| swapped | put into | n | rule | verifier moves | rule or verifier | same, of those supported before "
        "| not called supported |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    swaps = [r for r in results if r.case.note]
    rows = [(kind, (source,)) for source in SOURCES for kind in (*KINDS, "")]
    for kind, sources in [*rows, *((k, SOURCES[:2]) for k in GROUPS), ("", SOURCES)]:
        picked = [r for r in swaps if r.case.kind.startswith(kind) and r.case.source in sources]
        if not picked:
            continue
        judged = [r for r in picked if r.said]
        supported = [r for r in judged if r.before == "SUPPORTS"]
        columns = (
            [(bool(r.found), r.case.document) for r in picked],
            [(r.moved, r.case.document) for r in judged],
            [(bool(r.found) or r.moved, r.case.document) for r in judged],
            [(bool(r.found) or r.moved, r.case.document) for r in supported],
            [(bool(r.found) or r.said != "SUPPORTS", r.case.document) for r in judged],
        )
        shares = " | ".join(share(hits) for hits in columns)
        yield f"| {kind or 'all'} | {' + '.join(sources)} | {len(picked)} | {shares} |"


def original_table(results: list[Result]) -> Iterator[str]:
    yield "| original | n | rule flags | verifier says REFUTES | either | verifier says SUPPORTS |"
    yield "|---|---|---|---|---|---|"
    parts = [*((kind, (kind,)) for kind in ORIGINALS), ("claims, both", ORIGINALS[:2]), ("all three", ORIGINALS)]
    for name, kinds in [*parts, (REST, (REST,))]:
        picked = [r for r in results if r.case.kind in kinds]
        judged = [r for r in picked if r.said]
        columns = (
            [(bool(r.found), r.case.document) for r in picked],
            [(r.said == "REFUTES", r.case.document) for r in judged],
            [(bool(r.found) or r.said == "REFUTES", r.case.document) for r in judged],
            [(r.said == "SUPPORTS", r.case.document) for r in judged],
        )
        shares = " | ".join(share(hits) for hits in columns)
        yield f"| {name} | {len(picked)} | {shares} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    parser.add_argument("--part", choices=("all", "develop", "held"), default="all")
    parser.add_argument("--no-verifier", action="store_true", help="the rule alone")
    parser.add_argument("--show", action="store_true", help="print what the rule missed and flagged wrongly")
    options = parser.parse_args()
    rows = [
        r
        for r in read_pairs(options.split)
        if options.part == "all" or (r["doc_id"] % 5 == 0) == (options.part == "held")
    ]
    results = judge(list(cases(rows)), None if options.no_verifier else load_verifier("builtin", device="cpu"))
    if options.show:
        show(results)
    print(f"scifact {options.split}, {options.part}: {len(rows)} supported pairs")
    for line in [*swap_table(results), "", *original_table(results)]:
        print(line)


def show(results: list[Result]) -> None:
    for case, found, _, said in results:
        if bool(found) == (not case.note):
            print(
                f"{'FALSE FLAG' if found else 'MISSED'} {case.kind} ({case.source}) {case.note} [{said}]\n"
                f"   claim: {case.claim}\n   evidence: {case.evidence[:600]}"
            )
            for mismatch in found:
                print("   ", mismatch.kind, mismatch.sentence)


if __name__ == "__main__":
    main()
