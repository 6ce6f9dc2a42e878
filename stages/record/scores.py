"""Score published forecasts by the actual values that the panel has now: each only after its own cutoff."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from stages.common.arrays import Bools, Floats, Ints
from stages.panel.panel import Panel
from stages.predict.baselines import NAIVE, forecast_baseline
from stages.predict.scoring import mase_scales
from stages.record.version import Version


@dataclass(frozen=True)
class Actuals:
    """The panel of now, by the texts of its steps.

    Steps are numbered by their places among all steps of the panel that have a value.
    """

    panel: Panel
    _scales: dict[int, Floats] = field(default_factory=dict)

    @cached_property
    def given(self) -> Bools:
        """(N,) whether the input had the value of a row."""
        given: Bools = ~self.panel.missing & np.isfinite(self.panel.y)
        return given

    @cached_property
    def _steps(self) -> pd.Series:
        return pd.Series(self.panel.ds.unique()).sort_values(ignore_index=True)

    @cached_property
    def _places(self) -> Ints:
        places: Ints = pd.Index(self._steps).get_indexer(pd.Index(self.panel.ds)).astype(np.int64)
        return places

    @cached_property
    def labels(self) -> list[str]:
        """The text of each step up to the last with a value."""
        last = int(self._places[self.given].max(initial=-1))
        return list(self.panel.time_axis.format(self._steps.iloc[: last + 1]))

    @cached_property
    def place_of(self) -> dict[str, int]:
        """The place of a step by its text: the first where two have the same, when clocks are set back."""
        return {label: place for place, label in reversed(list(enumerate(self.labels)))}

    @cached_property
    def series_of(self) -> dict[str, int]:
        """The place of a series by its id."""
        return {name: place for place, name in enumerate(self.panel.ids)}

    @cached_property
    def _keys(self) -> Ints:
        """(N,) series and step of each row in one number; ascending."""
        return np.repeat(np.arange(len(self.panel.ids)), self.panel.lengths) * len(self._steps) + self._places

    def rows(self, series: Ints, places: Ints) -> Ints:
        """(F,) the panel's row of a series at a step; -1 where there is none, and for a place of -1."""
        keys = series * len(self._steps) + places
        found = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        exists = (series >= 0) & (places >= 0) & (self._keys[found] == keys)
        return np.where(exists, found, -1)

    def scales(self, origin: int) -> Floats:
        """(S,) MASE's denominator of the histories that end so many steps before each series' end."""
        if origin not in self._scales:
            self._scales[origin] = mase_scales(self.panel.at(origin))
        return self._scales[origin]


def score(version: Version, actuals: Actuals, known: int) -> pd.DataFrame:
    """A row for each step of the forecast that has an actual value now, and had none known when it was published.

    known: the place of the last step that the version's data reached; of a series that ended earlier, the steps in
        between were forecast when others' values were known, so they do not count

    The columns: `unique_id`, `place` of the step, `step` ahead, scaled `error`, the seasonal naive forecast's in
    `naive`, `promise` for that step ahead, and for each level `covered_L`, NaN without an interval. Errors are NaN
    where the history up to the series' cutoff, the step before the first of its forecast, has no scale.
    """
    table, panel = version.forecast, actuals.panel
    step = table.groupby("unique_id", sort=False).cumcount().to_numpy() + 1
    series = table["unique_id"].map(actuals.series_of).fillna(-1).to_numpy(dtype=np.int64)
    place = table["ds"].map(actuals.place_of).fillna(-1).to_numpy(dtype=np.int64)
    row = actuals.rows(series, place)
    first = table["unique_id"].map(dict(zip(table["unique_id"][step == 1], row[step == 1], strict=True))).to_numpy()
    scored = (row >= 0) & (row == first + step - 1) & (first > panel.indptr[series]) & (place > known)
    scored &= actuals.given[row]
    at, of = row[scored], series[scored]
    origin = panel.indptr[of + 1] - first[scored]
    scale = np.full(len(at), np.nan)
    for each in np.unique(origin):
        scale[origin == each] = actuals.scales(int(each))[of[origin == each]]
    rows, actual = table[scored], panel.y[at]
    promised = np.full(max(int(step.max(initial=0)), 1), np.nan)
    if version.promise:
        by_step = version.promise.by_step[: len(promised)]
        promised[: len(by_step)] = by_step
    columns: dict[str, Floats] = {
        "error": np.abs(actual - rows[version.method].to_numpy()) / scale,
        "naive": np.abs(actual - _naive(rows, actuals, of, origin, step[scored])) / scale,
        "promise": np.where(np.isfinite(scale), promised[step[scored] - 1], np.nan),
    }
    for level in version.levels:
        lower, upper = (rows[f"{version.method}-{end}-{level}"].to_numpy() for end in ("lo", "hi"))
        covered = (lower <= actual) & (actual <= upper)
        columns[f"covered_{level}"] = np.where(np.isfinite(lower + upper), covered, np.nan)
    keys = {"unique_id": rows["unique_id"], "place": place[scored], "step": step[scored]}
    return pd.DataFrame({**keys, **columns})


def _naive(rows: pd.DataFrame, actuals: Actuals, series: Ints, origin: Ints, step: Ints) -> Floats:
    """(F,) the seasonal naive forecasts: those of the version, or of the same histories where it has none."""
    if NAIVE in rows:
        given: Floats = rows[NAIVE].to_numpy(dtype=np.float64)
        return given
    made = np.full(len(rows), np.nan)
    for one in np.unique(series):
        mine = series == one
        history = actuals.panel.completed.at(int(origin[mine][0])).values(int(one))
        forecast = forecast_baseline(NAIVE, history, actuals.panel.season_length, int(step[mine].max()))
        made[mine] = forecast[step[mine] - 1]
    return made
