"""Windows per second of the training loop against a bare `nn.LSTM` loop over tensors that are already cut: ratios.

    python -m tests.bench.throughput [--repeats 5]

Both train the same network (an LSTM and a linear head) by AdamW on batches of the same shape, on one thread, in turn;
the bare loop cuts all its tensors before the clock starts and does nothing but train. 1.00: as fast. First one network,
then as many as an ensemble has side by side, whose windows all count. Then how much faster `train.precision: bfloat16`
is than float32.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn

from stages.common.params import Params, read_params
from stages.compute.local import VARIABLES
from stages.train.batches import Batches
from stages.train.params import Model, Train
from stages.train.tasks import TOGETHER
from stages.train.training import train_networks
from stages.window.cutting import cut_windows
from stages.window.params import Window
from stages.window.windows import Windows
from tests.builders import change

ROOT = Path(__file__).parents[2]
EPOCHS, STEPS = 40, 10  # as many batches in an epoch as the default allows


def start_again_with_memory_kept() -> None:
    """Run this program once more, as the pipeline's processes are: with freed memory kept for the next arrays."""
    kept = {name: value for name, value in VARIABLES.items() if name.startswith("MALLOC")}
    if not kept.items() <= os.environ.items():
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **kept})


def generated(series: int = 200, length: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Random walks with a season of 12, one after another, and their lengths."""
    random = np.random.default_rng(0)
    walks = random.normal(0, 0.02, (series, length)).cumsum(axis=1)
    season = 0.1 * np.sin(np.arange(length) * np.pi / 6)
    return (walks + season).ravel(), np.full(series, length)


def ours(windows: Windows, params: Params, members: int = 1) -> float:
    """Seconds for each of so many networks, which are trained side by side."""
    started = time.perf_counter()
    train_networks(windows, range(members), params[Model], params[Train])
    return (time.perf_counter() - started) / members


def bare(windows: Windows, params: Params) -> float:
    torch.set_num_threads(1)
    batches = Batches(windows)
    size = params[Train].batch_of(len(batches))
    cut = list(batches.stream(torch.arange(EPOCHS * STEPS * size)[None] % len(batches), size))
    ready = [(inputs.steps[0].clone(), targets.values[0].clone()) for inputs, targets in cut]
    recurrent = nn.LSTM(len(batches.channels), params[Model].hidden_size)
    head = nn.Linear(params[Model].hidden_size, windows.targets)
    weights = [*recurrent.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(weights, fused=True)
    started = time.perf_counter()
    for inputs, targets in ready:
        loss = nn.functional.l1_loss(head(recurrent(inputs)[0][-1]), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return time.perf_counter() - started


def main() -> None:
    start_again_with_memory_kept()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=5)
    repeats = arguments.parse_args().repeats
    values, lengths = generated()
    default = change(read_params(ROOT / "params.yaml"), train__epochs=EPOCHS, train__steps_per_epoch=STEPS)
    plain: dict[str, Any] = {
        "window__local_scaling": "none",
        "window__experts": [],
        "window__padding": False,
        "model__hidden_size": 100,
        "model__head_dropout": 0.0,
        "train__expert_pull": 0.0,
    }
    shapes: dict[str, dict[str, Any]] = {
        "default recipe, hidden 32, window 24, batch 128": {"window__size": 24},
        "default recipe, hidden 100, window 12, batch 128": {"window__size": 12, "model__hidden_size": 100},
        "plain windows, hidden 100, window 12, batch 128": {**plain, "window__size": 12},
        "plain windows, hidden 100, window 12, batch 32": {**plain, "window__size": 12, "train__batch_size": 32},
    }
    for name, changes in shapes.items():
        params = change(default, **changes)
        seasons = [] if params[Window].local_scaling == "none" else [12]
        windows = cut_windows(values, lengths, seasons, params[Window], 12)
        rounds = [
            (bare(windows, params), ours(windows, params), ours(windows, params, TOGETHER)) for _ in range(repeats + 1)
        ][1:]  # the first: warm-up
        one, together = (median(times[0] / times[each] for times in rounds) for each in (1, 2))
        print(f"{name:50} {one:.2f}, {TOGETHER} side by side {together:.2f}", flush=True)
    for hidden in (32, 100):
        params = change(default, window__size=24, model__hidden_size=hidden)
        windows = cut_windows(values, lengths, [12], params[Window], 12)
        half = change(params, train__precision="bfloat16")
        pairs = [(ours(windows, params), ours(windows, half)) for _ in range(repeats + 1)][1:]
        print(
            f"{f'bfloat16 / float32, hidden {hidden}, window 24':50} {median(f / h for f, h in pairs):.2f}", flush=True
        )


if __name__ == "__main__":
    main()
