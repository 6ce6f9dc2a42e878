"""The normalised histories of an origin: flat, from values before the origin alone."""

from dataclasses import replace

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.normalize.histories import normalize, seasons_in_use
from stages.normalize.params import Normalize
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.window.seasonality import indexed, year_of
from tests.builders import change, panel_of


@pytest.fixture
def panel(airline: Floats) -> Panel:
    """The airline passengers and their last 30 values."""
    return panel_of([airline, airline[-30:]], season_lengths=(12,))


def test_normalised_histories_follow_one_another(panel: Panel, default_params: Params) -> None:
    settings = change(default_params, normalize__log="auto", normalize__scale="mean")[Normalize]
    normalizer, histories = normalize(panel.at(12), settings, [12])
    assert histories.lengths.tolist() == [144 - 12, 30 - 12]
    assert histories.seasons.tolist() == [12]
    logs = np.log(panel.y)
    expected = [logs[:132] - logs[:132].mean(), logs[144:162] - logs[144:162].mean()]
    np.testing.assert_allclose(histories.values, np.concatenate(expected), atol=1e-12)
    assert normalizer.log_.tolist() == [True, True]


@pytest.mark.parametrize("origin", [0, 12, 40, 143])
@pytest.mark.parametrize("scale", ["minmax", "mean"])
def test_each_value_is_that_of_its_row_in_the_panel(
    panel: Panel, default_params: Params, scale: str, origin: int
) -> None:
    settings = change(default_params, normalize__scale=scale)[Normalize]
    normalizer, histories = normalize(panel.at(origin), settings, [12])
    assert len(histories.values) == histories.lengths.sum()
    start = 0
    for series, (first, length) in enumerate(zip(panel.indptr[:-1], histories.lengths, strict=True)):
        one = normalizer.take(slice(series, series + 1))
        values = one.inverse_transform(histories.values[None, start : start + length])[0]
        np.testing.assert_allclose(values, panel.y[first : first + length])
        start += length


@pytest.mark.parametrize("seasons", [[], [12]])
@pytest.mark.parametrize("scale", ["minmax", "mean"])
def test_values_after_the_origin_change_nothing(
    panel: Panel, default_params: Params, seasons: list[int], scale: str
) -> None:
    settings = change(default_params, normalize__scale=scale)[Normalize]
    changed = panel.y.copy()
    changed[132:144] = -1e9
    changed[162:] = 0
    fitted, again = (normalize(each.at(12), settings, seasons) for each in (panel, replace(panel, y=changed)))
    for one, two in zip(fitted, again, strict=True):
        for name, value in vars(one).items():
            np.testing.assert_array_equal(getattr(two, name), value, err_msg=name)


@pytest.mark.parametrize("scale", ["minmax", "mean"])
def test_any_blocks_give_the_same(
    panel: Panel, default_params: Params, scale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = change(default_params, normalize__scale=scale)[Normalize]
    whole, histories = normalize(panel.at(3), settings, [12])
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 1)
    parts, same = normalize(panel.at(3), settings, [12])
    np.testing.assert_allclose(same.values, histories.values, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(same.lengths, histories.lengths)
    np.testing.assert_allclose(parts.center_, whole.center_)


@pytest.mark.parametrize("scale", ["minmax", "mean"])
def test_the_season_stays_in_the_values(panel: Panel, default_params: Params, scale: str) -> None:
    settings = change(default_params, normalize__scale=scale)[Normalize]
    (_, removed), (_, none) = (normalize(panel.at(0), settings, seasons) for seasons in ([12], []))
    np.testing.assert_array_equal(removed.values, none.values)
    assert (removed.seasons.tolist(), none.seasons.tolist()) == ([12], [])


def test_a_series_is_logged_if_its_history_is_positive_others_are_not(panel: Panel, default_params: Params) -> None:
    y = panel.y.copy()
    y[150] = -1.0  # in the short series
    y[143] = -1.0  # the last step of the long one, after the origin one step before the end
    mixed, settings = replace(panel, y=y), default_params[Normalize]
    assert normalize(panel.at(1), settings, [])[0].log_.tolist() == [True, True]
    assert normalize(mixed.at(1), settings, [])[0].log_.tolist() == [True, False]
    assert normalize(mixed.at(0), settings, [])[0].log_.tolist() == [False, False]


def test_numbers_too_large_to_normalise_leave_no_values(default_params: Params) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        panel = panel_of([[1.0, 2.0], [-1e308, 1e308, 1.7e308, 1.7e308]])
        _, histories = normalize(panel.at(0), default_params[Normalize], [])
    assert histories.lengths.tolist() == [2, 0]
    assert np.isfinite(histories.values).all()
    assert len(histories.values) == 2


@pytest.mark.parametrize(
    ("lengths", "seasons", "expected"),
    [
        ([100, 100], (12,), [12]),
        ([25], (12,), [12]),
        ([24], (12,), []),  # two seasons, but not one value more
        ([100, 20, 20], (12,), []),  # half of them are too short
        ([100, 100, 20], (12,), [12]),
        ([500], (24, 168), [24, 168]),
        ([500, 300, 300], (24, 168), [24]),  # weeks are too long for half of them
        ([40], (24, 168), []),
        ([100], (1,), []),
    ],
)
def test_seasons_that_half_the_series_hold_twice_are_left_to_the_windows(
    default_params: Params, lengths: list[int], seasons: tuple[int, ...], expected: list[int]
) -> None:
    panel = panel_of([np.zeros(length) for length in lengths], season_lengths=seasons)
    assert seasons_in_use(panel, change(default_params, normalize__seasonal="shrunk")[Normalize]) == expected
    assert seasons_in_use(panel, change(default_params, normalize__seasonal="none")[Normalize]) == []


@pytest.mark.parametrize(
    ("frequency", "seasons", "length", "expected"),
    [
        ("D", (7,), 913, [7]),  # not yet two and a half years
        ("D", (7,), 914, [7, 365.2425]),
        ("D", (7, 365), 914, [7, 365.2425]),  # a year that was set is the year
        ("D", (7, 365), 800, [7]),
        (None, (7,), 914, [7, 365.2425]),  # integer steps, seven of which are a season, are days
        (None, (12,), 5000, [12]),
        ("15min", (96, 672), 2000, [96, 672]),  # a week has indices, however many
        ("15min", (96, 672), 90_000, [96, 672, 4 * 24 * 365.2425]),
        ("h", (24, 168), 20_000, [24, 168]),
        ("h", (24, 168), 22_000, [24, 168, 24 * 365.2425]),
        ("W-SUN", (52,), 900, [52]),
        ("MS", (12,), 900, [12]),
    ],
)
def test_the_year_of_days_and_shorter_steps_is_a_season_too(
    default_params: Params, frequency: str | None, seasons: tuple[int, ...], length: int, expected: list[float]
) -> None:
    axis = TimeAxis(frequency, "%Y-%m-%d" if frequency else None)
    used = seasons_in_use(
        panel_of([np.zeros(length)], season_lengths=seasons, time_axis=axis), default_params[Normalize]
    )
    assert used == pytest.approx(expected)
    assert indexed(used) == [season for season in expected if season % 1 == 0]
    assert year_of(used) == (pytest.approx(expected[-1]) if expected[-1] % 1 else None)


@pytest.mark.parametrize("scale", ["minmax", "mean"])
def test_missing_values_stay_missing_and_count_for_nothing(airline: Floats, default_params: Params, scale: str) -> None:
    """A history lasts from its first value to the origin, also where that is in a gap."""
    settings = change(default_params, normalize__scale=scale)[Normalize]
    gaps = airline.copy()
    gaps[[5, 6, 100, 130, 131]] = np.nan
    normalizer, histories = normalize(panel_of([gaps], missing=np.isnan(gaps)).at(12), settings, [])
    assert histories.lengths.tolist() == [132]
    assert np.flatnonzero(np.isnan(histories.values)).tolist() == [5, 6, 100, 130, 131]
    known = gaps[:132][~np.isnan(gaps[:132])]
    alone = normalize(panel_of([known]).at(0), settings, [])[0]
    np.testing.assert_allclose(normalizer.center_, alone.center_)
    np.testing.assert_allclose(normalizer.spread_, alone.spread_)
