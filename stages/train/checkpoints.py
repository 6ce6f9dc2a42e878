"""Checkpoints of finished networks, keyed by a hash of all that determines them: an interrupted run can resume.

They are in a folder that Git ignores and DVC does not track, so that both leave it alone. A run that reaches its end
removes it.
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
SOURCES = ["train/batches", "train/cells", "train/losses", "train/network", "train/training", "window/windows"]
CODE = [Path(__file__).parents[1] / f"{name}.py" for name in SOURCES]
LOSSES = "losses"


def checkpoint_path(windows_hash: bytes, member: int, model: Model, settings: Train) -> Path:
    """The file of one network: its name is a hash of its windows, its settings, the code and torch's version."""
    digest = hashlib.sha256(windows_hash)
    determining = settings.model_dump(exclude={"members"})
    facts = [member, model.model_dump(), determining, torch.__version__, torch.cuda.is_available()]
    digest.update(json.dumps(facts, sort_keys=True).encode())
    for source in CODE:
        digest.update(source.read_bytes())
    return FOLDER.resolve() / f"{digest.hexdigest()}.safetensors"


def hash_of(windows_file: Path) -> bytes:
    with windows_file.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def save_checkpoint(path: Path, weights: dict[str, Tensor], losses: Floats) -> None:
    """Write all or nothing, even where the machine stops in between; nothing on a machine without the folder."""
    if not path.parent.is_dir():
        return
    written = path.with_suffix(f".{os.getpid()}")
    save_file({**weights, LOSSES: torch.from_numpy(losses)}, written)
    with written.open("rb") as file:
        os.fsync(file.fileno())
    written.replace(path)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], Floats] | None:
    """Weights and losses; None where there is no whole checkpoint."""
    try:
        weights = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return None
    losses: Floats = weights.pop(LOSSES).numpy()
    return weights, losses


def remove_checkpoints() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
