"""Read new data for a forecaster, a file or a DataFrame, with the checks of ingest and what was found in training.

The columns are, in this order:
- those of the training; of a list of columns in `ingest.value` those that are there, others are left out;
- unique_id, ds and y: long. In a DataFrame these come first; so they do where they tell more than the training's own
  columns: several series for a forecaster of one, or a wide file for all of whose columns would be series;
- the time column of the training and none of its other columns: wide, where all other columns are series.

The frequency and the seasons are those of the training, whatever the length of the data. The format of times is found
in the data; of several that fit, that of the training is right.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from stages.common.errors import reworded
from stages.forecast.frame import FrameReader
from stages.ingest.columns import distinct
from stages.ingest.headers import CORRECT_COLUMNS
from stages.ingest.input_format import InputFormat
from stages.ingest.notations import candidate_formats
from stages.ingest.params import Ingest
from stages.ingest.raw import Raw, Reader, observations, open_raw, refuse_missing_file
from stages.ingest.regular import build_panel
from stages.panel.panel import Panel
from stages.panel.time_formats import parse_times

SERIES, TIME, VALUE = LONG = ("unique_id", "ds", "y")
NAME_THEM = "name the columns unique_id, ds and y"
SETTING = re.compile(rf"\bingest\.({'|'.join(Ingest.model_fields)})\b")


def read_file(path: Path, input_format: InputFormat) -> Panel:
    """The panel in a file of CSV or Parquet, or a folder of Parquet files, anywhere.

    Raises UserError for all that ingest refuses, for another frequency than the forecaster's and for missing columns.
    """
    settings = input_format.settings
    with reworded(_for_forecasts):
        refuse_missing_file(path, str(path))
        texts = dict.fromkeys([*settings.series_columns, *settings.time_columns, SERIES, TIME])
        reader = open_raw(path, list(texts), [*_values(settings), VALUE], settings)
        return _read(reader, input_format, _layout(reader, settings))


def read_frame(frame: pd.DataFrame, input_format: InputFormat) -> Panel:
    """The panel in a DataFrame. Raises UserError as `read_file` does."""
    with reworded(_for_forecasts):
        reader = FrameReader(frame)
        is_long = set(LONG) <= set(reader.columns)
        layout = _long(input_format.settings) if is_long else _layout(reader, input_format.settings)
        return _read(reader, input_format, layout)


def _read(reader: Reader, trained: InputFormat, layout: Ingest) -> Panel:
    imposed = {"frequency": trained.frequency, "season_length": list(trained.season_lengths)}
    raw = observations(reader, layout)
    settings = layout.model_copy(update={**imposed, "time_format": _time_format(raw, trained)})
    return replace(build_panel(raw, settings, trained), time=trained.time, value=trained.value)


def _layout(reader: Reader, settings: Ingest) -> Ingest:
    """`settings` with the columns to read, as the module says; if these lack, with those that lack least."""
    there = set(reader.columns)
    own, long = _columns(settings), set(LONG)
    values = [name for name in _values(settings) if name in there]
    if long <= there and (not own <= there or _tells_more(reader, settings)):
        return _long(settings)
    if isinstance(settings.value, list) and values and set(settings.time_columns) <= there:
        return settings.model_copy(update={"value": values})
    if set(settings.time_columns) <= there and not values and not there.intersection(settings.series_columns):
        return settings.model_copy(update={"series": None, "value": None})
    return settings if own <= there or len(own & there) >= len(long & there) else _long(settings)


def _tells_more(reader: Reader, settings: Ingest) -> bool:
    """Whether unique_id, ds and y, which are there, tell more than the columns that the forecaster was trained on."""
    if settings.value is None:
        return True
    if settings.series is not None or not isinstance(settings.value, str):
        return False
    return len(distinct(reader.read([SERIES], [])[SERIES])[1]) > 1


def _columns(settings: Ingest) -> set[str]:
    return {*settings.series_columns, *settings.time_columns, *_values(settings)}


def _values(settings: Ingest) -> list[str]:
    return [settings.value] if isinstance(settings.value, str) else settings.value or []


def _long(settings: Ingest) -> Ingest:
    return settings.model_copy(update={"series": SERIES, "time": TIME, "value": VALUE})


def _time_format(raw: Raw, trained: InputFormat) -> str | None:
    """The format of the times: the declared one if all fit it; of several that fit, that of the training.

    None, so that it is found out, if neither is so.
    """
    declared = trained.settings.time_format
    if trained.time_format is None or pd.api.types.is_datetime64_any_dtype(raw.timestamps):
        return declared
    if declared and parse_times(raw.timestamps, declared).notna().all():
        return declared
    candidates = candidate_formats(raw.timestamps, with_zone=trained.settings.time_zone is not None)
    fitting = {name: times for name, times in candidates.items() if times.notna().all()}
    if len(fitting) < 2:
        return None
    as_trained = parse_times(raw.timestamps, trained.time_format)
    return next((name for name, times in fitting.items() if times.equals(as_trained)), None)


def _for_forecasts(message: str) -> str:
    """A message of ingest for someone who has the data, and a forecaster that was trained with its settings."""
    message = message.removeprefix("params.yaml: ").replace("ingest.path", "FILE")
    message = message.replace(CORRECT_COLUMNS, f"rename it, or {NAME_THEM}")
    settings = set(SETTING.findall(message))
    if not settings:
        return message
    columns = f", or {NAME_THEM}" if settings & {"series", "time", "value"} else ""
    return f"{message} (in params.yaml, and train again{columns})"
