"""The Python way: a DataFrame in, a DataFrame out."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from stages.forecast.forecasting import affordable_baselines, checked_steps, forecast_panel
from stages.forecast.reading import read_frame
from stages.panel.time_axis import TimeAxis
from stages.predict.forecaster import Forecaster


@dataclass(frozen=True)
class Loaded:
    """A forecaster that forecasts DataFrames."""

    forecaster: Forecaster

    @classmethod
    def read(cls, folder: Path) -> "Loaded":
        """Read a folder. Raises UserError where it holds no forecaster."""
        return cls(Forecaster.read(folder))

    def predict(self, frame: pd.DataFrame, horizon: int | None = None, baselines: bool = False) -> pd.DataFrame:
        """The forecast of each series in `frame`, from its end: a table as reports/forecast.csv.

        frame: columns unique_id, ds, y, or those of the data that trained the forecaster
        horizon: steps to forecast, at most those that it was trained for; None: all
        baselines: whether slow baselines are forecast, too

        `unique_id` and `ds` have the types that they have in the frame. Raises UserError, in one line, for a frame that
        cannot be read or forecast.
        """
        panel, steps = read_frame(frame, self.forecaster.input_format), checked_steps(self.forecaster, horizon)
        names = affordable_baselines(self.forecaster, panel, baselines)
        shards = forecast_panel(self.forecaster, panel, 0, steps, names)
        table = pd.concat([shard.future() for shard in shards], ignore_index=True)
        return _with_types_of(frame, table, panel.time_axis)


def _with_types_of(frame: pd.DataFrame, table: pd.DataFrame, time_axis: TimeAxis) -> pd.DataFrame:
    """The table with ids and steps of the types in the frame, where that has the columns unique_id and ds."""
    if "ds" in frame and pd.api.types.is_datetime64_any_dtype(frame["ds"]):
        table["ds"] = time_axis.parse(table["ds"]).astype(frame["ds"].dtype)
    elif "ds" in frame and pd.api.types.is_integer_dtype(frame["ds"]):
        table["ds"] = table["ds"].astype(frame["ds"].dtype)
    if "unique_id" in frame:
        ids = frame["unique_id"].drop_duplicates()
        table["unique_id"] = table["unique_id"].map(dict(zip(ids.astype(str), ids, strict=True))).astype(ids.dtype)
    return table
