"""Stage 3, window: normalised histories -> where windows are cut, and features computed before each cut."""

from safetensors.numpy import load_file

from stages.common.errors import UserError, run
from stages.common.params import read_params
from stages.common.paths import HISTORIES, WINDOW_SUMMARY, WINDOWS, fresh_folder, origin_file, origins_in, write_summary
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.compute.workers import FileArgument
from stages.normalize.params import Backtest
from stages.window.cutting import refuse_long_size, window_origin
from stages.window.params import Window


def main() -> None:
    params = read_params()
    origins = origins_in(HISTORIES)
    refuse_long_size(params[Window], int(load_file(origin_file(HISTORIES, 0))["lengths"].max(initial=0)))
    histories = [FileArgument.at(origin_file(HISTORIES, origin), load_file) for origin in origins]
    tasks = [(history, params[Window], params[Backtest].horizon) for history in histories]
    summaries = []
    with open_pool(params[Compute]) as pool:
        fresh_folder(WINDOWS)
        for origin, (windows, summary) in zip(origins, pool.run(window_origin, tasks), strict=True):
            windows.write(origin_file(WINDOWS, origin))
            summaries.append(summary)
    final = summaries[0]
    if not final["windows"]:
        raise UserError(
            f"params.yaml: window.size {final['size']} and backtest.horizon {params[Backtest].horizon} together are "
            f"longer than every normalised history (the longest has {final['longest']} values); make one smaller"
        )
    write_summary(WINDOW_SUMMARY, final)


if __name__ == "__main__":
    run(main)
