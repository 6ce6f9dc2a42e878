"""Summarize a panel: its size, time span, frequency and seasons, and how much was filled or left out."""

from typing import Any

import pandas as pd

from stages.ingest.frequency import season_candidates
from stages.ingest.raw import Raw
from stages.panel.panel import Panel


def summarize(panel: Panel, raw: Raw) -> dict[str, Any]:
    """The summary, for reports/panel.json, of a panel that was built from `raw`.

    shortest, longest: the lengths of series, in steps
    season_candidates: the possible seasons that the longest series holds twice
    filled: the number of missing values that were filled
    """
    first = panel.ds.iloc[panel.indptr[:-1]].min()
    last = panel.ds.iloc[panel.indptr[1:] - 1].max()
    first_text, last_text = panel.time_axis.format(pd.Series([first, last]))
    candidates = season_candidates(panel.time_axis.frequency, int(panel.lengths.max()))
    seasons = panel.season_lengths
    return {
        "series": len(panel.ids),
        "rows": len(panel.y),
        "shortest": int(panel.lengths.min()),
        "longest": int(panel.lengths.max()),
        "first": first_text,
        "last": last_text,
        "frequency": panel.time_axis.frequency or "integer steps",
        "season_length": ", ".join(map(str, seasons)) if len(seasons) > 1 else panel.season_length,
        "season_candidates": ", ".join(map(str, candidates)) or "none",
        "filled": int(panel.filled.sum()),
        "series_without_value": len(raw.ids) - len(panel.ids),
    }
