"""Checkpoints: read whole or not at all, and named by everything that determines them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stages.common.params import Params
from stages.train import checkpoints
from stages.train.checkpoints import checkpoint_path, hash_of, load_checkpoint, remove_checkpoints, save_checkpoint
from stages.train.params import Model, Train
from tests.imports import code_of
from tests.projects import ROOT

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def windows_file(folder: Path) -> Path:
    path = folder / "origin_0.safetensors"
    path.write_bytes(b"windows")
    return path


def save_one(path: Path) -> dict[str, torch.Tensor]:
    path.parent.mkdir(exist_ok=True)
    weights = {"head.weight": torch.randn(3, 4), "head.bias": torch.randn(3)}
    save_checkpoint(path, weights, np.array([[1.0, 2.0], [0.5, 0.1]]))
    return weights


def test_load_gives_what_save_wrote(windows_file: Path, default_params: Params) -> None:
    path = checkpoint_path(hash_of(windows_file), 0, default_params[Model], default_params[Train])
    assert load_checkpoint(path) is None
    weights = save_one(path)
    found = load_checkpoint(path)
    assert found is not None
    assert found[0].keys() == weights.keys()
    for name, value in weights.items():
        assert torch.equal(found[0][name], value)
    np.testing.assert_array_equal(found[1], [[1, 2], [0.5, 0.1]])
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_none(folder: Path, share: float) -> None:
    path = folder / ".checkpoints" / "one.safetensors"
    save_one(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert load_checkpoint(path) is None


def test_a_file_of_another_kind_is_none(folder: Path) -> None:
    (folder / "one.safetensors").write_bytes(b"\x00" * 200)
    assert load_checkpoint(folder / "one.safetensors") is None


def test_removing_leaves_no_folder_and_needs_none(folder: Path) -> None:
    save_one(folder / ".checkpoints" / "one.safetensors")
    for _ in range(2):
        remove_checkpoints()
        assert not (folder / ".checkpoints").exists()


def test_the_name_depends_on_the_bytes_of_the_windows_not_on_their_file(
    windows_file: Path, folder: Path, default_params: Params
) -> None:
    other = folder / "elsewhere.safetensors"
    other.write_bytes(windows_file.read_bytes())
    one, two = (
        checkpoint_path(hash_of(path), 3, default_params[Model], default_params[Train])
        for path in (windows_file, other)
    )
    assert one == two
    assert one.parent == folder / ".checkpoints"


def test_the_name_changes_with_the_windows_the_member_and_the_code(
    windows_file: Path, folder: Path, default_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name(member: int = 0) -> Path:
        return checkpoint_path(hash_of(windows_file), member, default_params[Model], default_params[Train])

    names = [name(), name(1)]
    windows_file.write_bytes(b"windowt")
    names.append(name())
    (folder / "training.py").write_text("changed")
    monkeypatch.setattr(checkpoints, "CODE", [*checkpoints.CODE, folder / "training.py"])
    names.append(name())
    (folder / "training.py").write_text("changed again")
    names.append(name())
    assert len(set(names)) == len(names)


@pytest.mark.filterwarnings("ignore:Pydantic serializer")  # of values that the setting could not have
@pytest.mark.parametrize("name", Train.model_fields)
def test_the_name_changes_with_every_train_setting_but_members(
    windows_file: Path, default_params: Params, name: str
) -> None:
    model, settings = default_params[Model], default_params[Train]
    other = settings.model_copy(update={name: "something else"})
    same = checkpoint_path(hash_of(windows_file), 0, model, settings) == checkpoint_path(
        hash_of(windows_file), 0, model, other
    )
    assert same == (name == "members")


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
@pytest.mark.parametrize("name", Model.model_fields)
def test_the_name_changes_with_every_model_setting(windows_file: Path, default_params: Params, name: str) -> None:
    model, settings = default_params[Model], default_params[Train]
    other = model.model_copy(update={name: "something else"})
    assert checkpoint_path(hash_of(windows_file), 0, model, settings) != checkpoint_path(
        hash_of(windows_file), 0, other, settings
    )


def test_the_hashed_code_is_all_that_a_task_imports() -> None:
    """Except modules that only check parameters and sizes, name files or end a stage."""
    harmless = {"yaml_1_2", "paths", "errors", "processes", "memory", "params", "__init__"}
    imported = {path for path in code_of(ROOT / "stages/train/tasks.py") if path.stem not in harmless}
    assert imported <= set(checkpoints.CODE)
