"""A published version: its forecast, whose it is, and what its backtest promised, read through DVC."""

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.common.errors import UserError
from stages.common.paths import ERROR_BY_STEP, ERRORS, FORECAST, FORECAST_SUMMARY
from stages.compare.versions import VersionFiles, parse_forecasts, parse_json
from stages.plot.significance import read_errors
from stages.predict.params import MODEL, shown_levels
from stages.record.history import Published
from stages.record.promise import Promise, promise_of


@dataclass(frozen=True)
class Version:
    """One version of the forecast.

    method: the published one, a column of `forecast`
    forecast: reports/forecast.csv; ids and steps are text
    promise: None where the version has no backtest of the method
    """

    name: str
    method: str
    forecast: pd.DataFrame
    promise: Promise | None

    @property
    def levels(self) -> list[int]:
        """Of the intervals that are scored, those that reports show."""
        lower = f"{self.method}-lo-"
        levels = [name.removeprefix(lower) for name in map(str, self.forecast) if name.startswith(lower)]
        return shown_levels(int(level) for level in levels if level.isdecimal())


def read_version(published: Published) -> Version:
    """Read a version from Git, the cache or a remote. Raises UserError where its forecast cannot be had."""
    files = VersionFiles(published.name, published.commit)
    forecast = files.read(FORECAST, parse_forecasts)
    summary = files.read(FORECAST_SUMMARY, parse_json) or {}
    method = str(summary.get("method", MODEL))
    if forecast is None or not {"unique_id", "ds", method} <= set(forecast):
        raise UserError(f"{published.name}: {FORECAST} has no columns unique_id, ds and {method}; it is not scored")
    if not np.isfinite(forecast[method]).all():
        raise UserError(f"{published.name}: {FORECAST} has values of {method} that are no numbers; it is not scored")
    by_step, errors = files.read(ERROR_BY_STEP, _parse_steps), files.read(ERRORS, _parse_errors)
    promise = None if by_step is None or errors is None else promise_of(by_step, errors, method)
    return Version(published.name, method, forecast, promise)


def _parse_steps(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text)).astype(float)


def _parse_errors(text: str) -> pd.DataFrame:
    errors = read_errors(io.StringIO(text))
    return errors.astype(dict.fromkeys(errors.columns.drop(["unique_id", "cutoff"]), float))
