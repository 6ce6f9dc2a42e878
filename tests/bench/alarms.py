"""How often the record alarms without a change, and how soon after one.

    python -m tests.bench.alarms [--panels 200] [--seed 1000]

Generates panels of 1, 10 and 100 monthly series (a trend, a season, a random walk and noise, on the logarithm; series
independent, with common shocks, or with the heavy tails of Student's t), and steps them month by month, 24 to 60
months: each month a version is published with forecasts by a quick forecaster, exponential smoothing of level and
season, and with a backtest at the recipe's own origins. Prints for each kind the share of panels whose record ever
alarms without a change (it may be 5 %), and the share that alarms within two horizons after all values, or those of
half of the series, rise by 50 %.
"""

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from stages.common.arrays import Floats
from stages.common.params import read_params
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest
from stages.record.alarm import Block, judge
from stages.record.promise import Promise, effective
from tests.builders import panel_of
from tests.projects import ROOT

HORIZON = SEASON = 12
HISTORY = 132  # months before the first version
WITHIN = 2 * HORIZON  # months after a change
LEVEL, SEASONAL = 0.3, 0.1  # of exponential smoothing
SHIFT = 1.5


@dataclass(frozen=True)
class Kind:
    series: int
    noise: str


KINDS = [Kind(series, noise) for series in (1, 10, 100) for noise in ("independent", "common", "heavy")]


def generated(kind: Kind, months: int, random: np.random.Generator) -> Floats:
    """(S, HISTORY + months) values."""
    series, steps = kind.series, np.arange(HISTORY + months)

    def draw(*size: int) -> Floats:
        return random.standard_t(3, size) / 3**0.5 if kind.noise == "heavy" else random.standard_normal(size)

    season = random.normal(0, 0.1, (series, SEASON)) * random.uniform(0, 2, (series, 1))
    wander, around = random.uniform(0.005, 0.04, (series, 1)), random.uniform(0.01, 0.08, (series, 1))
    shocks = draw(series, len(steps))
    if kind.noise == "common":
        shocks = (shocks + draw(1, len(steps))) / 2**0.5
    walk = np.cumsum(wander * shocks, axis=1) + around * draw(series, len(steps))
    trend = random.normal(0, 0.003, (series, 1)) * steps
    level = random.normal(5, 1, (series, 1))
    return np.exp(level + trend + season[:, steps % SEASON] + walk)


def forecasts(values: Floats) -> Floats:
    """(T, S, HORIZON) the forecasts from each month on, which know the months before it; NaN in the first two years."""
    logs = np.log(values)
    first = logs[:, : 2 * SEASON].reshape(len(logs), 2, SEASON).mean(axis=1)
    level, season = first.mean(axis=1), first - first.mean(axis=1, keepdims=True)
    made = np.full((values.shape[1], len(values), HORIZON), np.nan)
    for month in range(2 * SEASON, values.shape[1]):
        made[month] = np.exp(level[:, None] + season[:, (month + np.arange(HORIZON)) % SEASON])
        place = month % SEASON
        surprise = logs[:, month] - level - season[:, place]
        level = level + LEVEL * surprise
        season[:, place] += SEASONAL * surprise
    return made


def scaled_errors(values: Floats) -> Floats:
    """(T, S, HORIZON) of the forecasts from each month on; NaN where the value is not known yet."""
    months = values.shape[1]
    changes = np.abs(values[:, SEASON:] - values[:, :-SEASON])
    scales = np.cumsum(changes, axis=1) / np.arange(1, changes.shape[1] + 1)  # of the first SEASON + 1, ... values
    errors = np.full((months, len(values), HORIZON), np.nan)
    made = forecasts(values)
    for month in range(2 * SEASON, months):
        actual = values[:, month : month + HORIZON]
        reach = actual.shape[1]
        errors[month, :, :reach] = np.abs(actual - made[month, :, :reach]) / scales[:, month - SEASON - 1, None]
    return errors


def record_of(values: Floats, origins: list[int]) -> list[Block]:
    """The record of a version published in each month after HISTORY, when all values are known."""
    errors, months = scaled_errors(values), values.shape[1]
    rows, promises = [], []
    for version, month in enumerate(range(HISTORY, months)):
        past = errors[[month - origin for origin in origins]]
        of_series = past.mean(axis=(0, 2))
        promises.append(
            Promise(past.mean(axis=(0, 1)), past.mean(axis=(1, 2)), pd.Series(of_series), effective(of_series))
        )
        live = errors[month, :, : months - month]
        steps = np.tile(np.arange(live.shape[1]), len(live))
        blocks = (month - HISTORY + steps) // HORIZON + 1
        promised = promises[-1].by_step[steps]
        rows.append(
            pd.DataFrame({"version": version, "block": blocks, "promised_error": live.ravel(), "promise": promised})
        )
    return judge(pd.concat(rows), promises, (months - HISTORY) // HORIZON)


def shifted(values: Floats, share: float, after: int) -> Floats:
    """The values with the last `share` of the series SHIFT times as large from so many months after HISTORY on."""
    changed = values.copy()
    changed[round(len(values) * (1 - share)) :, HISTORY + after :] *= SHIFT
    return changed


def in_time(blocks: list[Block], after: int) -> bool:
    """Whether a block alarms that ends after the change, and at most WITHIN months after it."""
    return any(block.alarm and after < block.number * HORIZON <= after + WITHIN for block in blocks)


def measure(kind: Kind, panels: int, seed: int, backtest: Backtest) -> dict[str, float]:
    """Shares of panels that alarm: without a change, and in time after one of all values, or of half of the series."""
    origins = plan_origins(backtest, panel_of([np.zeros(HISTORY)] * kind.series, season_lengths=(SEASON,))).evaluation
    found: dict[str, list[bool]] = {"no change": [], "all": [], "half": []}
    for number in range(panels):
        random = np.random.default_rng([seed, number])
        months = int(random.integers(WITHIN, 5 * HORIZON + 1))
        after = int(random.integers(0, months - WITHIN + 1))
        values = generated(kind, months, random)
        found["no change"].append(any(block.alarm for block in record_of(values, origins)))
        found["all"].append(in_time(record_of(shifted(values, 1.0, after), origins), after))
        if kind.series > 1:
            found["half"].append(in_time(record_of(shifted(values, 0.5, after), origins), after))
    return {name: float(np.mean(each)) for name, each in found.items() if each}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1000, help="the prior was chosen with seed 0")
    given = parser.parse_args()
    backtest = read_params(ROOT / "params.yaml")[Backtest]
    with Parallel(n_jobs=-1) as parallel:
        found = parallel(delayed(measure)(kind, given.panels, given.seed, backtest) for kind in KINDS)
    for kind, shares in zip(KINDS, found, strict=True):
        texts = [f"{name} {100 * share:.1f} %" for name, share in shares.items()]
        print(f"{kind.series:>4} series, {kind.noise}: {', '.join(texts)}")


if __name__ == "__main__":
    main()
