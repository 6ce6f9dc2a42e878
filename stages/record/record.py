"""The record: every published version scored, and what that says as a whole, by version, by date and by series."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from stages.common.errors import UserError
from stages.compare.versions import parse_json
from stages.predict.metrics import six_digits
from stages.record.alarm import RATE, SHORTEST_BLOCK, Block, judge
from stages.record.history import Published
from stages.record.promise import Promise
from stages.record.scores import Actuals, score
from stages.record.version import read_version

MOST_SERIES = 5  # that are named because they break
COVERED, LIMITED = "covered_", "limited_"
WAITING, OTHER = "waiting", "other"


@dataclass(frozen=True)
class Scored:
    """A version with actual values.

    cutoff: the place of the last step that its data reached
    horizon: the steps of its forecast
    sums: a row for each step, see `_sums`
    series: by id, see `_by_series`
    """

    name: str
    method: str
    cutoff: int
    horizon: int
    promise: Promise | None
    sums: pd.DataFrame
    series: pd.DataFrame


@dataclass(frozen=True)
class Record:
    """What published forecasts were worth.

    versions: those with actual values, the oldest first
    labels: the texts of all steps up to the last with a value, by their places
    waiting: how many versions have no actual value yet
    others: how many forecast other series or steps than the panel has
    lost: versions whose forecasts cannot be had, and why
    """

    versions: list[Scored]
    labels: list[str]
    waiting: int
    others: int
    lost: list[tuple[str, str]]

    @property
    def first_cutoff(self) -> int:
        return min(version.cutoff for version in self.versions)

    @property
    def block_steps(self) -> int:
        """Steps in a block, which are counted from the first cutoff: the longest horizon, at least SHORTEST_BLOCK."""
        return max(SHORTEST_BLOCK, *(version.horizon for version in self.versions))

    @cached_property
    def sums(self) -> pd.DataFrame:
        """A row for each `version` and step, by its `place` in `labels`, with the `block` that it is in, from 1 on."""
        sums = pd.concat([each.sums.assign(version=place) for place, each in enumerate(self.versions)])
        return sums.assign(block=(sums["place"] - self.first_cutoff - 1) // self.block_steps + 1)

    @cached_property
    def blocks(self) -> list[Block]:
        """The tests of the blocks that are complete."""
        complete = (len(self.labels) - 1 - self.first_cutoff) // self.block_steps
        return judge(self.sums, [version.promise for version in self.versions], complete)

    @property
    def alarm(self) -> bool:
        return any(block.alarm for block in self.blocks)

    @property
    def worst(self) -> pd.DataFrame:
        """The series whose errors exceed the promise by most, of several: by id, means of both and their `ratio`."""
        sums = pd.concat([each.series for each in self.versions]).groupby(level=0, sort=False).sum()
        means = sums[["error", "promise"]].div(sums["count"], axis=0)
        ratio = means["error"] / means["promise"]
        above = means.assign(ratio=ratio)[(ratio > 1) & np.isfinite(ratio) & (len(means) > 1)]
        return above.sort_values("ratio", ascending=False, kind="stable").iloc[:MOST_SERIES]

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
    found: list[Scored | str] = []
    lost: list[tuple[str, str]] = []
    for each in published:
        try:
            found.append(_scored(each, actuals))
        except UserError as error:
            lost.append((each.name, str(error).removeprefix(f"{each.name}: ")))
    versions = [each for each in found if isinstance(each, Scored)]
    return Record(versions, actuals.labels, found.count(WAITING), found.count(OTHER), lost)


def _scored(published: Published, actuals: Actuals) -> Scored | str:
    """The scores of a version; WAITING or OTHER where it has none. Raises UserError where it cannot be read."""
    reached = _reached(published.panel)
    known = -1 if reached is None else actuals.place_of.get(reached)
    if known is None:
        return OTHER
    if known == len(actuals.labels) - 1:
        return WAITING
    version = read_version(published)
    scores = score(version, actuals, known)
    if scores.empty:
        return WAITING if version.forecast["unique_id"].isin(actuals.series_of).any() else OTHER
    cutoff = known if reached is not None else int((scores["place"] - scores["step"]).max())
    horizon = int(version.forecast.groupby("unique_id").size().max())
    sums, series = _sums(scores), _by_series(scores, version.promise)
    return Scored(version.name, version.method, cutoff, horizon, version.promise, sums, series)


def measures(sums: pd.DataFrame) -> pd.DataFrame:
    """`values`, `mase`, `promised`, `seasonal_naive` and `coverage_L` from sums; NaN where there is none.

    values: actual values scored
    mase, seasonal_naive: mean scaled errors
    promised: the mean promise for the same values; NaN where some have none
    """
    found = {
        "values": sums["values"].astype(int),
        "mase": sums["error"] / sums["scaled"],
        "promised": (sums["promise"] / sums["promised"]).where(sums["promised"] == sums["scaled"]),
        "seasonal_naive": sums["naive"] / sums["scaled"],
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


def plain(value: float) -> float | int | None:
    """A value for JSON: numbers to six digits, None for NaN."""
    if isinstance(value, int):
        return value
    return six_digits(value) if np.isfinite(value) else None
