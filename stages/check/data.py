"""The data as ingest understands them, in lines for a person: series, first and last values, gaps, ends, seasons."""

import numpy as np
import pandas as pd

from stages.check.words import number, season_in_words
from stages.common.errors import counted, quoted
from stages.ingest.ended import ends_before_last
from stages.ingest.gaps import longest_gap
from stages.ingest.raw import Raw
from stages.ingest.seasons import season_candidates
from stages.normalize.histories import LONG_SEASON, YEARS, seasons_in_use
from stages.normalize.params import Normalize
from stages.panel.covariates import Covariates
from stages.panel.holidays import dates_of_holidays
from stages.panel.panel import Panel
from stages.panel.time_axis import DAYS_IN_YEAR
from stages.plot.digits import significant
from stages.plot.words import frequency_in_words
from stages.window.seasonality import year_of

FEW = 3  # series named in a line

Lines = list[tuple[str, str]]


def describe_data(panel: Panel, raw: Raw, normalize: Normalize, horizon: int) -> Lines:
    """A name and a text for each property of a panel that was built from `raw`, and of the `horizon` steps after it."""
    frequency = panel.time_axis.frequency
    first, last = panel.indptr[:-1], panel.indptr[1:] - 1
    return [
        ("series", _series(panel)),
        ("first value", _value(panel, int(first[panel.ds.iloc[first].argmin()]))),
        ("last value", _value(panel, int(last[panel.ds.iloc[last].argmax()]))),
        ("smallest", _value(panel, int(np.nanargmin(panel.y)))),
        ("largest", _value(panel, int(np.nanargmax(panel.y)))),
        ("gaps", _gaps(panel)),
        *([("covariates", _covariates(panel.covariates, panel, horizon))] if panel.covariates else []),
        ("ends", _ends(panel)),
        ("left out", _left_out(panel, raw)),
        ("frequency", f"{frequency}: {frequency_in_words(frequency)}" if frequency else frequency_in_words(frequency)),
        ("season", f"{_seasons(panel)}{_used(panel, normalize)}"),
    ]


def _series(panel: Panel) -> str:
    lengths = panel.lengths
    longest = counted(int(lengths.max()), "step")
    if len(lengths) == 1:
        return f"1 ({_names(panel.ids)}), {longest}"
    steps = longest if lengths.min() == lengths.max() else f"{lengths.min():,} to {longest}"
    return f"{len(lengths):,} ({_names(panel.ids)}), {steps} each, {counted(len(panel.y), 'step')} in all"


def _value(panel: Panel, row: int) -> str:
    """A row of the panel: its value and time, and its series where there are several."""
    of = f" of {quoted(_series_at(panel, row))}" if len(panel.ids) > 1 else ""
    return f"{number(panel.y[row])} at {_time(panel, row)}{of}"


def _gaps(panel: Panel) -> str:
    if not panel.missing.any():
        return "none"
    missing = np.add.reduceat(panel.missing, panel.indptr[:-1], dtype=np.int64)
    worst = [series for series in np.argsort(-missing, kind="stable")[:FEW] if missing[series]]
    named = ", ".join(f"{quoted(panel.ids[series])} {missing[series]:,}" for series in worst)
    many = counted(int((missing > 0).sum()), "series", "series")
    where = f"; in {many}, most in {named}" if len(panel.ids) > 1 else ""
    how = "missing, and stay so" if np.isnan(panel.y).any() else "filled"
    count, share = counted(int(panel.missing.sum()), "value"), significant(100 * panel.missing.mean(), 2)
    return f"{count} ({share} % of the steps) {how} (ingest.missing), at most {longest_gap(panel)[1]:,} in a row{where}"


def _covariates(covariates: Covariates, panel: Panel, horizon: int) -> str:
    """The columns of each kind with the number of categories, how far ahead the future is known, and holidays."""
    kinds = {"future": covariates.future, "past": covariates.past, "static": covariates.static}
    texts = []
    for kind, names in kinds.items():
        columns = dict.fromkeys(map(covariates.declared, names))
        listed = ", ".join(
            quoted(name) + (f" ({len(of)} categories)" if (of := covariates.categories.get(name)) else "")
            for name in columns
        )
        texts += [f"{kind} {listed}"] if names else []
    ahead = np.diff(covariates.indptr) - panel.lengths
    steps = counted(int(ahead.max()), "step")
    known = steps if ahead.min() == ahead.max() else f"{ahead.min():,} to {steps}"
    texts += [f"known for {known} after the last value"] if covariates.future else []
    missing = ", ".join(f"{quoted(name)} {count:,}" for name, count in _missing(covariates).items())
    texts += [f"missing in {missing}"] if missing else []
    texts += [_holidays(covariates.holidays, panel, horizon)] if covariates.holidays else []
    return "; ".join(texts)


def _missing(covariates: Covariates) -> dict[str, int]:
    """How many values each covariate that changes with time lacks, of those that lack any."""
    kinds = ((covariates.future, covariates.future_values), (covariates.past, covariates.past_values))
    counts = {
        name: int(np.isnan(values[:, places[0]]).sum())
        for names, values in kinds
        for name, places in covariates.columns_by_covariate(names).items()
    }
    return {name: count for name, count in counts.items() if count}


def _holidays(code: str, panel: Panel, horizon: int) -> str:
    """How many days are holidays in the data and in the `horizon` steps after them, and the first of these."""
    assert panel.time_axis.frequency is not None
    steps = panel.ds.drop_duplicates(), panel.time_axis.next_steps(panel.ds.max(), horizon)
    inside, ahead = (dates_of_holidays(code, pd.DatetimeIndex(each), panel.time_axis.frequency) for each in steps)
    first = f" ({'the first ' if len(ahead) > 1 else ''}{ahead[0]})" if len(ahead) else ""
    return (
        f"holidays of {code}: {counted(len(inside), 'day')} in the data, {len(ahead)} in the steps to forecast{first}"
    )


def _ends(panel: Panel) -> str:
    rows = panel.indptr[1:] - 1
    latest = int(rows[panel.ds.iloc[rows].argmax()])
    earlier = np.flatnonzero(ends_before_last(panel))
    if not len(earlier):
        if panel.ds.iloc[rows].nunique() > 1:
            return f"at {_time(panel, latest)} the latest; all begin at the same step, so each counts its own"
        return f"{'all ' if len(rows) > 1 else ''}at {_time(panel, latest)}"
    earliest = int(rows[earlier][panel.ds.iloc[rows[earlier]].argmin()])
    return (
        f"{len(earlier):,} of {len(rows):,} series before the last, the earliest {quoted(_series_at(panel, earliest))} "
        f"at {_time(panel, earliest)}; the last {quoted(_series_at(panel, latest))} at {_time(panel, latest)}; "
        "each is forecast from its own end (ingest.ended_after leaves out those that ended)"
    )


def _left_out(panel: Panel, raw: Raw) -> str:
    with_value = np.zeros(len(raw.ids), dtype=bool)
    with_value[raw.series_codes[~np.isnan(raw.values)]] = True
    empty = [name for name, found in zip(raw.ids, with_value, strict=True) if not found]
    kept = set(panel.ids)
    ended = [name for name, found in zip(raw.ids, with_value, strict=True) if found and name not in kept]
    groups = {"without a value": empty, "that ended too early (ingest.ended_after)": ended}
    texts = [
        f"{counted(len(names), 'series', 'series')} {why}: {_names(names)}" for why, names in groups.items() if names
    ]
    return "; ".join(texts) or "nothing"


def _seasons(panel: Panel) -> str:
    """The seasons in use with what they mean, and the other ones that are possible."""
    frequency = panel.time_axis.frequency
    used = [season for season in panel.season_lengths if season > 1]
    candidates = season_candidates(frequency, int(panel.lengths.max()))
    others = [season for season in candidates if season not in used]
    in_use = " and ".join(_season(season, frequency) for season in used) or "none; ingest.season_length sets one"
    possible = ", ".join(_season(season, frequency) for season in others)
    return in_use + (f"; also possible, by ingest.season_length: {possible}" if others else "")


def _used(panel: Panel, normalize: Normalize) -> str:
    """What networks make of the seasons: which they leave out, and whether the course of the year comes besides."""
    if normalize.seasonal == "none":
        return "; networks use none (normalize.seasonal)"
    frequency, year, used = panel.time_axis.frequency, panel.year_length, seasons_in_use(panel, normalize)
    is_set = year is not None and panel.season_lengths[-1] >= LONG_SEASON * year  # as a season of 365 steps
    shorter = [season for season in panel.season_lengths[: -1 if is_set else None] if season > 1]
    half = "the series covers" if len(panel.ids) == 1 else "half the series cover"
    texts = []
    if not set(shorter) <= set(used):
        found = " and ".join(_season(season, frequency) for season in shorter if season in used)
        texts.append(f"networks use what {half} twice: {found or 'nothing'}")
    if year_of(used):
        texts.append(f"{'networks take the year as' if is_set else 'and the year, of'} {DAYS_IN_YEAR} days")
    elif year and panel.lengths.max() >= LONG_SEASON * year:
        texts.append(f"not the year, which needs {YEARS:g} of them")
    return "".join(f"; {text}" for text in texts)


def _season(season: int, frequency: str | None) -> str:
    meaning = season_in_words(season, frequency)
    return counted(season, "step") + (f" ({meaning})" if meaning else "")


def _series_at(panel: Panel, row: int) -> str:
    return panel.ids[int(np.searchsorted(panel.indptr, row, side="right")) - 1]


def _time(panel: Panel, row: int) -> str:
    times: pd.Series = panel.time_axis.format(panel.ds.iloc[[row]])
    return str(times.iloc[0])


def _names(names: list[str]) -> str:
    return ", ".join(map(quoted, names[:FEW])) + (", ..." if len(names) > FEW else "")
