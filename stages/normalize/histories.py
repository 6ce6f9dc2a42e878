"""The normalised histories of one origin: flat values, one series after another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.normalize.covariates import ScaledCovariates, scale_covariates
from stages.normalize.normalizer import Normalizer
from stages.normalize.params import Normalize
from stages.panel.panel import History, Panel

YEARS = 2.5  # that half the series must have: a course needs two, and networks examples of it
LONG_SEASON = 0.5  # of a year: a longer one that was set stands for the year


@dataclass(frozen=True)
class NormalizedHistories:
    """The normalised histories of S series.

    values: (V,) one series after another, NaN where a value is missing
    lengths: (S,) the number of steps of each, from its first value to the origin
    seasons: lengths of the seasons that windows use
    covariates: of the same steps; None without any
    """

    values: Floats
    lengths: Ints
    seasons: Floats
    covariates: ScaledCovariates | None = None

    def arrays(self) -> dict[str, Floats | Ints]:
        """All arrays by name, to be stored; covariates of the histories alone."""
        covariates = self.covariates.arrays() if self.covariates else {}
        return {"values": self.values, "lengths": self.lengths, "seasons": self.seasons, **covariates}


def normalize(
    history: History, settings: Normalize, seasons: Sequence[float], ahead: int = 0
) -> tuple[Normalizer, NormalizedHistories]:
    """Fit a normalizer to the histories of one origin, and normalise them.

    seasons: those in use, see `seasons_in_use`
    ahead: steps after the origin of which the covariates are needed, too: to forecast, not to train

    Raises UserError where a logarithm is demanded of a value that is not positive.
    """
    panel = history.panel
    normalizers, values, lengths = [], [], []
    for block in history.blocks():
        matrix = history.matrix(block)
        normalizer = Normalizer(settings.log, settings.scale).fit(matrix, panel.ids[block])
        normalised = normalizer.transform(matrix)
        known = ~np.isnan(normalised)  # numbers too large to normalise are NaN too: such a series has no values
        begun = np.logical_or.accumulate(known, axis=1)
        normalizers.append(normalizer)
        values.append(normalised[begun])
        lengths.append(begun.sum(axis=1))
    kept = np.concatenate(lengths)
    return Normalizer.concat(normalizers), NormalizedHistories(
        values=np.concatenate(values),
        lengths=kept,
        seasons=np.array(seasons, dtype=np.float64),
        covariates=scaled_covariates(history, kept, ahead),
    )


def scaled_covariates(history: History, kept: Ints, ahead: int) -> ScaledCovariates | None:
    """Those of the last `kept` (S,) steps of each history, and of the steps `ahead`; None without any."""
    covariates = history.panel.covariates
    if covariates is None:
        return None
    future, past = history.future_covariates(ahead), history.past_covariates()
    return scale_covariates(future, past, covariates.static_values, history.lengths, kept, ahead)


def seasons_in_use(panel: Panel, settings: Normalize) -> list[float]:
    """The seasons that windows use, the shortest first: those of the panel, and the year of days and shorter steps.

    A season is used if half the series are more than twice as long; a year, if they are longer than YEARS of them. The
    year is no whole number of steps.
    """
    if settings.seasonal != "shrunk":
        return []
    median_length, year = np.median(panel.lengths), panel.year_length
    longest = LONG_SEASON * year if year else np.inf
    seasons = [float(season) for season in panel.season_lengths if 1 < season < min(longest, median_length / 2)]
    return [*seasons, year] if year and YEARS * year < median_length else seasons
