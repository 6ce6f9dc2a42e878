"""Summarize a panel: its size, time span, frequency and seasons, and how much is missing, filled or left out."""

from typing import Any

import numpy as np
import pandas as pd

from stages.ingest.ended import ended_series, ends_before_last
from stages.ingest.gaps import longest_gap
from stages.ingest.raw import Raw
from stages.ingest.seasons import has_no_usual_season, season_candidates
from stages.panel.panel import Panel


def summarize(panel: Panel, raw: Raw) -> dict[str, Any]:
    """The summary, for reports/panel.json, of a panel that was built from `raw`.

    shortest, longest: the lengths of series, in steps
    season_candidates: the possible seasons that the longest series holds twice
    missing, longest_gap: the number of missing values, in all and in a row
    filled: how many of them were filled: all, or none
    series_ending_earlier: the number of series in the panel that end before its last step
    series_ended: the number of series that ended long before the panel, left out or kept
    """
    first = panel.ds.iloc[panel.indptr[:-1]].min()
    last = panel.ds.iloc[panel.indptr[1:] - 1].max()
    first_text, last_text = panel.time_axis.format(pd.Series([first, last]))
    with_value = len(np.unique(raw.series_codes[~np.isnan(raw.values)]))
    candidates = season_candidates(panel.time_axis.frequency, int(panel.lengths.max()))
    return {
        "series": len(panel.ids),
        "rows": len(panel.y),
        "shortest": int(panel.lengths.min()),
        "longest": int(panel.lengths.max()),
        "first": first_text,
        "last": last_text,
        "frequency": panel.time_axis.frequency or "integer steps",
        "season_length": _seasons(panel),
        "season_candidates": ", ".join(map(str, candidates)) or "none",
        "missing": int(panel.missing.sum()),
        "longest_gap": longest_gap(panel)[1],
        "filled": int((panel.missing & ~np.isnan(panel.y)).sum()),
        "series_without_value": len(raw.ids) - with_value,
        "series_ending_earlier": int(ends_before_last(panel).sum()),
        "series_ended": int(ended_series(panel).sum()) + with_value - len(panel.ids),
    }


def _seasons(panel: Panel) -> int | str:
    """The season length, or several; a note where there is none because the frequency has no usual one."""
    seasons, frequency = panel.season_lengths, panel.time_axis.frequency
    if len(seasons) > 1:
        return ", ".join(map(str, seasons))
    if seasons == (1,) and has_no_usual_season(frequency):
        return f"1 (no season is assumed for {frequency or 'integer steps'}; ingest.season_length sets one)"
    return seasons[0]
