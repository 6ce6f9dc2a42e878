"""Read new data for a forecaster, a file or a DataFrame, with the checks of ingest and what was found in training.

The frequency and the seasons are those of the training, whatever the length of the data. The format of times is found
in the data; of several that fit, that of the training is right, or else the one in which all fit the frequency.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from stages.common.errors import UserError, reworded
from stages.forecast.frame import FrameReader
from stages.forecast.layout import layout_of, named_columns
from stages.ingest.checks import CORRECT_VALUE, LEARNED, TELL_APART
from stages.ingest.covariates import CORRECT_COVARIATES
from stages.ingest.headers import CORRECT_COLUMNS
from stages.ingest.input_format import InputFormat
from stages.ingest.notations import candidate_formats
from stages.ingest.numbers import OTHER_VALUES
from stages.ingest.params import Ingest
from stages.ingest.raw import OTHER_IDS, Raw, Reader, observations, open_raw, refuse_missing_file
from stages.ingest.regular import build_panel
from stages.normalize.known_ahead import check_known_ahead
from stages.panel.grid import OFF_GRID, make_grid
from stages.panel.panel import Panel
from stages.panel.time_formats import parse_times

NAME_THEM = "name the columns unique_id, ds and y"
INSTEAD = {  # what else than to change a parameter and train again leads to a forecast
    **dict.fromkeys(("series", "time", "value"), NAME_THEM),
    "time_format": "write dates as 2024-01-31",
    "none": "leave these cells empty",
}
REWORDED = {  # hints at parameters that new data need not follow, and at training
    CORRECT_COVARIATES: "rename it, or add the column: the forecaster was trained with it",
    CORRECT_COLUMNS: f"rename it, or {NAME_THEM}",
    CORRECT_VALUE: "a forecast needs the history too, with the planned rows below it",
    TELL_APART: ", or tell series apart by columns unique_id, ds and y",
    OTHER_VALUES: "convert it",
    OTHER_IDS: "convert it",
    LEARNED: "the forecast takes them as given",
    "ingest.path": "FILE",
}
ADDRESS = re.compile(r"\w\w+:/")
SETTING = re.compile(rf"\bingest\.({'|'.join(Ingest.model_fields)})\b")


def read_file(path: Path, input_format: InputFormat) -> Panel:
    """The panel in a file of CSV or Parquet, or a folder of Parquet files, anywhere.

    Raises UserError for all that ingest refuses, for another frequency than the forecaster's and for missing columns.
    """
    with reworded(_for_forecasts):
        if ADDRESS.match(str(path)):
            raise UserError(f"{path}: an address, not a file; download it with `dvc get-url` and name the local copy")
        refuse_missing_file(path, str(path))
        reader = open_raw(path, *named_columns(input_format.settings), input_format.settings)
        return _read(reader, input_format, layout_of(reader, input_format.settings, long_first=False))


def read_frame(frame: pd.DataFrame, input_format: InputFormat) -> Panel:
    """The panel in a DataFrame. Raises UserError as `read_file` does."""
    with reworded(_for_forecasts):
        reader = FrameReader(frame)
        return _read(reader, input_format, layout_of(reader, input_format.settings, long_first=True))


def refuse_unknown_future(panel: Panel, steps: int, trained: InputFormat, source: str) -> None:
    """Refuse future covariates that are missing over the `steps` to forecast, or warn of them, as in training.

    Warn of what else is doubtful about them.
    """
    with reworded(_for_forecasts):
        check_known_ahead(panel, steps, trained.settings.missing, source)


def _read(reader: Reader, trained: InputFormat, layout: Ingest) -> Panel:
    imposed = {"frequency": trained.frequency, "season_length": list(trained.season_lengths)}
    raw = observations(reader, layout, trained.categories)
    settings = layout.model_copy(update={**imposed, "time_format": _time_format(raw, trained)})
    return replace(build_panel(raw, settings, trained), time=trained.time, value=trained.value)


def _time_format(raw: Raw, trained: InputFormat) -> str | None:
    """The format of the times: the declared one if all fit it; of several that fit, the one that the module says.

    None, so that ingest finds it, in all other cases.
    """
    declared = trained.settings.time_format
    if trained.time_format is None or pd.api.types.is_datetime64_any_dtype(raw.timestamps):
        return declared
    if declared and parse_times(raw.timestamps, declared).notna().all():
        return declared
    candidates = candidate_formats(raw.timestamps, with_zone=trained.settings.time_zone is not None)
    fitting = {
        name: times
        for name, times in candidates.items()
        if times.notna().all() and times.equals(parse_times(raw.timestamps, name))
    }
    if len(fitting) < 2:
        return None
    as_trained = parse_times(raw.timestamps, trained.time_format)
    for fits in (as_trained.equals, lambda times: _is_regular(times, trained.frequency)):
        found = [name for name, times in fitting.items() if fits(times)]
        if len(found) == 1:
            return found[0]
    return None


def _is_regular(times: pd.Series, frequency: str | None) -> bool:
    """Whether all of `times` (U,) are steps of a frequency."""
    numbers = make_grid(frequency, times.min(), times.max()).numbers(pd.Index(times))
    return bool((numbers != OFF_GRID).all())


def _for_forecasts(message: str) -> str:
    """A message of ingest for someone who has the data, and a forecaster that was trained with its settings."""
    message = message.removeprefix("params.yaml: ")
    for hint, other in REWORDED.items():
        message = message.replace(hint, other)
    settings = SETTING.findall(message)
    if not settings:
        return message
    ways = dict.fromkeys(INSTEAD[name] for name in settings if name in INSTEAD and INSTEAD[name][:11] not in message)
    return f"{message} (in params.yaml, and train again{''.join(f', or {way}' for way in ways)})"
