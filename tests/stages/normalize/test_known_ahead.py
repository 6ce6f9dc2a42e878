"""Future covariates that are missing over the horizon are refused or warned of, in one line."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.normalize.known_ahead import check_known_ahead, refuse_missing_future
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from tests.builders import panel_of

NAN = np.nan


def panel_with(first: list[float], second: list[float]) -> Panel:
    """Series of 2 days each, from 30 December 2023 on; price and the indicators of a category at and after them."""
    prices = np.array([*first, *second])
    values = np.stack([prices, np.where(np.isnan(prices), NAN, 1), np.where(np.isnan(prices), NAN, 0)], axis=1)
    covariates = Covariates(
        future=["price", "sky=fog", "sky=sun"],
        past=[],
        static=[],
        indptr=np.array([0, len(first), len(prices)]),
        future_values=values,
        past_values=np.empty((4, 0)),
        static_values=np.empty((2, 0)),
        categories={"sky": ["fog", "sun"]},
    )
    days = pd.Series([*pd.date_range("2023-12-30", periods=2)] * 2)
    return panel_of([[1, 2], [3, 4]], ds=days, time_axis=TimeAxis("D", "%d.%m.%Y"), covariates=covariates)


@pytest.mark.parametrize("missing", ["error", "keep", "forward"])
def test_what_is_known_over_the_horizon_passes(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_with([NAN, 1, 2, 3], [1, NAN, 1, 2, NAN])
    refuse_missing_future(panel, 2, missing, "sales.csv")
    refuse_missing_future(replace(panel, covariates=None), 2, missing, "sales.csv")
    assert capsys.readouterr().err == ""


def test_the_longest_gap_is_named_from_when_to_when() -> None:
    """Of one step and two of one series, and one of the other."""
    panel = panel_with([1, 1, NAN, 1, NAN, NAN, 1], [1, 1, 1, 1, 1, 1])
    with pytest.raises(UserError) as caught:
        refuse_missing_future(panel, 5, "error", "sales.csv")
    assert str(caught.value) == (
        "sales.csv: series '0' has no value of the future covariate 'price' from 03.01.2024 to 04.01.2024, within the "
        "5 steps to forecast (missing: 2 columns, 2 series); add rows for these steps, with the covariates and "
        "without a value, or set ingest.missing to keep"
    )


def test_a_warning_takes_its_place_where_missing_values_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    refuse_missing_future(panel_with([1, 1, 1, 1], [1, 1, 1]), 2, "keep", "sales.csv")
    assert capsys.readouterr().err == (
        "warning: sales.csv: series '1' has no value of the future covariate 'price' at 02.01.2024, within the 2 steps "
        "to forecast (missing: 2 columns, 1 series); the mean of its last values stands in for it; add rows "
        "for these steps, with the covariates and without a value, or list it in ingest.covariates.past if nobody "
        "knows it ahead\n"
    )


def test_a_gap_inside_is_filled_first(capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_with([1, 1, NAN, 1], [1, 1, NAN, 1])
    assert panel.covariates
    refuse_missing_future(
        replace(panel, covariates=replace(panel.covariates, filling="forward")), 2, "forward", "sales.csv"
    )
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("ahead", "series"),
    [
        ([9.9, 10.1], 0),
        ([12.9, 7.1], 0),  # the history has two values, 9 and 11, and their difference counts as its spread
        ([13.1, 11.0], 1),
        ([10.0, 6.9], 1),
    ],
)
def test_values_far_outside_their_history_are_warned_of(
    ahead: list[float], series: int, capsys: pytest.CaptureFixture[str]
) -> None:
    panel = panel_with([9, 11, *ahead], [5, 5, 5, 5.2])
    check_known_ahead(panel, 2, "keep", "sales.csv")
    (warned, *_) = [*capsys.readouterr().err.splitlines(), ""]
    assert bool(warned) == bool(series)
    if series:
        value, counts, day = (13.1, 13, "01.01.2024") if ahead[0] == 13.1 else (6.9, 7, "02.01.2024")
        assert warned == (
            f"warning: sales.csv: series '0' has {value} at {day} for the future covariate 'price', far outside its "
            f"history, where no value shows what it does; it counts as {counts} (at 1 of 2 steps; so in 1 of 2 series)"
        )


@pytest.mark.parametrize("value", [7.0, -3.0])
def test_nothing_is_more_than_true_or_less_than_false(value: float, capsys: pytest.CaptureFixture[str]) -> None:
    check_known_ahead(panel_with([0, 1, value, 1], [1, 0, 1, 0]), 2, "keep", "sales.csv")
    assert f"has {value:g} at 01.01.2024" in (said := capsys.readouterr().err)
    assert f"it counts as {min(max(value, 0), 1):g} (at 1 of 2 steps; so in 1 of 2 series)" in said


def test_a_price_that_never_changed_may_change_by_a_twentieth(capsys: pytest.CaptureFixture[str]) -> None:
    """Else a change of the price would count for as much as in another series all changes together."""
    check_known_ahead(panel_with([20, 20, 20.9, 19.1], [1, 1, 1, 1]), 2, "keep", "sales.csv")
    assert capsys.readouterr().err == ""
    check_known_ahead(panel_with([20, 20, 21.1, 20], [1, 1, 1, 1]), 2, "keep", "sales.csv")
    assert "it counts as 21 (at 1 of 2 steps; so in 1 of 2 series)" in capsys.readouterr().err


def test_nothing_is_far_from_a_single_value_or_from_a_category(capsys: pytest.CaptureFixture[str]) -> None:
    """The category `fog` ends after the history."""
    panel = panel_with([NAN, 9, 100, 100], [5, 5, 5, 5])
    assert panel.covariates
    panel.covariates.future_values[[2, 3, 6, 7], 1:] = [0, 1]
    check_known_ahead(panel, 2, "keep", "sales.csv")
    assert capsys.readouterr().err == ""
