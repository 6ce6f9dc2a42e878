"""The record: every published version scored, and what that says as a whole, by version, by date and by series."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stages.common.errors import UserError
from stages.compare.versions import parse_json
from stages.predict.metrics import six_digits
from stages.record.alarm import RATE, Block, judge
from stages.record.history import Published
from stages.record.promise import Promise
from stages.record.scores import Actuals, score
from stages.record.version import read_version

MOST_SERIES = 5  # that are named because they break
COVERED, LIMITED = "covered_", "limited_"


@dataclass(frozen=True)
class Scored:
    """A version with actual values.

    cutoff: the place of the last step that its data reached
    horizon: the steps of its forecast
    """

    name: str
    method: str
    cutoff: int
    horizon: int
    promise: Promise | None


@dataclass(frozen=True)
class Record:
    """What published forecasts were worth.

    versions: those with actual values, the oldest first
    sums: a row for each version (its place in `versions`), step (its place in `labels`) and block of steps, see `_sums`
    series: by id, the mean scaled error and what was promised for the series, where both are known
    labels: the texts of all steps up to the last with a value
    horizon: steps in a block
    blocks: the tests of the blocks that are complete
    waiting: how many versions have no actual value yet
    others: how many forecast other series or steps than the panel has
    lost: versions whose forecasts cannot be had, and why
    """

    versions: list[Scored]
    sums: pd.DataFrame
    series: pd.DataFrame
    labels: list[str]
    horizon: int
    blocks: list[Block]
    waiting: int
    others: int
    lost: list[tuple[str, str]]

    @property
    def alarm(self) -> bool:
        return any(block.alarm for block in self.blocks)

    @property
    def first_cutoff(self) -> int:
        return min(version.cutoff for version in self.versions)

    @property
    def worst(self) -> pd.DataFrame:
        """The series whose errors exceed the promise by most, of several series."""
        above = self.series[self.series["error"] > self.series["promise"]]
        ratio = above["error"] / above["promise"]
        order = ratio.sort_values(ascending=False, kind="stable").index[:MOST_SERIES]
        return above.loc[order] if len(self.series) > 1 else above.iloc[:0]

    def by(self, column: str) -> pd.DataFrame:
        """The measures of each version, step (`place`) or block: see `measures`."""
        return measures(self.sums.groupby(column).sum())

    def summary(self) -> dict[str, Any]:
        """reports/record.json: flat; `versions` 0 and nothing else where none has an actual value."""
        if not self.versions:
            return {"versions": 0}
        (row,) = measures(self.sums.sum().to_frame().T).to_dict("records")
        return {
            "since": self.labels[self.first_cutoff],
            "until": self.labels[int(self.sums["place"].max())],
            "versions": len(self.versions),
            **{name: plain(value) for name, value in row.items()},
            "alarm": self.alarm,
            "alarm_rate": RATE,
            "worst_series": list(self.worst.index),
            "lost_versions": len(self.lost),
        }


def make_record(published: list[Published], actuals: Actuals) -> Record:
    """Score each version that has actual values; name those whose forecasts cannot be had."""
    versions: list[Scored] = []
    sums, series, lost = [], [], []
    waiting = others = 0
    for each in published:
        reached = _reached(each.panel)
        known = -1 if reached is None else actuals.place_of.get(reached, len(actuals.labels))
        if known >= len(actuals.labels) - 1:  # nothing newer is known, or the step is none of this panel
            waiting, others = waiting + (known < len(actuals.labels)), others + (known == len(actuals.labels))
            continue
        try:
            version = read_version(each)
        except UserError as error:
            lost.append((each.name, str(error).removeprefix(f"{each.name}: ")))
            continue
        scores = score(version, actuals, known)
        if scores.empty:
            of_panel = version.forecast["unique_id"].isin(actuals.series_of).any()
            waiting, others = waiting + bool(of_panel), others + (not of_panel)
            continue
        cutoff = known if reached is not None else int((scores["place"] - scores["step"]).max())
        horizon = int(version.forecast.groupby("unique_id").size().max())
        sums.append(_sums(scores).assign(version=len(versions)))
        series.append(_by_series(scores, version.promise))
        versions.append(Scored(version.name, version.method, cutoff, horizon, version.promise))
    table = pd.concat(sums) if sums else pd.DataFrame()
    horizon = versions[0].horizon if versions else 1
    blocks: list[Block] = []
    if versions:
        first = min(version.cutoff for version in versions)
        table["block"] = (table["place"] - first - 1) // horizon + 1
        blocks = judge(table, [version.promise for version in versions], (len(actuals.labels) - 1 - first) // horizon)
    return Record(versions, table, _means(series), actuals.labels, horizon, blocks, waiting, others, lost)


def measures(sums: pd.DataFrame) -> pd.DataFrame:
    """`values`, `mase`, `seasonal_naive`, `promised` and `coverage_L` from sums; NaN where there is none.

    values: actual values scored
    mase, seasonal_naive: mean scaled errors
    promised: the mean promise for the same values; NaN where some have none
    """
    found = {
        "values": sums["values"].astype(int),
        "mase": sums["error"] / sums["scaled"],
        "seasonal_naive": sums["naive"] / sums["scaled"],
        "promised": (sums["promise"] / sums["promised"]).where(sums["promised"] == sums["scaled"]),
    }
    for name in map(str, sums):
        if name.startswith(COVERED):
            level = name.removeprefix(COVERED)
            found[f"coverage_{level}"] = 100 * sums[name] / sums[f"{LIMITED}{level}"]
    return pd.DataFrame(found)


def _reached(panel: str | None) -> str | None:
    """The last step of a version's data, by its reports/panel.json; None where that does not say."""
    try:
        last = parse_json(panel or "{}").get("last")
    except (ValueError, AttributeError, RecursionError):
        return None
    return None if last is None else str(last)


def _sums(scores: pd.DataFrame) -> pd.DataFrame:
    """Sums and counts by step: of all values, of those with a scaled error, with a promise, and with intervals."""
    promised = scores["promise"].notna()
    parts = {
        "place": scores["place"],
        "values": 1,
        "scaled": scores["error"].notna(),
        "error": scores["error"],
        "naive": scores["naive"],
        "promised": promised,
        "promise": scores["promise"],
        "promised_error": scores["error"].where(promised),
    }
    for name in map(str, scores):
        if name.startswith(COVERED):
            parts |= {name: scores[name], f"{LIMITED}{name.removeprefix(COVERED)}": scores[name].notna()}
    return pd.DataFrame(parts).groupby("place").sum().reset_index()


def _by_series(scores: pd.DataFrame, promise: Promise | None) -> pd.DataFrame:
    """By id: how many errors have a promise, and the sums of both; the promise as the backtest tells series apart."""
    known = scores[scores["promise"].notna()]
    own = promise.by_series.reindex(known["unique_id"]).fillna(1.0).to_numpy() if promise else 1.0
    parts = pd.DataFrame({"error": known["error"], "promise": known["promise"] * own, "count": 1})
    return parts.groupby(known["unique_id"], sort=False).sum()


def _means(parts: list[pd.DataFrame]) -> pd.DataFrame:
    sums = pd.concat(parts).groupby(level=0, sort=False).sum() if parts else pd.DataFrame({"count": []})
    return sums.drop(columns="count").div(sums["count"], axis=0)


def plain(value: float) -> float | int | None:
    """A value for JSON: numbers to six digits, None for NaN."""
    if isinstance(value, int):
        return value
    return six_digits(value) if np.isfinite(value) else None
