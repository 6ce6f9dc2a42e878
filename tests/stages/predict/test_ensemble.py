"""An ensemble forecasts each series from its own history alone, whatever is forecast along with it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.common.params import Params
from stages.panel.covariate_counts import CovariateCounts
from stages.predict.ensemble import load_ensembles
from stages.train.network import save_networks
from tests.forecasters import ensemble_for, seasonal_panel

PANEL = seasonal_panel(60, 30, 5, 1)


def test_several_origins_at_once_are_forecast_as_each_by_itself(default_params: Params) -> None:
    ensemble = ensemble_for(PANEL, default_params)
    histories = [PANEL.at(origin) for origin in (0, 3, 7)]
    together = ensemble.forecast(histories)
    assert [each.origin for each in together] == [0, 3, 7]
    for history, forecast in zip(histories, together, strict=True):
        (alone,) = ensemble.forecast([history])
        np.testing.assert_array_equal(forecast.point, alone.point)
        np.testing.assert_array_equal(forecast.fallback, alone.fallback)
        np.testing.assert_array_equal(forecast.has_history, history.lengths > 0)


def test_a_series_is_forecast_alike_in_any_company(default_params: Params) -> None:
    """Networks multiply float32 matrices, whose sums may round differently in batches of another size."""
    ensemble = ensemble_for(PANEL, default_params)
    (together,) = ensemble.forecast([PANEL.at(0)])
    for series in range(len(PANEL.ids)):
        (alone,) = ensemble.forecast([PANEL.take(slice(series, series + 1)).at(0)])
        np.testing.assert_allclose(alone.point[0], together.point[series], rtol=1e-5)
        assert alone.fallback[0] == together.fallback[series]


def test_without_networks_the_last_season_is_repeated(default_params: Params) -> None:
    ensemble = replace(ensemble_for(PANEL, default_params), networks={})
    (forecast,) = ensemble.forecast([PANEL.at(0)])
    assert forecast.fallback.all()
    np.testing.assert_array_equal(forecast.point[0], PANEL.y[60 - 12 : 60 - 12 + 3])
    np.testing.assert_array_equal(forecast.point[2], [PANEL.y[94]] * 3)  # of less than a season the last value


def test_origins_share_the_networks_of_their_training_origin(default_params: Params, tmp_path: Path) -> None:
    made = ensemble_for(PANEL, default_params)
    save_networks({5: made.networks}, tmp_path)
    loaded = load_ensembles(tmp_path, {0: 5, 3: 5, 5: 5, 8: 8}, replace(made, networks={}))
    assert loaded[0] is loaded[3] is loaded[5]
    assert loaded[8].networks == {}
    (found,), (expected,) = loaded[3].forecast([PANEL.at(3)]), made.forecast([PANEL.at(3)])
    np.testing.assert_array_equal(found.point, expected.point)


@pytest.mark.parametrize("values", [[5.0] * 40, [0.0] * 40])
def test_a_constant_series_is_forecast_not_to_change(default_params: Params, values: list[float]) -> None:
    constant = seasonal_panel(40)
    constant.y[:] = values
    (forecast,) = ensemble_for(PANEL, default_params).forecast([constant.at(0)])
    assert forecast.point.tolist() == [values[:3]]


def test_histories_with_gaps_are_forecast_from_what_is_known_before_the_origin(default_params: Params) -> None:
    """At origins in a gap too, and whatever follows them, is missing there or not."""
    random = np.random.default_rng(0)
    panel = seasonal_panel(60, 60)
    missing = random.random(120) < 0.4
    missing[[0, 60, 59, 119]] = False
    missing[50:58] = True
    gaps = replace(panel, y=np.where(missing, np.nan, panel.y), missing=missing)
    ensemble = ensemble_for(gaps, default_params)
    for origin in (0, 4, 12):
        later = np.arange(120) % 60 >= 60 - origin
        changed = replace(gaps, y=np.where(later, panel.y, gaps.y), missing=missing & ~later)
        (one,), (two,) = (ensemble.forecast([each.at(origin)]) for each in (gaps, changed))
        assert np.isfinite(one.point).all()
        assert not one.fallback.any()
        for name, value in [*vars(one).items(), *vars(one.spread).items()]:
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal({**vars(two), **vars(two.spread)}[name], value, err_msg=name)


def test_an_ensemble_whose_networks_do_not_fit_it_is_refused(default_params: Params) -> None:
    panel = seasonal_panel(40)
    ensemble = ensemble_for(panel, default_params)
    ensemble.check()
    broken = ensemble_for(panel, default_params)
    with torch.no_grad():
        broken.networks[1].head.bias[0] = np.nan
    for wrong, words in [
        (replace(ensemble, horizon=4), "another horizon"),
        (replace(ensemble, seasons=[]), "other seasons"),
        (replace(ensemble, window=ensemble.window.model_copy(update={"experts": ["ses"]})), "experts"),
        (replace(ensemble, covariates=CovariateCounts(1, 0, 0)), "covariates"),
        (replace(ensemble, covariates=CovariateCounts(0, 2, 0)), "covariates"),
        (replace(ensemble, members=3), "networks of other members than 3"),
        (broken, "not finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            wrong.check()
