"""Windows per second of training against neuralforecast's LSTM and darts' BlockRNNModel of the same shape: ratios.

    pip install -r tests/bench/requirements.txt && python -m tests.bench.libraries

Hidden size 100, one layer, windows of 12, 12 targets, batches of 32 and of 128, absolute error, float32, on the same
generated panel of 200 series, in turn. Conveyor trains networks side by side, as it does for an ensemble, whose windows
all count: first on one thread, then as many times as there are cores, in parallel, where the others train one network
on as many threads; then one network on one thread. Each is timed for few and for many steps, and the difference counts,
so that no start-up time does. Needs the two libraries, which nothing else does.
"""

import logging
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, cpu_count, delayed

from stages.common.params import read_params
from stages.train.params import Model, Train
from stages.train.tasks import TOGETHER
from stages.train.training import train_networks
from stages.window.cutting import cut_windows
from stages.window.params import Window
from tests.bench.throughput import generated, start_again_with_memory_kept
from tests.builders import change

ROOT = Path(__file__).parents[2]
HORIZON = SIZE = 12
HIDDEN = 100
SERIES, LENGTH = 200, 120
FEW, MANY = 50, 350
REPEATS = 3
QUIET = {"accelerator": "cpu", "enable_progress_bar": False, "logger": False, "enable_checkpointing": False}

Work = Callable[[int], object]  # trains for a number of steps


def conveyor(batch: int, members: int) -> Work:
    params = change(
        read_params(ROOT / "params.yaml"),
        **{"window__size": SIZE, "window__local_scaling": "none", "window__experts": [], "window__padding": False},
        **{"model__hidden_size": HIDDEN, "train__batch_size": batch, "train__loss": "mae", "train__epochs": 1},
    )
    windows = cut_windows(*generated(SERIES, LENGTH), [], params[Window], HORIZON)
    return lambda steps: train_networks(
        windows, range(members), params[Model], change(params, train__steps_per_epoch=steps)[Train]
    )


def neuralforecast(batch: int) -> Work:
    from neuralforecast import NeuralForecast
    from neuralforecast.models import LSTM

    values, _ = generated(SERIES, LENGTH)
    ids, steps_ahead = np.repeat(np.arange(SERIES), LENGTH), np.tile(np.arange(LENGTH), SERIES)
    frame = pd.DataFrame({"unique_id": ids, "ds": steps_ahead, "y": values})

    def train(steps: int) -> object:
        shape: dict[str, Any] = {"encoder_n_layers": 1, "encoder_hidden_size": HIDDEN, "decoder_layers": 1}
        settings = {**shape, **QUIET}
        model = LSTM(
            h=HORIZON,
            input_size=SIZE,
            windows_batch_size=batch,
            max_steps=steps,
            scaler_type="identity",
            **settings,
        )
        return NeuralForecast([model], freq=1).fit(frame)

    return train


def darts(batch: int) -> Work:
    from darts import TimeSeries
    from darts.models import BlockRNNModel

    values, _ = generated(SERIES, LENGTH)
    series = [TimeSeries.from_values(each.astype(np.float32)) for each in values.reshape(SERIES, LENGTH)]

    def train(steps: int) -> object:
        trainer = {**QUIET, "limit_train_batches": steps}
        model = BlockRNNModel(
            SIZE,
            HORIZON,
            model="LSTM",
            hidden_dim=HIDDEN,
            n_rnn_layers=1,
            batch_size=batch,
            n_epochs=1,
            loss_fn=torch.nn.L1Loss(),
            pl_trainer_kwargs=trainer,
        )
        return model.fit(series)

    return train


def rate(work: Work, batch: int, networks: int = 1) -> float:
    """Windows per second of `work`, which trains `networks` networks."""
    seconds = []
    for steps in (FEW, MANY):
        started = time.perf_counter()
        work(steps)
        seconds.append(time.perf_counter() - started)
    return networks * batch * (MANY - FEW) / (seconds[1] - seconds[0])


def main() -> None:
    start_again_with_memory_kept()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    cores = cpu_count()
    with Parallel(n_jobs=cores) as parallel:
        for batch in (32, 128):
            alone, ours = conveyor(batch, 1), conveyor(batch, TOGETHER)

            def ours_on_all(steps: int, ours: Work = ours) -> object:
                return parallel(delayed(ours)(steps) for _ in range(cores))

            for name, work in {"neuralforecast": neuralforecast(batch), "darts": darts(batch)}.items():
                ratios = []
                for _ in range(REPEATS):
                    torch.set_num_threads(1)
                    theirs = rate(work, batch)
                    one, single = rate(ours, batch, TOGETHER) / theirs, rate(alone, batch) / theirs
                    torch.set_num_threads(cores)
                    ratios.append((one, rate(ours_on_all, batch, cores * TOGETHER) / rate(work, batch), single))
                one, all_cores, single = (median(each) for each in zip(*ratios, strict=True))
                print(
                    f"batch {batch:4}: Conveyor / {name:16} one thread {one:.1f}, {cores} cores {all_cores:.1f}, "
                    f"one network alone {single:.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
