"""Put a trained ranker into the package as the built-in one.

    python benchmarks/evidence_ship.py build/runs/evidence [--numbers FILE]

Copies weights, description, calibration and the hashes of the training documents; the recipe as TOML, the log, and the
card with the sources of the data. Paths of this machine are taken out.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from claims_ship import as_toml

from assistant.finetune import load_reranker
from assistant.finetune.adapters import BUILT_IN_RANKER, CALIBRATION, CARD, DESCRIPTION
from assistant.finetune.runs import DOCUMENTS

COPIED = ("adapter_model.safetensors", "adapter_config.json", CALIBRATION, DOCUMENTS, "log.jsonl")
SOURCES = """
## Sources and licences

It goes on from the built-in verifier (see its card for what that was trained on). Trained on, after conversion by
benchmarks/evidence_data.py; no row of them is in this folder:

- SciFact train: judged queries and rationales (claims CC BY 4.0); abstracts of its corpus (ODC-By 1.0), of which no
  closing sentence serves as a question where a test query cites the abstract
- Evidence Inference train (MIT; the articles each under their own open licence), PubMedQA train (MIT)

Never trained or chosen on: any dev or test split, HealthVer, CovidFact, Citation-Integrity, CSL, OCNLI.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--numbers", type=Path, help="further numbers for the card, as Markdown")
    arguments = parser.parse_args()
    shutil.rmtree(BUILT_IN_RANKER, ignore_errors=True)
    BUILT_IN_RANKER.mkdir()
    for name in COPIED:
        shutil.copy(arguments.run / name, BUILT_IN_RANKER / name)
    description = json.loads((arguments.run / DESCRIPTION).read_text(encoding="utf-8"))
    description["data"] = [file | {"path": file["name"]} for file in description["data"]]
    text = json.dumps(description, indent=2) + "\n"
    (BUILT_IN_RANKER / DESCRIPTION).write_text(text, encoding="utf-8")
    recipe = as_toml(description["recipe"], "on top of the built-in verifier: --start-from builtin")
    (BUILT_IN_RANKER / "recipe.toml").write_text(recipe, encoding="utf-8")
    card = (arguments.run / CARD).read_text(encoding="utf-8") + SOURCES
    if arguments.numbers:
        card += "\n## Reported on only\n\n" + arguments.numbers.read_text(encoding="utf-8")
    (BUILT_IN_RANKER / CARD).write_text(card, encoding="utf-8")
    print(f"{BUILT_IN_RANKER}: {sum(p.stat().st_size for p in BUILT_IN_RANKER.iterdir()) / 1e6:.1f} MB")
    print(load_reranker().score_pairs("Zinc lowers mortality.", ["Zinc reduced mortality.", "Tea is a drink."]))


if __name__ == "__main__":
    main()
