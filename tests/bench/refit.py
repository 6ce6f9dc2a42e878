"""What it costs in accuracy not to train again: forecasts a horizon later, and of series that were never seen.

    python -m tests.bench.refit --panel FILE HORIZON SEASONS [--panel ...] [--seeds 0]

FILE is long, CSV or Parquet, with columns `unique_id`, `y`; SEASONS is 12, or 24,168. The last HORIZON values of every
series are forecast. Prints for each panel and seed the MASE of networks that were trained

    anew        on all values before them
    earlier     a horizon earlier, on HORIZON values fewer of each series
    on others   on a random half of the series, for the other half; beside it anew, for the same series

and of the seasonal naive method and AutoETS (of at most 300 series of the unseen half). Ratios are to `anew`.
"""

import argparse
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from stages.common.arrays import Ints
from stages.common.params import Params, read_params
from stages.panel.panel import History, Panel
from stages.predict.baselines import forecast_baseline
from stages.predict.ensemble import Ensemble
from stages.predict.forecasts import repeat_last_season
from tests.bench.choose import ROOT, mase, train_ensemble
from tests.bench.false_alarms import read_panel
from tests.builders import change, panel_of

MOST_ETS = 300  # series that AutoETS forecasts


def long_enough(panel: Panel, horizon: int) -> Panel:
    """The series that have a season and two horizons, and a few values more."""
    return subset(panel, np.flatnonzero(panel.lengths >= 2 * horizon + panel.season_length + 2))


def subset(panel: Panel, series: Ints) -> Panel:
    """The panel of some of the series."""
    return panel_of([panel.at(0).values(int(each)) for each in series], season_lengths=panel.season_lengths)


def model(ensemble: Ensemble, history: History) -> float:
    (forecast,) = ensemble.forecast([history])
    return mase(history, forecast.point)


def ets(history: History, horizon: int, parallel: Parallel) -> float:
    """MASE of AutoETS, of at most MOST_ETS series."""
    few = subset(history.panel, np.arange(min(len(history.panel.ids), MOST_ETS))).at(history.origin)
    season, count = history.panel.season_length, len(few.panel.ids)
    jobs = (delayed(forecast_baseline)("auto_ets", few.values(i), season, horizon) for i in range(count))
    return mase(few, np.array(parallel(jobs)))


def compare(panel: Panel, horizon: int, params: Params, seed: int, parallel: Parallel) -> None:
    """Print the line of one panel and seed."""
    at, before = panel.at(horizon), panel.at(2 * horizon)
    anew, earlier = train_ensemble(at, horizon, params, parallel), train_ensemble(before, horizon, params, parallel)
    order = np.random.default_rng(seed).permutation(len(panel.ids))
    seen, unseen = (np.sort(half) for half in np.array_split(order, 2))
    half = train_ensemble(subset(panel, seen).at(horizon), horizon, params, parallel)
    others = subset(panel, unseen).at(horizon)
    one, two = model(anew, at), model(earlier, at)
    three, four = model(anew, others), model(half, others)
    naive, by_ets = mase(others, repeat_last_season(others, horizon)), ets(others, horizon, parallel)
    few = subset(others.panel, np.arange(min(len(unseen), MOST_ETS))).at(horizon)
    print(
        f"  seed {seed}: anew {one:.4f}, earlier {two:.4f} ({two / one:.3f}); unseen half: anew {three:.4f}, "
        f"on others {four:.4f} ({four / three:.3f}), seasonal naive {naive:.4f}; "
        f"first {len(few.panel.ids)}: on others {model(half, few):.4f}, AutoETS {by_ets:.4f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panel", nargs=3, action="append", required=True, metavar=("FILE", "HORIZON", "SEASONS"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    default = read_params(ROOT / "params.yaml")
    with Parallel(n_jobs=-1, mmap_mode="c") as parallel:  # torch takes no array that is read-only
        for file, horizon, seasons in arguments.panel:
            whole = read_panel(Path(file), [int(season) for season in seasons.split(",")])
            panel = long_enough(whole, int(horizon))
            print(f"{Path(file).stem}: {len(panel.ids)} series, {horizon} steps", flush=True)
            for seed in arguments.seeds:
                compare(panel, int(horizon), change(default, train__seed=seed), seed, parallel)


if __name__ == "__main__":
    main()
