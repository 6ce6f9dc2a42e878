"""Series that ended long before the panel does: count, name or leave them out."""

import numpy as np

from stages.common.arrays import Bools, Ints
from stages.common.errors import quoted, warn
from stages.ingest.fit import spans
from stages.ingest.gaps import long_stretch
from stages.ingest.raw import Raw
from stages.panel.panel import Panel


def without_ended_series(raw: Raw, places: Ints, ended_after: int | None) -> Raw:
    """`raw` without the series whose last value lies more than `ended_after` steps before the last of all; None: all.

    raw: each series from its first value to its last
    places: (U,) the number of each timestamp's step
    """
    if ended_after is None:
        return raw
    first, lengths = spans(raw.series_codes, places[raw.time_codes], len(raw.ids))
    last = np.where(lengths > 0, first + lengths, np.iinfo(np.int64).min)
    return raw.take((last >= last.max() - ended_after)[raw.series_codes])


def ended_series(panel: Panel) -> Bools:
    """(S,) which series ended more than `long_stretch` steps before the last of the panel."""
    return panel.steps_before_last > long_stretch(panel)


def ends_before_last(panel: Panel) -> Bools:
    """(S,) which series ended before the last of the panel, by one step or more."""
    return panel.steps_before_last > 0


def warn_of_ended_series(panel: Panel, ended_after: int | None, source: str) -> None:
    """Warn of series that ended long ago and are kept, since `ended_after` is None."""
    ended = ended_series(panel) if ended_after is None else np.zeros(0, dtype=bool)
    if not ended.any():
        return
    last = panel.ds.iloc[panel.indptr[1:] - 1]
    latest = int(last.argmax())
    some = np.flatnonzero(ended)[:3]
    texts = panel.time_axis.format(last.iloc[[latest, *some]])
    names = ", ".join(f"{quoted(panel.ids[series])} at {end}" for series, end in zip(some, texts[1:], strict=True))
    odd = f", or correct the date of {quoted(panel.ids[latest])}" if 2 * ended.sum() > len(ended) else ""
    warn(
        f"{source}: {ended.sum()} of {len(ended)} series ({names}) ended more than {long_stretch(panel)} steps "
        f"before the last, {quoted(panel.ids[latest])} at {texts.iloc[0]}; each is forecast from its own end; "
        f"set ingest.ended_after to {long_stretch(panel)} to leave out those that ended{odd}"
    )
