"""The Python way: a DataFrame in, a DataFrame out."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch

from stages.forecast.forecasting import affordable_baselines, checked_steps, forecast_panel
from stages.forecast.frame import FrameReader
from stages.forecast.layout import layout_of
from stages.forecast.output import Doubts
from stages.forecast.reading import read_frame, refuse_unknown_future
from stages.panel.time_axis import TimeAxis
from stages.predict.forecaster import Forecaster


@dataclass(frozen=True)
class Loaded:
    """A forecaster that forecasts DataFrames."""

    forecaster: Forecaster = field(repr=False)

    @property
    def method(self) -> str:
        """Whose forecast is published: a column of the tables."""
        return self.forecaster.method

    @classmethod
    def read(cls, folder: Path) -> "Loaded":
        """Read a folder. Raises UserError where it holds no forecaster."""
        return cls(Forecaster.read(folder))

    def predict(self, frame: pd.DataFrame, horizon: int | None = None, baselines: bool = False) -> pd.DataFrame:
        """The forecast of each series in `frame`, from its end: a table as reports/forecast.csv.

        frame: columns unique_id, ds, y, or those of the data that trained the forecaster
        horizon: steps to forecast, at most those that it was trained for; None: all
        baselines: whether slow baselines are forecast, too

        `unique_id` and `ds` have the types of the columns that they come from. Raises UserError, in one line, for a
        frame that cannot be read or forecast.
        """
        panel, steps = read_frame(frame, self.forecaster.input_format), checked_steps(self.forecaster, horizon)
        refuse_unknown_future(panel, steps, self.forecaster.input_format, FrameReader.source)
        forecaster = self.forecaster.for_panel(len(panel.ids))
        names = affordable_baselines(forecaster, panel, baselines)
        threads = torch.get_num_threads()
        try:
            shards = list(forecast_panel(forecaster, panel, 0, steps, names))
        finally:
            torch.set_num_threads(threads)  # those of the caller; a forecast has one, whose sums are always the same
        Doubts.warn([Doubts.of(shard, forecaster.method) for shard in shards])
        table = pd.concat([shard.future() for shard in shards], ignore_index=True)
        layout = layout_of(FrameReader(frame), self.forecaster.input_format.settings, long_first=True)
        if len(layout.time_columns) == 1:
            table["ds"] = _times_as(frame[layout.time_columns[0]], table["ds"], panel.time_axis)
        if len(layout.series_columns) == 1:
            table["unique_id"] = _ids_as(frame[layout.series_columns[0]], table["unique_id"])
        return table


def _ids_as(given: pd.Series, texts: pd.Series) -> pd.Series:
    """Ids in the type of those `given`."""
    ids = given.drop_duplicates()
    read = FrameReader(ids.to_frame("id")).read(["id"], [])["id"].cast(pa.string())
    return texts.map(dict(zip(read.to_pylist(), ids, strict=True))).astype(ids.dtype)


def _times_as(given: pd.Series, texts: pd.Series, time_axis: TimeAxis) -> pd.Series:
    """Steps in the type of those `given`; as text where these are objects such as dates."""
    dtype = given.dtype
    if pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
        return texts.astype(dtype)
    if dtype.kind != "M" and not isinstance(dtype, pd.PeriodDtype):
        return texts
    times = time_axis.parse(texts)
    if times.dt.tz is not None and getattr(given.dt, "tz", None) is None:
        times = times.dt.tz_localize(None)
    return times.astype(dtype)
