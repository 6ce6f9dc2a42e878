"""Stage 3, window: normalised histories -> where windows are cut, and features computed before each cut.

Reads data/histories/. Writes data/windows/, a file for each origin, and reports/window.json.
Decides the size of the windows, and which of them are used for training.
Parameters: section `window` of params.yaml, and `backtest.horizon`.
"""

from safetensors.numpy import load_file

from stages.common.arguments import Parser
from stages.common.errors import UserError, run
from stages.common.params import read_params
from stages.common.paths import HISTORIES, WINDOW_SUMMARY, WINDOWS, fresh_folder, origin_file, origins_in, write_summary
from stages.compute.memory import lack_of_memory
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.compute.workers import FileArgument
from stages.normalize.covariates import ScaledCovariates
from stages.normalize.params import Backtest
from stages.panel.covariate_counts import NO_COVARIATES
from stages.window.cutting import (
    bytes_of_cuts,
    refuse_long_size,
    refuse_no_experts,
    refuse_no_windows,
    warn_of_short_histories,
    warn_of_unused_covariates,
    window_origin,
)
from stages.window.params import Window

MOST_HERE = 20_000  # values of all histories, whose windows are cut in less time than a worker needs to start


def main() -> None:
    params = read_params()
    origins = origins_in(HISTORIES)
    latest = load_file(origin_file(HISTORIES, origins[0]))
    refuse_long_size(params[Window], int(latest["lengths"].max(initial=0)))
    seasons, horizon = latest["seasons"].tolist(), params[Backtest].horizon
    covariates = ScaledCovariates.in_file(latest)
    counts = covariates.counts if covariates else NO_COVARIATES
    warn_of_unused_covariates(counts, params[Window])
    warn_of_short_histories(latest["values"], latest["lengths"], seasons, covariates, params[Window])
    needed = bytes_of_cuts(latest["lengths"], seasons, params[Window], horizon, counts)
    if problem := lack_of_memory(needed, len(origins), params[Compute], "cutting windows", "window.max_windows"):
        raise UserError(f"params.yaml: {problem}")
    histories = [FileArgument.at(origin_file(HISTORIES, origin), load_file) for origin in origins]
    tasks = [(history, params[Window], horizon) for history in histories]
    summaries = []
    few = len(latest["values"]) * len(origins) <= MOST_HERE and params[Compute].engine == "local"
    with open_pool(params[Compute].in_this_process() if few else params[Compute], "stages.window.cutting") as pool:
        fresh_folder(WINDOWS)
        for origin, (windows, summary) in zip(origins, pool.run(window_origin, tasks, bar="origins"), strict=True):
            windows.write(origin_file(WINDOWS, origin))
            summaries.append(summary)
            if origin == origins[0]:
                final = windows
    refuse_no_windows(final, horizon, origins[0])
    refuse_no_experts(final, params[Window].experts)
    write_summary(WINDOW_SUMMARY, summaries[0])


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
