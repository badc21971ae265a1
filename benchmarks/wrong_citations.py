"""Whether the verifier catches a step that cites the wrong sentence, the check of the quote switched off.

    python benchmarks/wrong_citations.py [--adapter DIR] [--n 200] [--split dev]

Right steps: claims of SciFact's SUPPORTS pairs with the sentences of one gold rationale as what they cite. Wrong ones:
the same claims with as many other sentences of the same abstract, or of the nearest other abstract (by the built-in
embedder). A step is flagged where `judging.judge_step` does not say SUPPORTS. The curve flags by the probability of
SUPPORTS of the best window, so it shows what other thresholds would give. Dev is reported, never tuned on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from retrieval import data_folder

from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import load_embedder
from assistant.finetune import load_verifier
from assistant.index.beir import read_collection
from assistant.index.evaluation import cached_vectors
from assistant.judging import judge, judge_step, windows
from assistant.types import Label
from assistant.verification import Verifier

SEED = 0
ALLOWED_FALSE_ALARMS = 0.10
CAUGHT_WANTED = 0.90


@dataclass(frozen=True, slots=True)
class Case:
    """A step and the sentences it cites: rightly, or another of the same abstract, or of the nearest other one."""

    kind: str
    claim: str
    cited: str


def supported(split: str) -> list[tuple[str, str, list[str], list[list[int]]]]:
    """(claim, document, its sentences, rationales) of SUPPORTS pairs."""
    path = data_folder() / "scifact" / f"pairs_{split}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        (r["claim"], str(r["doc_id"]), r["abstract"], r["rationales"]) for r in rows if r["label"].startswith("SUPPORT")
    ]


def abstracts() -> dict[str, list[str]]:
    path = data_folder() / "scifact" / "corpus.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {str(r["doc_id"]): r["abstract"] for r in map(json.loads, lines)}


class Nearest:
    """The nearest other abstract of a document, by cosine of the built-in embedder."""

    def __init__(self) -> None:
        documents = read_collection(data_folder() / "beir_scifact").documents
        self._names = list(documents)
        self._row = {name: i for i, name in enumerate(self._names)}
        self._matrix = cached_vectors(list(documents.values()), load_embedder(BUILT_IN_EMBEDDER))

    def of(self, name: str) -> str:
        cosines = self._matrix @ self._matrix[self._row[name]]
        cosines[self._row[name]] = -1.0
        return self._names[int(np.argmax(cosines))]


def cases(split: str, n: int) -> list[Case]:
    """`n` of each kind, drawn by SEED; each rationale of a pair is a step of its own."""
    pick = random.Random(SEED)
    corpus, nearest = abstracts(), Nearest()
    rationales = [(c, d, s, r, g) for c, d, s, g in supported(split) for r in g]
    pick.shuffle(rationales)
    made: dict[str, list[Case]] = {"right": [], "same abstract": [], "nearest abstract": []}
    for claim, document, sentences, rationale, gold in rationales:
        taken = {i for one in gold for i in one}
        others = [s for i, s in enumerate(sentences) if i not in taken]
        far = corpus[nearest.of(document)]
        size = len(rationale)
        made["right"].append(Case("right", claim, " ".join(sentences[i] for i in rationale)))
        if len(others) >= size:
            made["same abstract"].append(Case("same abstract", claim, " ".join(pick.sample(others, size))))
        if len(far) >= size:
            made["nearest abstract"].append(Case("nearest abstract", claim, " ".join(pick.sample(far, size))))
    return [case for kind in made.values() for case in kind[:n]]


def scores(verifier: Verifier, found: Sequence[Case]) -> NDArray[np.float64]:
    """The greatest probability of SUPPORTS of a window of what is cited."""
    return np.array([_best(verifier, case) for case in found])


def _best(verifier: Verifier, case: Case) -> float:
    return max(judge(verifier, [(case.claim, [w])])[0].probabilities[0] for w in windows(case.cited))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", default="builtin")
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--split", default="dev", choices=("dev", "train"))
    arguments = parser.parse_args()
    verifier = load_verifier(arguments.adapter, device="cpu")
    found = cases(arguments.split, arguments.n)
    kinds = np.array([c.kind for c in found])
    flagged = np.array([judge_step(verifier, c.claim, [c.cited]).label is not Label.SUPPORTS for c in found])
    p = scores(verifier, found)
    print(f"SciFact {arguments.split}, {verifier.id}, seed {SEED}\n")
    print("| flagged where | caught, same abstract | caught, nearest abstract | caught, both | false alarms |")
    print("|---|---|---|---|---|")
    wrong = kinds != "right"
    rows = [("the loop says so", flagged), *((f"P(SUPPORTS) < {t:.2f}", p < t) for t in np.arange(0.05, 1.0, 0.05))]
    for name, flags in rows:
        shares = [flags[kinds == "same abstract"], flags[kinds == "nearest abstract"], flags[wrong], flags[~wrong]]
        print(f"| {name} | {' | '.join(f'{s.mean():.3f}' for s in shares)} |")
    print(f"\n{', '.join(f'{(kinds == k).sum()} {k}' for k in dict.fromkeys(kinds.tolist()))}; {best(p, wrong)}")


def best(p: NDArray[np.float64], wrong: NDArray[np.bool_]) -> str:
    """What the curve gives at the two ends that are wanted."""
    steps = np.unique(p)
    allowed = [t for t in steps if (p[~wrong] < t).mean() <= ALLOWED_FALSE_ALARMS]
    caught = max(((p[wrong] < t).mean() for t in allowed), default=0.0)
    enough = [t for t in steps if (p[wrong] < t).mean() >= CAUGHT_WANTED]
    alarms = min(((p[~wrong] < t).mean() for t in enough), default=1.0)
    area = (p[~wrong][:, None] > p[wrong][None, :]).mean() + 0.5 * (p[~wrong][:, None] == p[wrong][None, :]).mean()
    return (
        f"at most {ALLOWED_FALSE_ALARMS:.0%} false alarms: {caught:.3f} caught; {CAUGHT_WANTED:.0%} caught: "
        f"{alarms:.3f} false alarms; area under the curve {area:.3f}"
    )


if __name__ == "__main__":
    main()
