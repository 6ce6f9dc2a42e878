"""Warnings of predict: evaluation origins before all data, and series too short for the model."""

from stages.common.errors import quoted, warn
from stages.predict.forecasts import OriginForecast


def warn_of_origins_out_of_reach(count: int) -> None:
    """Warn of `count` evaluation origins at which no series has a history."""
    if count:
        warn(
            f"{count} evaluation origins lie before the first value of every series and are left out; "
            "make backtest.origins or backtest.step smaller"
        )


def warn_of_fallback(final: OriginForecast, ids: list[str]) -> None:
    """Warn of series (S,) `ids` that have the seasonal naive forecast, with the ids of the first five."""
    names = [quoted(name) for name, fallback in zip(ids, final.fallback, strict=True) if fallback]
    if names:
        few = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        warn(
            f"{len(names)} of {len(ids)} series are too short for a window and are forecast by seasonal naive "
            f"({few}); make window.size smaller to include them"
        )
