"""The ensemble of one training origin: its networks, and the settings with which they forecast any history."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stages.normalize.covariates import concat_covariates
from stages.normalize.histories import normalize
from stages.normalize.normalizer import Normalizer
from stages.normalize.params import Normalize
from stages.panel.covariate_counts import NO_COVARIATES, CovariateCounts
from stages.panel.panel import History
from stages.predict.forecasts import OriginForecast, forecast_origin
from stages.train.batches import Batches
from stages.train.network import Network, load_networks, shape_of
from stages.window.cutting import a_window, cut_at_ends
from stages.window.params import Window
from stages.window.windows import Windows


@dataclass(frozen=True)
class Ensemble:
    """Networks that were trained together, on whatever series, and what prepares a history for them.

    horizon: steps to forecast
    members: of the ensemble
    normalize, window: the parameters of these stages
    seasons: lengths of the seasons that windows use
    networks: by member; empty where no history was long enough for a window
    covariates: how many there are
    """

    horizon: int
    members: int
    normalize: Normalize
    window: Window
    seasons: list[float]
    networks: dict[int, Network]
    covariates: CovariateCounts = NO_COVARIATES

    def check(self) -> None:
        """Raises ValueError for networks that cannot forecast, or not from the windows of this ensemble."""
        shape = shape_of(Batches(a_window(self.seasons, self.window, self.horizon, self.covariates)))
        if sorted(self.networks) != list(range(self.members)):
            raise ValueError(f"networks of other members than {self.members}")
        if any(network.shape != shape for network in self.networks.values()):
            raise ValueError("networks of another horizon, other seasons, experts or covariates")
        if not all(each.isfinite().all() for network in self.networks.values() for each in network.parameters()):
            raise ValueError("weights that are not finite")

    def forecast(self, histories: list[History]) -> list[OriginForecast]:
        """Forecasts of S series from each of some origins: each from its own history up to the origin alone.

        Raises UserError where a logarithm is demanded of a value that is not positive.
        """
        prepared = zip(histories, self.prepare(histories), strict=True)
        return [
            forecast_origin(history, self.horizon, normalizer, windows, self.networks, self.members)
            for history, (normalizer, windows) in prepared
        ]

    def prepare(self, histories: list[History]) -> list[tuple[Normalizer, Windows]]:
        """For each origin a normalizer fitted to S histories, and the window at the end of each.

        The windows of all origins are cut at once: the steps of seasonal indices are a loop, whose time hardly depends
        on the number of histories.
        """
        normalized = [normalize(history, self.normalize, self.seasons, self.horizon) for history in histories]
        values, lengths = (
            np.concatenate([getattr(each, name) for _, each in normalized]) for name in ("values", "lengths")
        )
        covariates = concat_covariates([each.covariates for _, each in normalized])
        windows = cut_at_ends(values, lengths, self.seasons, self.window, self.horizon, covariates)
        series = len(lengths) // len(histories)
        return [
            (normalizer, windows.at_ends_of(slice(place * series, (place + 1) * series)))
            for place, (normalizer, _) in enumerate(normalized)
        ]


def load_ensembles(folder: Path, trained_at: dict[int, int], settings: Ensemble) -> dict[int, Ensemble]:
    """The ensemble that forecasts from each origin.

    folder: with the networks of each training origin
    trained_at: for each origin, the training origin whose networks forecast it
    settings: the ensemble without networks
    """
    trained = {origin: replace(settings, networks=load_networks(folder, origin)) for origin in set(trained_at.values())}
    return {origin: trained[training_origin] for origin, training_origin in trained_at.items()}
