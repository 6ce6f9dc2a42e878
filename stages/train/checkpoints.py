"""Checkpoints of finished networks, so that an interrupted run can resume.

A checkpoint's name is a hash of everything that determines its network. Git ignores their folder and DVC does not track
it, so neither touches it; a run that ends removes it.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from stages.common.arrays import Floats
from stages.train.params import Model, Train

FOLDER = Path(".checkpoints")
STAGES = Path(__file__).parents[1]
CODE = [*sorted((STAGES / "train").glob("*.py")), STAGES / "window/windows.py", STAGES / "common/arrays.py"]
LOSSES = "losses"  # the name of their array, among those of the weights


def checkpoint_path(windows_hash: bytes, member: int, model: Model, settings: Train) -> Path:
    """The file of one network, named by its windows, member, settings, code, torch's version, and if there is a GPU."""
    digest = hashlib.sha256(windows_hash)
    train = settings.model_dump(exclude={"members"})
    determinants = [member, model.model_dump(), train, torch.__version__, torch.cuda.is_available()]
    digest.update(json.dumps(determinants, sort_keys=True).encode())
    for source in CODE:
        digest.update(source.read_bytes())
    return FOLDER.resolve() / f"{digest.hexdigest()}.safetensors"


def hash_of(windows_file: Path, before: bytes = b"") -> bytes:
    """Of a file, and of what was hashed before."""
    with windows_file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(before)
    return digest.digest()


def save_checkpoint(path: Path, weights: dict[str, Tensor], losses: Floats) -> None:
    """Write the whole file or none, even if the machine crashes meanwhile; none on a machine without the folder.

    losses: (epochs, 2), as in `Epoch`
    """
    if not path.parent.is_dir():
        return
    temporary = path.with_suffix(f".{os.getpid()}")
    save_file({**weights, LOSSES: torch.from_numpy(losses)}, temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], Floats] | None:
    """The weights and losses that `save_checkpoint` wrote; None if the file is missing or damaged."""
    try:
        weights = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return None
    losses: Floats = weights.pop(LOSSES).numpy()
    return weights, losses


def remove_checkpoints() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
