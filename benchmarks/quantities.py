"""Wrong numbers, units, signs and directions put into supported claims: how many are caught, and false flags.

    python benchmarks/quantities.py [--split dev | train] [--part all | develop | held] [--show]

SciFact pairs labelled SUPPORT; evidence is the union of the gold rationales. Swaps are made here by rule, from lists of
this file, and only where the evidence prints the original: the number (in digits or as a word, or rounded), the number
with its unit, or the direction word; "near" where a word beside it is also beside it in the claim, else "anywhere".
Rows "quote" put swaps into gold sentences instead of claims: many more numbers, the easy case. Originals are the
claims, and each gold sentence against the rest of its own abstract, which is full of other numbers. The rules were set
on train, four fifths of its documents ("develop"); "held" is the last fifth; dev is only reported.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from assistant.mismatches import mismatches

Row = dict[str, Any]
Z = 1.96
"""Standard deviations of a 95 % interval."""

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
# Opposites, form by form; the first word's beginning (to the bar) must stand in the evidence.
OPPOSITES = (
    "increas|e decrease", "increas|es decreases", "increas|ed decreased", "increas|ing decreasing",
    "decreas|e increase",
    "decreas|es increases", "decreas|ed increased", "decreas|ing increasing", "reduc|e increase", "reduc|es increases",
    "reduc|ed increased", "reduc|ing increasing", "reduc|tion increase", "high|er lower", "high| low",
    "low|er higher", "low| high",
    "more| less", "less| more", "fewer| more", "great|er smaller", "small|er larger", "larg|er smaller",
    "long|er shorter",
    "short|er longer", "strong|er weaker", "fast|er slower", "slow|er faster", "better| worse", "worse| better",
    "improv|e worsen", "improv|es worsens", "improv|ed worsened", "positive|ly negatively", "negative|ly positively",
    "inverse|ly positively", "upregulat|es downregulates", "upregulat|ed downregulated", "downregulat|es upregulates",
    "activat|es inhibits", "activat|e inhibit", "activat|ed inhibited", "inhibit|s activates", "inhibit| activate",
    "inhibit|ed activated", "promot|es prevents", "promot|e prevent", "prevent|s promotes", "prevent| promote",
    "induc|es inhibits", "induc|e inhibit", "suppress|es promotes", "suppress| promote", "enhanc|es reduces",
    "enhanc|e reduce", "enhanc|ed reduced", "impair|s improves", "impair|ed improved",
    "elevat|ed reduced", "elevat|es lowers",
    "stimulat|es inhibits", "stimulat|ed inhibited", "block|s promotes", "accelerat|es delays", "delay|s accelerates",
    "attenuat|es enhances", "facilitat|es blocks", "rais|es lowers", "rais|ed lowered", "poor|er better",
)  # fmt: skip
NEAR = 6
"""Words around a direction word that must share one with those around it in the claim."""


class Case(NamedTuple):
    kind: str
    source: str
    claim: str
    evidence: str
    note: str


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


def number_swaps(claim: str, evidence: str, source: str) -> Iterator[Case]:
    for match in NUMBER.finditer(claim):
        token = match.group()
        if math.isnan(value(token)) or NAMED.search(claim[: match.start()]) or not printed(token, evidence):
            continue
        for wrong in wrong_numbers(token):
            if not printed(wrong, evidence):
                changed = claim[: match.start()] + wrong + claim[match.end() :]
                kind = "number, near" if printed_near(claim, match.start(), token, evidence) else "number, anywhere"
                yield Case(kind, source, changed, evidence, f"{token} -> {wrong}")


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


def unit_swaps(claim: str, evidence: str, source: str) -> Iterator[Case]:
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
                yield Case("unit", source, changed, evidence, f"{match.group()} -> {wrong}")


def number_forms(token: str) -> str:
    same = [word for word, number in WORDS.items() if number == value(token)] + [f"{value(token):g}", token]
    return "|".join(re.escape(form) for form in same)


def sign_swaps(claim: str, evidence: str, source: str) -> Iterator[Case]:
    for match in re.finditer(r"(?<![\w\s%)])\s?[-−](\d+(?:[.·]\d+)?)|(?<=\s)[-−](\d+(?:[.·]\d+)?)", claim):
        if re.search(r"[\d)]\s?$", claim[: match.start()]):
            continue
        changed = claim[: match.start()] + match.group().replace("-", "").replace("−", "") + claim[match.end() :]
        yield Case("sign", source, changed, evidence, f"{match.group()} -> unsigned")


def direction_swaps(claim: str, evidence: str, source: str) -> Iterator[Case]:
    for pair in OPPOSITES:
        right, wrong = pair.split(" ")
        beginning, _, ending = right.partition("|")
        for match in re.finditer(rf"\b{beginning}{ending}\b", claim, re.IGNORECASE):
            places = [m.start() for m in re.finditer(rf"\b{beginning}", evidence, re.IGNORECASE)]
            if not places:
                continue
            mine = beside(claim, match.start())
            near = any(mine & beside(evidence, at) for at in places)
            wrong_word = wrong.capitalize() if match.group()[0].isupper() else wrong
            changed = claim[: match.start()] + wrong_word + claim[match.end() :]
            kind = "direction, near" if near else "direction, anywhere"
            yield Case(kind, source, changed, evidence, f"{match.group()} -> {wrong}")


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


def cases(rows: list[Row]) -> Iterator[Case]:
    makers = (number_swaps, unit_swaps, sign_swaps, direction_swaps)
    for row in rows:
        at = gold(row)
        evidence = sentences(row, at)
        yield Case("original", "claim", row["claim"], evidence, "")
        for maker in makers:
            yield from maker(row["claim"], evidence, "claim")
    for row, i in unique_sentences(rows):
        quote = sentences(row, [i])
        rest = sentences(row, [k for k in range(len(row["abstract"])) if k != i])
        yield Case("original", "quote", quote, rest, "")
        for maker in makers:
            yield from list(maker(quote, sentences(row, gold(row)), "quote"))[:1]


def unique_sentences(rows: list[Row]) -> list[tuple[Row, int]]:
    seen: dict[tuple[int, int], Row] = {}
    for row in rows:
        for i in gold(row):
            seen.setdefault((row["doc_id"], i), row)
    return [(row, i) for (_, i), row in seen.items()]


def wilson(hits: int, n: int) -> tuple[float, float]:
    if not n:
        return 0.0, 1.0
    share = hits / n
    middle, spread = share + Z * Z / (2 * n), Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return (middle - spread) / (1 + Z * Z / n), (middle + spread) / (1 + Z * Z / n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    parser.add_argument("--part", choices=("all", "develop", "held"), default="all")
    parser.add_argument("--show", action="store_true", help="print what was missed and what was flagged wrongly")
    options = parser.parse_args()
    rows = [
        r
        for r in read_pairs(options.split)
        if options.part == "all" or (r["doc_id"] % 5 == 0) == (options.part == "held")
    ]
    results = [(case, mismatches(case.claim, case.evidence)) for case in cases(rows)]
    if options.show:
        show(results)
    print(f"scifact {options.split}, {options.part}: {len(rows)} supported pairs")
    print("| what | put into | n | flagged | share | 95 % interval |")
    print("|---|---|---|---|---|---|")
    for kind, source in table_rows(results):
        picked = [bool(m) for c, m in results if c.kind.startswith(kind) and c.source in source]
        low, high = wilson(sum(picked), len(picked))
        share = sum(picked) / len(picked) if picked else 0.0
        print(
            f"| {kind} | {' + '.join(source)} | {len(picked)} | {sum(picked)} | {share:.3f} | {low:.3f} to {high:.3f} |"
        )
    near = [(c, bool(m)) for c, m in results if c.kind != "original" and not c.kind.endswith("anywhere")]
    for source in (("claim",), ("claim", "quote")):
        picked = [hit for c, hit in near if c.source in source]
        low, high = wilson(sum(picked), len(picked))
        print(
            f"| all swaps but “anywhere” | {' + '.join(source)} | {len(picked)} | {sum(picked)} "
            f"| {sum(picked) / max(1, len(picked)):.3f} | {low:.3f} to {high:.3f} |"
        )
    claims = {c.note + c.claim for c, _ in results if c.source == "claim" and c.kind != "original"}
    print(f"{len(claims)} swaps of claims")


def table_rows(results: list[Any]) -> list[tuple[str, tuple[str, ...]]]:
    kinds = ["number, near", "number, anywhere", "unit", "sign", "direction, near", "direction, anywhere", "original"]
    return [(kind, source) for source in (("claim",), ("quote",)) for kind in kinds] + [
        ("original", ("claim", "quote"))
    ]


def show(results: list[Any]) -> None:
    for case, found in results:
        if bool(found) == (case.kind == "original"):
            print(
                f"{'FALSE FLAG' if found else 'MISSED'} {case.kind} ({case.source}) {case.note}\n"
                f"   claim: {case.claim}\n   evidence: {case.evidence[:600]}"
            )
            for mismatch in found:
                print("   ", mismatch.kind, mismatch.sentence)


if __name__ == "__main__":
    main()
