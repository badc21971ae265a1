"""Put a trained adapter into the package as the built-in verifier.

    python benchmarks/claims_ship.py build/runs/science [--stages build/runs/general build/runs/science] [--onto]

With --onto the first stage started from the built-in verifier of before: its own stages stay on record.

Copies weights, description, calibration, card and report; the recipe of each stage as TOML; the stages' logs one after
the other. Paths of this machine are taken out.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.finetune.adapters import BUILT_IN_FOLDER, CALIBRATION, CARD, DESCRIPTION
from assistant.finetune.claims import DOCUMENTS
from assistant.finetune.verifier import load_verifier

COPIED = ("adapter_model.safetensors", "adapter_config.json", CALIBRATION, DOCUMENTS, "reliability.png")
"""Not report.html: it shows rows of the data sets."""
SOURCES = """
## Sources and licences

Trained on, after conversion by benchmarks/claims_data.py; no row of them is in this folder:

- SciFact train (claims CC BY 4.0, abstracts ODC-By 1.0), and swaps made from it by rule
- Evidence Inference train (MIT), PubMedQA train (MIT), EntailmentBank task 1 train (Apache-2.0), half of Check-COVID
- MultiNLI (dev matched, parts of train) and negated MultiNLI (OANC / CC BY / MIT)
- share-alike: FEVER and FEVER Symmetric, FM2, counterfactual NLI, SNLI dev and test, negated SNLI, semi-automatic NLI
  over Wikipedia
  (CC BY-SA 3.0 / 4.0)

Never trained or chosen on: any dev or test split of SciFact, HealthVer, CovidFact, Citation-Integrity, OCNLI.
"""


@dataclass(frozen=True)
class Earlier:
    """What is on record of the stages that made the built-in verifier of before."""

    files: list[dict[str, Any]] = field(default_factory=list)
    recipes: dict[str, str] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    log: str = ""


def earlier() -> Earlier:
    def text(name: str) -> str:
        return (BUILT_IN_FOLDER / name).read_text(encoding="utf-8")

    recipes = {path.name: text(path.name) for path in sorted(BUILT_IN_FOLDER.glob("recipe-*.toml"))}
    return Earlier(json.loads(text(DESCRIPTION))["data"], recipes, set(text(DOCUMENTS).split()), text("log.jsonl"))


def as_toml(recipe: dict[str, Any], title: str) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in recipe.items()]
    return "\n".join([f"# {title}", *lines]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--onto", action="store_true", help="the first stage started from the built-in verifier")
    parser.add_argument("--stages", type=Path, nargs="+", default=[])
    parser.add_argument("--numbers", type=Path, help="what claims_verifier.py printed, for the card")
    arguments = parser.parse_args()
    stages = arguments.stages or [arguments.run]
    before = earlier() if arguments.onto else Earlier()
    shutil.rmtree(BUILT_IN_FOLDER, ignore_errors=True)
    BUILT_IN_FOLDER.mkdir()
    for name in COPIED:
        shutil.copy(arguments.run / name, BUILT_IN_FOLDER / name)
    descriptions = [json.loads((stage / DESCRIPTION).read_text(encoding="utf-8")) for stage in stages]
    files = [file | {"path": file["name"]} for description in descriptions for file in description["data"]]
    files = before.files + files
    unique = list({file["sha256"]: file for file in files}.values())
    (BUILT_IN_FOLDER / DESCRIPTION).write_text(json.dumps(descriptions[-1] | {"data": unique}, indent=2) + "\n")
    for name, text in before.recipes.items():
        (BUILT_IN_FOLDER / name).write_text(text, encoding="utf-8")
    first = len(before.recipes) + 1
    for number, (stage, description) in enumerate(zip(stages, descriptions, strict=True), start=first):
        text = as_toml(description["recipe"], f"stage {number}: {stage.name}")
        (BUILT_IN_FOLDER / f"recipe-{stage.name}.toml").write_text(text, encoding="utf-8")
    logs = [(stage / "log.jsonl").read_text(encoding="utf-8") for stage in stages]
    (BUILT_IN_FOLDER / "log.jsonl").write_text("".join([before.log, *logs]), encoding="utf-8")
    card = (arguments.run / CARD).read_text(encoding="utf-8") + SOURCES
    if arguments.numbers:
        card += "\n## Reported on only\n\nBy benchmarks/claims_verifier.py:\n\n" + arguments.numbers.read_text(
            encoding="utf-8"
        )
    (BUILT_IN_FOLDER / CARD).write_text(card, encoding="utf-8")
    documents = {line for stage in stages for line in (stage / DOCUMENTS).read_text(encoding="utf-8").split()}
    documents |= before.documents
    (BUILT_IN_FOLDER / DOCUMENTS).write_text("\n".join(sorted(documents)) + "\n", encoding="utf-8")
    print(f"{BUILT_IN_FOLDER}: {sum(p.stat().st_size for p in BUILT_IN_FOLDER.iterdir()) / 1e6:.1f} MB")
    print(load_verifier("builtin").probabilities([("Zinc lowers mortality.", "Zinc reduced mortality.")]))


if __name__ == "__main__":
    main()
