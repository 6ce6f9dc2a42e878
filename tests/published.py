"""A repository whose history a test writes: versions of a forecast, published month by month."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from tests.builders import panel_of
from tests.projects import commit, shell

MONTHS = TimeAxis("MS", "%Y-%m")
OUTS = """stages:
  predict:
    cmd: python -m stages.predict
    outs:
      - reports/forecast.csv
"""
LOCK = """schema: '2.0'
stages:
  predict:
    cmd: python -m stages.predict
    outs:
    - path: reports/forecast.csv
      hash: md5
      md5: {md5}
      size: {size}
"""


def months(count: int) -> pd.Series:
    """That many, from January 2020 on."""
    return pd.Series(pd.date_range("2020-01-01", periods=count, freq="MS"))


def monthly(series: Sequence[ArrayLike], season_length: int = 1, **fields: object) -> Panel:
    """A panel of monthly series that all end in the same month, the longest from January 2020 on."""
    lengths = [len(np.asarray(one)) for one in series]
    steps = months(max(lengths))
    ds = pd.concat([steps.iloc[-length:] for length in lengths], ignore_index=True)
    return panel_of(series, ds=ds, time_axis=MONTHS, season_lengths=(season_length,), **fields)


def make_repository(folder: Path) -> Path:
    """An empty repository of Git and DVC."""
    folder.mkdir()
    shell("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    (folder / ".dvc").mkdir()
    (folder / ".dvc/config").write_text("[core]\n    analytics = false\n")
    (folder / ".dvc/.gitignore").write_text("/cache\n/tmp\n")
    (folder / "dvc.yaml").write_text("stages: {}\n")
    for name in ("data", "reports"):
        (folder / name).mkdir()
    (folder / ".gitignore").write_text("/data\n/reports/record.json\n")
    return folder


def forecast_of(cutoff: int, columns: Mapping[str, ArrayLike], series: str = "0") -> pd.DataFrame:
    """A forecast of one series after so many months, by columns such as `model` and `seasonal_naive`."""
    values = {name: np.asarray(each, dtype=np.float64) for name, each in columns.items()}
    horizon = len(next(iter(values.values())))
    steps = MONTHS.format(months(cutoff + horizon).iloc[cutoff:]).to_numpy()
    return pd.DataFrame({"unique_id": series, "ds": steps, **values})


def publish(
    folder: Path, cutoff: int, forecast: pd.DataFrame, promise: ArrayLike | None = None, tracked: bool = False,
    method: str | None = None, date: str | None = None,
) -> str:  # fmt: skip
    """Commit a version whose data reach so many months, and return its commit.

    promise: mean scaled errors by step of its backtest, of two origins with the same errors; None for no backtest
    tracked: the forecast is DVC's, and its data are nowhere; else it is in Git
    """
    reports = folder / "reports"
    for old in reports.glob("*"):
        old.unlink()
    text = forecast.to_csv(index=False)
    (folder / "dvc.yaml").write_text(OUTS if tracked else "stages: {}\n")
    md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    (folder / "dvc.lock").write_text(LOCK.format(md5=md5, size=len(text)) if tracked else "schema: '2.0'\n")
    if not tracked:
        (reports / "forecast.csv").write_text(text)
    (reports / "panel.json").write_text(json.dumps({"last": MONTHS.format(months(cutoff)).iloc[-1]}))
    if method:
        (reports / "forecast.json").write_text(json.dumps({"method": method}))
    if promise is not None:
        steps, name = np.asarray(promise, dtype=np.float64), method or "model"
        by_step = pd.DataFrame({"step": np.arange(1, len(steps) + 1), name: steps})
        by_step.to_csv(reports / "error_by_step.csv", index=False)
        errors = [{"unique_id": each, "cutoff": "x", "origin": origin, name: steps.mean()}
                  for origin in (1, 2) for each in forecast["unique_id"].unique()]  # fmt: skip
        pd.DataFrame(errors).to_csv(reports / "errors.csv", index=False)
    commit(folder, f"data to {cutoff}", date)
    return shell("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()


def amend(folder: Path) -> str:
    """Take what a test changed into the last commit, and return it."""
    shell("git", "commit", "--quiet", "--all", "--amend", "--no-edit", cwd=folder)
    return shell("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()
