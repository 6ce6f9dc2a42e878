"""The record of the experts: errors of earlier forecasts that are known at a cut, worked by hand and by poisoning."""

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.window.record import LEAST, PRIOR, origins_of, record_origins
from stages.window.windows import Cuts
from tests.builders import cuts_at, window_settings

EXPERTS = ["ses", "theta", "holt"]
SETTINGS = window_settings(padding=True, local_scaling="smoothing", experts=EXPERTS)


def record_at(values: Floats, cut: int, targets: int = 4) -> Floats:
    record: Floats = cuts_at(values, [cut], [], SETTINGS, targets).record[0].astype(np.float64)
    return record


def errors_at(values: Floats, origins: list[int], cut: int, targets: int) -> tuple[Floats, int]:
    """Sums of the experts' absolute errors at the origins (E,), of the steps before the cut, and their number."""
    total, count = np.zeros(len(EXPERTS)), 0
    for origin in origins:
        cuts: Cuts = cuts_at(values, [origin], [], SETTINGS, targets)
        forecast = cuts.experts[0] * cuts.scale[0] + cuts.level[0]
        steps = min(targets, cut - origin)
        total += np.abs(forecast[:, :steps] - values[origin : origin + steps]).sum(axis=1)
        count += steps
    return total, count


@pytest.mark.parametrize(("cut", "targets"), [(30, 4), (31, 9), (70, 8), (50, 1)])
def test_a_record_is_the_mean_error_of_earlier_forecasts_as_far_as_they_are_known(cut: int, targets: int) -> None:
    values = np.cumsum(np.random.default_rng(3).normal(0.3, 1, 100))
    origins = [each for each in range(0, cut, targets) if each >= 3][-origins_of(targets) :]
    total, count = errors_at(values, origins, cut, targets)
    mean = total / count
    log = np.log(mean + LEAST * np.median(mean))
    horizons = count / targets
    expected = (log - log.mean()) * horizons / (horizons + PRIOR)
    np.testing.assert_allclose(record_at(values, cut, targets), expected, atol=1e-4)


def test_no_record_holds_anything_from_after_its_cut() -> None:
    values = np.cumsum(np.random.default_rng(4).normal(0, 1, 80))
    poisoned = values.copy()
    poisoned[50:] = 1e6
    np.testing.assert_array_equal(record_at(values, 50), record_at(poisoned, 50))


def test_holt_has_the_best_record_on_a_straight_line_and_none_has_on_noise() -> None:
    random = np.random.default_rng(5)
    line, noise = np.arange(120.0) + random.normal(0, 0.1, 120), random.normal(0, 1, 120)
    assert record_at(line, 120).argmin() == EXPERTS.index("holt")
    assert record_at(line, 120)[EXPERTS.index("ses")] > 0.5
    assert np.abs(record_at(noise, 120)).max() < 0.05


def test_a_first_cut_has_no_record_and_a_missing_value_no_error() -> None:
    values = np.cumsum(np.random.default_rng(6).normal(0, 1, 40))
    assert not record_at(values, 3).any()
    gaps = values.copy()
    gaps[20:24] = np.nan
    assert np.isfinite(record_at(gaps, 30)).all()


def test_origins_are_multiples_of_the_horizon_each_once() -> None:
    series, before = np.array([0, 0, 2]), np.array([36, 37, 25])
    of, steps = record_origins(series, before, 12, shortest=4)
    assert list(zip(of.tolist(), steps.tolist(), strict=True)) == [
        *((0, each) for each in (12, 24, 36)),
        *((2, each) for each in (12, 24)),
    ]


def test_a_record_is_of_six_horizons_and_24_steps_at_least() -> None:
    assert [origins_of(targets) for targets in (1, 2, 3, 4, 12, 48)] == [24, 12, 8, 6, 6, 6]
