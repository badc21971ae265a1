"""Training and evaluation files of the built-in verifier, made from the shared data sets.

    python benchmarks/claims_data.py --out build/claims [--seed 0]

Writes general.jsonl, science.jsonl and long.jsonl (the stages of training: general, science, long, science again) and
held.jsonl (a document-grouped fifth of the training data, for every choice); only to be reported on, scifact_dev.jsonl
and healthver.jsonl; and scifact_train.jsonl, for the claim-only baseline and to know which documents of dev are new. A
document (for natural-language inference: a premise) is held back where the SHA-256 of its id leaves 0 divided by five.
Of the swapped pairs each has its counterpart with the other label, so that the words of a claim alone do not tell.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.finetune.data import Choose, similar_sentences
from assistant.finetune.swaps import swap_direction, swap_negation, swap_number

Row = dict[str, Any]
S, R, N = "SUPPORTS", "REFUTES", "NOT_ENOUGH_INFO"
SCIFACT = {"SUPPORT": S, "REFUTE": R, "NEI": N}
HELD_ONE_IN = 5
GENERAL = {
    "permissive/mnli_dev_matched": 6000, "permissive/mnli_llmsknow_train": 6000, "permissive/mnli_taxinli": 4000,
    "permissive/negation_mnli": 1000, "share_alike/cf_nli_train": 1500, "share_alike/negation_snli": 500,
    "share_alike/seminli_base_wiki_train": 1300, "share_alike/seminli_translate_wiki_train": 1300,
    "share_alike/fever_validation": 2000, "share_alike/fever_symmetric": 800, "share_alike/fm2_dev": 600,
    "share_alike/fm2_test": 600,
}  # fmt: skip
"""Rows of each set in the first stage, at most; those nearest to claims and papers most."""
LONG = (*GENERAL, "share_alike/snli_dev", "share_alike/snli_test", "share_alike/fever_test")
"""The sets of the long stage, whole."""
LONG_EVIDENCE_INFERENCE = 10_000
GENERAL_HELD = 200
REPLAY = 1200
"""Rows of the first stage that the second sees again, so that it does not forget."""
EVIDENCE_INFERENCE = 1200
SCIFACT_COPIES = 2
"""Times that SciFact's rows stand in the second stage, which is one pass."""


def shared() -> Path:
    root = Path(os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data"
    if not root.is_dir():
        sys.exit(f"no data at {root}; set ASSISTANT_SHARED to the folder that holds data/")
    return root


def read(name: str) -> list[Row]:
    path = next(p for p in (shared() / f"{name}.jsonl.gz", shared() / f"{name}.jsonl") if p.is_file())
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def is_held(doc_id: str) -> bool:
    return int(hashlib.sha256(doc_id.encode()).hexdigest(), 16) % HELD_ONE_IN == 0


def row(claim: str, evidence: str, label: str, doc_id: str, source: str) -> Row:
    return {"claim": claim, "evidence": evidence, "label": label, "doc_id": doc_id, "source": source}


def premise_id(premise: str) -> str:
    return "premise:" + hashlib.sha256(" ".join(premise.casefold().split()).encode()).hexdigest()[:16]


def general(name: str) -> list[Row]:
    """Natural-language inference: the premise is the evidence. NOT_SUPPORTED is none of the three and left out."""
    rows = [r for r in read(f"nli/{name}") if r["label"] in (S, R, N)]
    source = name.split("/")[1]
    return [row(r["hypothesis"], r["premise"], r["label"], premise_id(r["premise"]), source) for r in rows]


def scifact_plain(rows: Iterable[Row], choose: Choose) -> Iterator[Row]:
    """One row for each pair: the union of the gold rationales; of a NOT_ENOUGH_INFO pair the two likest sentences."""
    for r in rows:
        chosen = sorted({i for rationale in r["rationales"] for i in rationale})
        chosen = chosen or sorted(choose(r["claim"], r["abstract"])[:2])
        evidence = " ".join(r["abstract"][i].strip() for i in chosen)
        yield row(r["claim"], evidence, SCIFACT[r["label"]], str(r["doc_id"]), "scifact")


def scifact_train(rows: Sequence[Row], choose: Choose, pick: random.Random) -> Iterator[Row]:
    """Each gold rationale a row; like sentences of the same abstract as NOT_ENOUGH_INFO; swaps."""
    for r in rows:
        doc_id, abstract, label = str(r["doc_id"]), [s.strip() for s in r["abstract"]], SCIFACT[r["label"]]
        order = choose(r["claim"], abstract)
        gold = {i for rationale in r["rationales"] for i in rationale}
        for rationale in r["rationales"]:
            evidence = " ".join(abstract[i] for i in sorted(rationale))
            yield row(r["claim"], evidence, label, doc_id, "scifact")
            yield from swapped(r["claim"], evidence, label, doc_id, pick)
        others = [i for i in order if i not in gold]
        if label == N:
            yield row(r["claim"], " ".join(abstract[i] for i in sorted(order[:2])), N, doc_id, "scifact")
            yield row(r["claim"], abstract[order[0]], N, doc_id, "scifact")
        elif others:
            size = 1 if pick.random() < 0.7 else 2
            yield row(r["claim"], " ".join(abstract[i] for i in sorted(others[:size])), N, doc_id, "scifact_other")


def swapped(claim: str, evidence: str, label: str, doc_id: str, pick: random.Random) -> Iterator[Row]:
    """A supported claim turned round is refuted, and the evidence turned round with it supports it again."""
    if label != S:
        return
    kinds = [swap_direction(claim, pick=pick), swap_number(claim, pick=pick), swap_negation(claim)]
    wrong = [c for c in kinds[:2] if c] or [c for c in kinds[2:] if c]
    if not wrong:
        return
    turned = pick.choice(wrong)
    yield row(turned, evidence, R, doc_id, "scifact_swap")
    other = swap_direction(evidence, pick=pick) if turned == kinds[0] else None
    if other:
        yield row(claim, other, R, doc_id, "scifact_swap")
        yield row(turned, other, S, doc_id, "scifact_swap")


MORE = ("{i} increases {o} compared with {c}.", "{o} is higher with {i} than with {c}.", "{i} leads to higher {o}.",
        "Compared with {c}, {i} significantly increased {o}.")  # fmt: skip
LESS = ("{i} decreases {o} compared with {c}.", "{o} is lower with {i} than with {c}.", "{i} leads to lower {o}.",
        "Compared with {c}, {i} significantly reduced {o}.")  # fmt: skip
SAME = ("{i} does not change {o} compared with {c}.", "There is no difference in {o} between {i} and {c}.",
        "{i} has no significant effect on {o}.", "{o} is similar with {i} and {c}.")  # fmt: skip
FORMS = {"increased": MORE, "decreased": LESS, "no_difference": SAME}
MORE_FORMS = {
    "increased": (*MORE, "{i} raises {o}.", "{i} improved {o} in comparison with {c}.", "{i} elevates {o} over {c}.",
                  "{o} rose with {i}.", "{i} yields greater {o} than {c}.", "{c} gives lower {o} than {i}."),
    "decreased": (*LESS, "{i} lowers {o}.", "{i} diminished {o} in comparison with {c}.", "{i} cuts {o} below {c}.",
                  "{o} fell with {i}.", "{i} yields smaller {o} than {c}.", "{c} gives higher {o} than {i}."),
    "no_difference": (*SAME, "{i} neither raises nor lowers {o}.", "{o} did not differ between {i} and {c}.",
                      "{i} leaves {o} unchanged."),
}  # fmt: skip
"""More verbs of direction, so that "lowers" and "reduced" are learned to be one."""


def evidence_inference(pick: random.Random, forms: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """Findings of trials as claims, each true one with a false one of the same form; other findings of the same
    article as NOT_ENOUGH_INFO. One annotation of each prompt."""
    prompts = {r["prompt_id"]: r for r in read("evidence_inference/pairs_train") if len(r["evidence"]) > 30}
    by_article = defaultdict(list)
    for r in prompts.values():
        by_article[r["pmcid"]].append(r)
    for r in prompts.values():
        evidence = " ".join(r["evidence"].split())
        names = {"i": r["intervention"], "c": r["comparator"], "o": r["outcome"]}
        wrong = pick.choice([label for label in forms if label != r["label"]])
        for label, form in ((S, forms[r["label"]]), (R, forms[wrong])):
            yield row(pick.choice(form).format(**names), evidence, label, r["pmcid"], "evidence_inference")
        others = [o for o in by_article[r["pmcid"]] if o["outcome"] != r["outcome"]]
        others = [o for o in others if r["outcome"].casefold() not in o["evidence"].casefold()]
        if others:
            text = " ".join(pick.choice(others)["evidence"].split())
            claim = pick.choice(forms[pick.choice(list(forms))]).format(**names)
            yield row(claim, text, N, r["pmcid"], "evidence_inference")


def pubmedqa(pick: random.Random) -> Iterator[Row]:
    """The question as the claim, judged by the authors' own answer; another section of the abstract tells nothing."""
    labels = {"yes": S, "no": R, "maybe": N}
    for r in read("pubmedqa/train"):
        doc_id = f"pubmed:{r['id']}"
        yield row(r["question"], r["long_answer"], labels[r["answer"]], doc_id, "pubmedqa")
        first = r["contexts"][0].split(". ")
        yield row(r["question"], ". ".join(first[:2]), N, doc_id, "pubmedqa")
        # The authors' conclusion follows from their last section, and turned round does not.
        if turned := swap_direction(r["long_answer"], pick=pick) or swap_negation(r["long_answer"]):
            yield row(r["long_answer"], r["contexts"][-1], S, doc_id, "pubmedqa")
            yield row(turned, r["contexts"][-1], R, doc_id, "pubmedqa")


def entailment_bank(pick: random.Random) -> Iterator[Row]:
    """A hypothesis by the facts it follows from; by one of them alone; turned round."""
    for r in read("entailment_bank/task_1/train"):
        facts, doc_id = list(r["sentences"].values()), f"entailment_bank:{r['id']}"
        yield row(r["hypothesis"], ". ".join(facts), S, doc_id, "entailment_bank")
        if turned := swap_direction(r["hypothesis"], pick=pick) or swap_negation(r["hypothesis"]):
            yield row(turned, ". ".join(facts), R, doc_id, "entailment_bank")
        if len(facts) > 2:
            yield row(r["hypothesis"], pick.choice(facts), N, doc_id, "entailment_bank")


def check_covid() -> list[Row]:
    rows = read("nli/permissive/check_covid_half")
    return [row(r["hypothesis"], r["premise"], r["label"], premise_id(r["premise"]), "check_covid") for r in rows]


def apart(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    rows = list(rows)
    return [r for r in rows if not is_held(r["doc_id"])], [r for r in rows if is_held(r["doc_id"])]


def write(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    counts = Counter((r["source"], r["label"]) for r in rows)
    print(f"{path}: {len(rows)} rows, {dict(Counter(r['label'] for r in rows))}")
    for source in sorted({s for s, _ in counts}):
        print("   ", source, {label: counts[source, label] for label in (S, R, N)})


def stages(pick: random.Random) -> tuple[list[Row], list[Row], list[Row]]:
    """(general, science, held back)."""
    first, held = [], []
    for name, most in GENERAL.items():
        train, aside = apart(general(name))
        first += pick.sample(train, min(most, len(train)))
        held += aside
    held = pick.sample(held, GENERAL_HELD)
    corpus = read("scifact/corpus")
    choose = similar_sentences([r["abstract"] for r in corpus])
    pairs = read("scifact/pairs_train")
    held += [r for r in scifact_plain(pairs, choose) if is_held(r["doc_id"])]
    science = [r for r in scifact_train(pairs, choose, pick) if not is_held(r["doc_id"])] * SCIFACT_COPIES
    for rows, most, most_held in (
        (list(evidence_inference(pick, FORMS)), EVIDENCE_INFERENCE, 150), (list(pubmedqa(pick)), 400, 60),
        (list(entailment_bank(pick)), 300, 0), (check_covid(), 800, 200),
    ):  # fmt: skip
        train, aside = apart(rows)
        science += pick.sample(train, min(most, len(train)))
        held += pick.sample(aside, min(most_held, len(aside)))
    ei, _ = apart(evidence_inference(pick, FORMS))
    first += pick.sample(ei, 2500)
    science += pick.sample(first, REPLAY)
    return first, science, held


def long_stage(science: Sequence[Row], pick: random.Random) -> list[Row]:
    """All general inference, much more of Evidence Inference, and each row of the science stage once."""
    rows = [r for name in LONG for r in apart(general(name))[0]]
    findings, _ = apart(evidence_inference(pick, MORE_FORMS))
    rows += pick.sample(findings, min(LONG_EVIDENCE_INFERENCE, len(findings)))
    rows += science
    return list({(r["claim"], r["evidence"]): r for r in rows}.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/claims"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    first, science, held = stages(random.Random(arguments.seed))
    choose = similar_sentences([r["abstract"] for r in read("scifact/corpus")])
    dev = list(scifact_plain(read("scifact/pairs_dev"), choose))
    health = [
        row(r["claim"], r["evidence"], SCIFACT[r["label"]], premise_id(r["evidence"]), "healthver")
        for r in read("healthver/evidence_pairs_dev")
    ]
    train = list(scifact_plain(read("scifact/pairs_train"), choose))
    made = {"general": first, "science": science, "held": held}
    made["long"] = long_stage(science, random.Random(arguments.seed + 1))
    made |= {"scifact_train": train, "scifact_dev": dev, "healthver": health}
    for name, rows in made.items():
        write(arguments.out / f"{name}.jsonl", rows)


if __name__ == "__main__":
    main()
