"""An adapter's folder is read whole or refused with a reason; promotion and rolling back; recipes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelError, UsageError
from assistant.finetune import adapters
from assistant.finetune.adapters import Calibration, Description
from assistant.finetune.recipe import Recipe, load_recipe, recipe_names


@pytest.fixture(autouse=True)
def _own_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def make(folder: Path, **changes: Any) -> Path:
    folder.mkdir()
    description = {"base": "tiny", "base_sha256": "ab" * 32, "method": "lora", "head": "classifier", "max_tokens": 64}
    adapters.describe(folder, Description(**description | changes), Calibration(1.5, (0.3, 0.0, -0.2), 100, 0.1, 0.03))
    (folder / "adapter_model.safetensors").write_bytes(folder.name.encode())
    (folder / "checkpoints").mkdir()
    return folder


def test_a_folder_reads_back(tmp_path: Path) -> None:
    made = adapters.read_adapter(make(tmp_path / "mine"))
    assert made.name == "mine"
    assert made.description.base_sha256 == "ab" * 32
    assert made.calibration == Calibration(1.5, (0.3, 0.0, -0.2), 100, 0.1, 0.03)


@pytest.mark.parametrize(
    ("file", "change", "why"),
    [
        ("assistant.json", {"format": 99}, "newer version"),
        ("assistant.json", {"labels": ["A", "B", "C"]}, "other labels"),
        ("assistant.json", {"surprise": 1}, "damaged"),
        ("assistant.json", {"base": 3}, "damaged"),
        ("calibration.json", {"temperature": 0}, "damaged"),
        ("calibration.json", {"temperature": "hot"}, "damaged"),
        ("calibration.json", {"offsets": [1.0]}, "damaged"),
        ("calibration.json", {"offsets": [0.0, "high", 0.0]}, "damaged"),
    ],
)
def test_a_damaged_folder_is_refused(tmp_path: Path, file: str, change: dict[str, Any], why: str) -> None:
    path = make(tmp_path / "mine") / file
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=why):
        adapters.read_adapter(path.parent)


def test_what_is_no_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is no adapter \(it has no assistant.json\)"):
        adapters.read_adapter(tmp_path)


def test_another_base_is_refused(tmp_path: Path) -> None:
    adapter = adapters.read_adapter(make(tmp_path / "mine"))
    adapters.check_base(adapter, "ab" * 32)
    with pytest.raises(ModelError, match="belongs to the base tiny with weights abababababab"):
        adapters.check_base(adapter, "cd" * 32)


def test_promote_and_roll_back(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing was promoted"):
        adapters.roll_back()
    first, second = make(tmp_path / "first"), make(tmp_path / "second")
    one, two = adapters.promote(first), adapters.promote(second)
    assert one.name.startswith("first-")
    assert adapters.active_adapter().name == two.name
    assert two.folder.parent == adapters.shelf()
    assert not (two.folder / "checkpoints").exists()
    assert adapters.roll_back().name == one.name
    assert adapters.promote(two.name).name == two.name
    assert {one.name, two.name} <= {a.name for a in adapters.list_adapters()}


def test_a_damaged_list_is_named(tmp_path: Path) -> None:
    adapters.promote(make(tmp_path / "first"))
    (adapters.shelf() / "active.json").write_text(json.dumps({"claims": ["../../etc"]}))
    with pytest.raises(ModelError, match="is damaged; remove it"):
        adapters.active_adapter()


def test_recipes_that_come_along_can_be_read() -> None:
    assert recipe_names()
    for name in recipe_names():
        assert load_recipe(name)


def test_a_change_wins_over_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('method = "dora"\nepochs = 2\nlearning_rate = 1\ntargets = ["query"]\n')
    recipe = load_recipe(path, epochs=7, seed=None)
    assert (recipe.method, recipe.epochs, recipe.rate, recipe.targets) == ("dora", 7, 1.0, ("query",))


def test_rates_and_scale() -> None:
    assert Recipe(method="full").rate < Recipe().rate < Recipe(optimiser="sgd").rate
    assert (Recipe(rank=8).scale, Recipe(rank=8, alpha=4).scale) == (16, 4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("epoch = 3", "unknown choice 'epoch'"),
        ('epochs = "3"', "not of type int"),
        ("epochs = true", "not of type int"),
        ("epochs = 0", "must be between 1"),
        ('optimiser = "adam"', "choose one of adamw, sgd"),
        ("epochs = ", "cannot be read as TOML"),
    ],
)
def test_a_wrong_recipe_is_named(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(UsageError, match=why):
        load_recipe(tmp_path / "mine.toml")


def test_an_unknown_recipe_is_named() -> None:
    with pytest.raises(UsageError, match="no recipe 'nonsense'; known are"):
        load_recipe("nonsense")
