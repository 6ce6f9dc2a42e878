"""Covariates through the whole pipeline: nothing leaks, all are aligned, and other futures give other forecasts."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from stages.common.arrays import Floats
from stages.common.errors import UserError
from stages.forecast import load
from tests.projects import change_file, make_project, run_here

HORIZON = 7
METHODS = ["model", "seasonal_naive"]
QUICK: dict[str, object] = {
    "ingest__path": "data/raw/shops.csv", "ingest__series": "shop", "ingest__time": "day", "ingest__value": "sales",
    "ingest__frequency": "D", "backtest__horizon": HORIZON, "backtest__origins": 2, "backtest__calibration_origins": 1,
    "backtest__refit": "once",
    "train__members": 1, "train__epochs": 3, "predict__method": "model", "predict__baselines": ["seasonal_naive"],
    "compute__workers": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Pipeline:
    """A project in which the stages run in this process, with two evaluation origins, 7 and 14 days before the end."""

    folder: Path

    def __call__(self, table: pd.DataFrame, **changes: object) -> pd.DataFrame:
        """The table of forecasts at the evaluation origins; of `covariates__KIND` each is a list of columns."""
        table.to_csv(self.folder / "data/raw/shops.csv", index=False)
        of_kind = {kind: changes.pop(f"covariates__{kind}", []) for kind in ("future", "past", "static")}
        change_file(self.folder, **{**QUICK, "ingest__missing": "keep", "ingest__covariates": of_kind, **changes})
        for stage in ("ingest", "normalize", "window", "train", "predict"):
            assert run_here(self.folder, f"stages.{stage}") == 0
        return pd.read_csv(self.folder / "reports/evaluation.csv")

    def forecast(self, table: pd.DataFrame) -> tuple[int, str]:
        """The exit status of `python -m stages.forecast FILE`, and the table that it writes."""
        file, out = self.folder / "next.csv", self.folder / "forecast.csv"
        table.to_csv(file, index=False)
        out.unlink(missing_ok=True)
        status = run_here(self.folder, "stages.forecast", str(file), "--out", str(out))
        return status, out.read_text() if out.exists() else ""

    def artifacts(self, *origins: int) -> dict[str, bytes]:
        """What is learned at training origins: each file by its name."""
        names = [
            f"{folder}/origin_{origin}.safetensors"
            for folder in ("data/histories", "data/windows", "models/networks")
            for origin in origins
        ]
        return {name: (self.folder / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(make_project(tmp_path_factory.mktemp("covariates") / "project"))


def shop(name: str, steps: int, seed: int) -> pd.DataFrame:
    """Sales of a week's pattern, a price and the weather, and noise; prices and the weather are known ahead."""
    random = np.random.default_rng(seed)
    count = steps + HORIZON
    price, sky = random.normal(10, 1, count), random.choice(["fog", "rain", "sun"], count)
    sales = 50 + 5 * np.sin(2 * np.pi * np.arange(count) / 7) - 4 * (price - 10) + 6 * (sky == "sun")
    sales += random.normal(0, 1, count)
    visits = np.concatenate([sales[1:], [50]]) + random.normal(0, 3, count)
    gone = np.arange(count) >= steps
    return pd.DataFrame(
        {
            "shop": name,
            "day": pd.date_range(end="2024-01-07", periods=count).strftime("%Y-%m-%d"),
            "sales": np.where(gone, np.nan, sales),
            "price": price,
            "sky": sky,
            "visits": np.where(gone, np.nan, visits),
            "size": "large" if seed else "small",
        }
    )


def shops() -> pd.DataFrame:
    return pd.concat([shop("east", 200, 0), shop("west", 130, 1)], ignore_index=True)


DECLARED = {
    "covariates__future": ["price", "sky"],
    "covariates__past": ["visits"],
    "covariates__static": ["size"],
}


def steps_left(table: pd.DataFrame) -> pd.Series:
    """Of each row, how many days before the end of its series it lies; of those to forecast a negative number."""
    return table.groupby("shop").cumcount(ascending=False) - HORIZON


def forecasts_at(evaluation: pd.DataFrame, origin: int) -> pd.DataFrame:
    """All of an origin's forecasts, with their intervals, and without what is known later."""
    last = pd.Timestamp("2023-12-31") - pd.Timedelta(days=origin)
    own = evaluation[evaluation["cutoff"] == f"{last:%Y-%m-%d}"]
    return own.drop(columns=["y", "scaled_error"]).set_index(["unique_id", "ds"])


def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Missing values and covariates, also right before the origin, in its horizon, and over the end of that."""
    changed, left = table.copy(), steps_left(table)
    for seed, name in enumerate(["sales", "price", "sky", "visits"]):
        random = np.random.default_rng(seed)
        gap = (random.random(len(table)) < 0.05) | left.isin([14 + seed, 15 + seed, 12 - seed, 7, 6])
        changed.loc[gap & (left >= 0) & (left < 120), name] = np.nan
    return changed


POISONS: dict[str, Callable[[int], Floats]] = {
    "large": lambda count: np.resize([-5.0, 1e6, 0.0, 3e3], count),
    "missing": lambda count: np.resize([np.nan, 40.0], count),
}


@pytest.mark.parametrize(
    ("change", "missing", "poison"),
    [
        (lambda table: table, "keep", POISONS["large"]),
        (with_gaps, "keep", POISONS["missing"]),
        (with_gaps, "interpolate", POISONS["large"]),
        (with_gaps, "seasonal", POISONS["missing"]),
    ],
    ids=["whole", "keep", "interpolate", "seasonal"],
)
def test_an_origin_knows_nothing_of_what_comes_after(
    pipeline: Pipeline, change: Callable[[pd.DataFrame], pd.DataFrame], missing: str, poison: Callable[[int], Floats]
) -> None:
    """Change values and past covariates after the origin 14 days before the end, future ones after its horizon.

    Not a byte of its forecasts changes, nor of what is learned there and before; later ones do.
    """
    table = change(shops())
    one = pipeline(table, ingest__missing=missing, backtest__refit=1, **DECLARED)
    learned, last = pipeline.artifacts(14, 21), pipeline.artifacts(7)
    left = steps_left(table)
    for name in ("sales", "visits"):
        late = (left < 14) & (left > 0)  # the last value stays, so that the series end where they did
        table.loc[late, name] = poison(late.sum())
    late = left < 14 - HORIZON
    table.loc[late, "price"] = poison(late.sum())
    table.loc[late, "sky"] = [None if np.isnan(each) else "fog" for each in poison(late.sum())]
    two = pipeline(table, ingest__missing=missing, backtest__refit=1, **DECLARED)
    assert pipeline.artifacts(14, 21) == learned
    assert pipeline.artifacts(7) != last
    before, after = (forecasts_at(each, 14) for each in (one, two))
    both = before.index.intersection(after.index)  # those whose actual values are known
    assert len(both) >= 3
    pd.testing.assert_frame_equal(after.loc[both], before.loc[both], check_exact=True)
    before, after = (forecasts_at(each, 7)["model"] for each in (one, two))
    assert (before != after.reindex(before.index)).any()


def test_an_origin_knows_nothing_of_categories_that_appear_later(pipeline: Pipeline) -> None:
    """One of the future after its horizon, one of the past after itself."""
    table = shops().assign(mood=lambda table: np.where(table["visits"] > 50, "good", "bad"))
    left, declared = steps_left(table), {"covariates__future": ["sky"], "covariates__past": ["mood"]}
    one = forecasts_at(pipeline(table, **declared), 14)
    networks = weights(pipeline, 21)
    table.loc[left.isin([2, 3, 6]), "sky"] = "snow"
    table.loc[left.isin([2, 3, 13]), "mood"] = "best"
    pd.testing.assert_frame_equal(forecasts_at(pipeline(table, **declared), 14), one, check_exact=True)
    for name, later in weights(pipeline, 21).items():
        np.testing.assert_array_equal(later, networks[name], strict=True)


def test_an_origin_knows_nothing_of_series_that_begin_later(pipeline: Pipeline) -> None:
    """Three of five days, with a category of their own: neither weights nor forecasts of the others change."""
    table = pd.concat([shop("east", 200, 0), shop("west", 170, 1)], ignore_index=True)
    one = forecasts_at(pipeline(table, **DECLARED), 14)
    networks = weights(pipeline, 21)
    born = [shop(f"new {number}", 5, number).assign(size="kiosk") for number in range(2)]
    two = forecasts_at(pipeline(pd.concat([table, *born], ignore_index=True), **DECLARED), 14)
    pd.testing.assert_frame_equal(two, one, check_exact=True)
    for name, later in weights(pipeline, 21).items():
        np.testing.assert_array_equal(later, networks[name], strict=True)


def test_a_horizon_of_one_step_has_covariates_too(pipeline: Pipeline) -> None:
    """Whose steps are 1, where the head reads every step."""
    table = shops()
    one = pipeline(table, backtest__horizon=1, **DECLARED)
    late = steps_left(table) == 0  # the last step with a value
    table.loc[late, "price"] -= 2
    two = pipeline(table, backtest__horizon=1, **DECLARED)
    rose = two["model"] - one["model"]
    assert (rose[one["ds"] == "2023-12-31"] > 1).all()
    assert (rose[one["ds"] != "2023-12-31"] == 0).all()


def test_a_missing_price_stands_at_its_mean_of_late(pipeline: Pipeline) -> None:
    """A price that has doubled stays so for the forecast where its rows end: not the mean of all its history."""
    random, count = np.random.default_rng(0), 200 + HORIZON
    price = np.where(np.arange(count) < 120, 6.0, 12.0) + random.choice([-0.5, 0.0, 0.5], count)
    sales = 100 - 5 * price + random.normal(0, 1, count)
    gone = np.arange(count) >= 200
    days = pd.date_range("2024-01-01", periods=count).strftime("%Y-%m-%d")
    table = pd.DataFrame({"shop": "a", "day": days, "sales": np.where(gone, np.nan, sales), "price": price})
    table = pd.concat([table, table.assign(shop="b")], ignore_index=True)
    pipeline(table, covariates__future=["price"], train__epochs=10)
    status, text = pipeline.forecast(table[~table["sales"].isna()])
    assert status == 0
    forecast = pd.read_csv(StringIO(text))["model"]
    assert (forecast - 40).abs().max() < 8  # with the mean of all prices, 8.4, it would be 58


def weights(pipeline: Pipeline, origin: int) -> dict[str, Floats]:
    """Of the networks of an origin; without the places of the covariates among all columns of the file."""
    arrays = load_file(pipeline.folder / f"models/networks/origin_{origin}.safetensors")
    return {name: array for name, array in arrays.items() if "varying_" not in name}


@pytest.mark.parametrize(("name", "value"), [("price", 8.0), ("sky", "sun")])
def test_a_future_covariate_within_the_horizon_changes_the_forecast(
    pipeline: Pipeline, name: str, value: object
) -> None:
    """From that step on, where a step's forecast is not one that a season before it is read for; in no other series."""
    table = shops()
    one = forecasts_at(pipeline(table, **DECLARED), 14)
    left = steps_left(table)
    table.loc[(left == 14 - 4) & (table["shop"] == "west"), name] = value  # the fourth step, left being 13 at the first
    two = forecasts_at(pipeline(table, **DECLARED), 14)
    changed = one["model"] != two["model"]
    assert changed.any()
    assert set(one.index[changed].get_level_values("unique_id")) == {"west"}


def noise(*lengths: int) -> pd.DataFrame:
    """Series of a faint week's pattern, of which nearly all is chance, with as many days to forecast; y is known."""
    parts = []
    for number, length in enumerate(lengths):
        count = length + HORIZON
        values = 50 + np.sin(2 * np.pi * np.arange(count) / 7) + np.random.default_rng(number).normal(0, 3, count)
        days = pd.date_range(end="2024-01-07", periods=count).strftime("%Y-%m-%d")
        parts.append(pd.DataFrame({"shop": f"shop {number}", "day": days, "sales": values}))
    return pd.concat(parts, ignore_index=True)


def seen_before(table: pd.DataFrame, days: int) -> pd.DataFrame:
    """With a column of the sales of so many days later; the sales of the horizon are removed."""
    seen = table.groupby("shop")["sales"].shift(-days)
    return table.assign(seen=seen, sales=table["sales"].mask(steps_left(table) < 0))


def error(evaluation: pd.DataFrame) -> float:
    """Mean absolute error."""
    return float((evaluation["y"] - evaluation["model"]).abs().mean())


def shuffled_with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """A tenth of the older rows is gone, values and covariates each in a tenth of them, and the rest has no order."""
    random = np.random.default_rng(0)
    old = steps_left(table) > 20
    for name in ("sales", "seen"):
        table.loc[old & (random.random(len(table)) < 0.1), name] = np.nan
    kept = ~old | (random.random(len(table)) > 0.1) | (table.groupby("shop").cumcount() == 0)
    return table[kept].sample(frac=1, random_state=0)


@pytest.mark.parametrize("change", [lambda table: table, shuffled_with_gaps], ids=["whole", "gaps"])
@pytest.mark.parametrize("days", [0, 7])
def test_whoever_knows_the_target_ahead_forecasts_it(
    pipeline: Pipeline, days: int, change: Callable[[pd.DataFrame], pd.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the day itself, and of a season later: an error of alignment would leave chance. And a warning names it."""
    table = change(seen_before(noise(250, 180), days))
    without = error(pipeline(table.drop(columns="seen")))
    assert without > 1.5  # 2.4 is the mean absolute deviation of the noise
    capsys.readouterr()
    assert error(pipeline(table, covariates__future=["seen"], train__epochs=30)) < 0.4 * without
    assert "the future covariate 'seen' is the target" in capsys.readouterr().err


def test_whoever_knows_the_target_a_step_too_early_forecasts_it(pipeline: Pipeline) -> None:
    table = seen_before(noise(250, 180), 1)
    without = error(pipeline(table.drop(columns="seen")))
    assert error(pipeline(table, covariates__future=["seen"])) < 0.4 * without


@pytest.mark.parametrize("days", [0, 1])
def test_a_past_covariate_that_is_the_target_of_later_is_of_no_use(
    pipeline: Pipeline, days: int, capsys: pytest.CaptureFixture[str]
) -> None:
    table = seen_before(noise(250, 180), days)
    without = error(pipeline(table.drop(columns="seen")))
    capsys.readouterr()
    assert error(pipeline(table, covariates__past=["seen"])) > 0.8 * without
    assert "the past covariate 'seen' is the target" in capsys.readouterr().err


def test_the_forecaster_takes_the_futures_from_its_file(pipeline: Pipeline) -> None:
    """The run's forecast of the same data, by the command and in Python; and what if a price were another."""
    table = shops()
    pipeline(table, **DECLARED)
    expected = (pipeline.folder / "reports/forecast.csv").read_text()
    assert pipeline.forecast(table) == (0, expected)
    forecaster = load(pipeline.folder / "models/forecaster")
    run = pd.read_csv(pipeline.folder / "reports/forecast.csv")
    pd.testing.assert_frame_equal(forecaster.predict(table), run, rtol=1e-9)

    cheap = table.copy()
    cheap.loc[(steps_left(table) < 0) & (table["shop"] == "west"), "price"] -= 2
    assert pipeline.forecast(cheap)[0] == 0
    found = pd.read_csv(pipeline.folder / "forecast.csv")
    pd.testing.assert_frame_equal(forecaster.predict(cheap), found, rtol=1e-9)
    west = run["unique_id"] == "west"
    pd.testing.assert_frame_equal(found[~west], run[~west])
    assert (found["model"] - run["model"])[west].mean() > 2  # each unit less of the price sells 4 more

    beyond = table[table["day"] == "2024-01-07"].assign(day="2024-01-08", price=99.0, sky="sun")
    assert pipeline.forecast(pd.concat([table, beyond])) == (0, expected)


EASTER = ["2022-04-15", "2022-04-18", "2023-04-07", "2023-04-10", "2024-03-29", "2024-04-01"]  # Fridays and Mondays
OTHER_HOLIDAYS = ["2022-05-26", "2022-06-06", "2023-05-18", "2023-05-29"]  # that move with it


def closed_on_holidays() -> pd.DataFrame:
    """A shop that sells little on holidays, up to 26 March 2024; Easter, which moves, is ahead."""
    days = pd.date_range(end="2024-03-26", periods=750)
    closed = days.strftime("%m-%d").isin(["01-01", "05-01", "10-03", "12-25", "12-26"])
    closed |= days.strftime("%Y-%m-%d").isin([*EASTER, *OTHER_HOLIDAYS])
    sales = 50 + 5 * np.sin(2 * np.pi * np.arange(750) / 7) - 40 * closed
    sales += np.random.default_rng(0).normal(0, 2, 750)
    return pd.DataFrame({"shop": "east", "day": days.strftime("%Y-%m-%d"), "sales": sales})


def test_sales_fall_on_the_holidays_ahead_which_no_row_holds(pipeline: Pipeline) -> None:
    """And not without the calendar. The trained forecaster has it too, by the command and in Python."""
    table, run = closed_on_holidays(), pipeline.folder / "reports/forecast.csv"
    pipeline(table)
    without = pd.read_csv(run)
    pipeline(table, ingest__holidays="DE")
    found = pd.read_csv(run)
    assert found["ds"].tolist() == pd.date_range("2024-03-27", periods=7).strftime("%Y-%m-%d").tolist()
    fall, holiday = found["model"] - without["model"], found["ds"].isin(EASTER)
    assert fall[holiday].max() < -15
    assert fall[~holiday].abs().max() < 6

    forecaster = load(pipeline.folder / "models/forecaster")
    pd.testing.assert_frame_equal(forecaster.predict(table), found, rtol=1e-9)
    assert pipeline.forecast(table) == (0, run.read_text())
    sales = forecaster.predict(table[table["day"] <= "2023-12-20"]).set_index("ds")["model"]
    christmas = ["2023-12-25", "2023-12-26"]
    assert sales[christmas].max() < sales.drop(christmas).min() - 10


def test_a_file_without_what_was_declared_ends_in_a_line(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    table = shops()
    pipeline(table, **DECLARED)
    forecaster = load(pipeline.folder / "models/forecaster")
    for name in ("price", "sky", "visits"):
        capsys.readouterr()
        assert pipeline.forecast(table.drop(columns=name)) == (1, "")
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert repr(name) in error
        assert error.count("\n") == 1
        with pytest.raises(UserError, match=name):
            forecaster.predict(table.drop(columns=name))


@pytest.mark.parametrize("missing", ["keep", "error"])
def test_a_file_without_rows_for_the_horizon_is_warned_of_or_refused(
    pipeline: Pipeline, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = shops()
    pipeline(table, ingest__missing=missing, **DECLARED)
    expected = (pipeline.folder / "reports/forecast.csv").read_text()
    capsys.readouterr()
    status, text = pipeline.forecast(table[steps_left(table) >= 0])
    error = capsys.readouterr().err
    named = "series 'east' has no value of the future covariate 'price' from 2024-01-01 to 2024-01-07"
    assert named in error
    assert error.count("\n") == 1
    assert (status, bool(text), error.split(":")[0]) == (
        (1, False, "error") if missing == "error" else (0, True, "warning")
    )
    assert text != expected


def test_a_series_that_begins_after_an_origin_has_no_forecast_there(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """And one shorter than a season has one all the same, though without covariates, of which a line warns."""
    table = pd.concat([shops(), shop("new", 10, 2), shop("newest", 3, 3)], ignore_index=True)
    found = pipeline(table, **DECLARED)
    warned = "2 of 4 series have too few values for a regression"
    assert warned in capsys.readouterr().err
    assert pipeline.forecast(table)[0] == 0
    assert warned in capsys.readouterr().err
    counts = found.groupby(["cutoff", "unique_id"]).size().unstack()
    assert counts.loc["2023-12-24"].tolist()[:2] == [HORIZON, HORIZON]
    assert counts["new"].notna().tolist() == [False, True]
    assert "newest" not in counts
    future = pd.read_csv(pipeline.folder / "reports/forecast.csv")
    assert future.groupby("unique_id")["model"].count().tolist() == [HORIZON] * 4


@pytest.mark.parametrize("seed", [0, 1])
def test_no_forecast_is_far_beyond_the_history(pipeline: Pipeline, seed: int) -> None:
    """Values jump by four powers of ten just before an origin, and a covariate by seven within the horizon."""
    table = pd.concat([shop("east", 200, seed), shop("west", 130, seed + 5)], ignore_index=True)
    left = steps_left(table)
    late = (left < 14) & (left >= 0)
    table.loc[late, "sales"] = np.resize([-5.0, 1e6, 0.0, 3e3], late.sum())
    table.loc[left < 7, "price"] = 1e7
    found = pipeline(table, **DECLARED)
    assert found["model"].abs().max() < 3e6
    assert pd.read_csv(pipeline.folder / "reports/forecast.csv")["model"].abs().max() < 3e6


@pytest.mark.parametrize("kind", ["future", "past"])
def test_covariates_that_tell_nothing_do_little_harm(pipeline: Pipeline, kind: str) -> None:
    """The own prices in another order, noise, and a random walk."""
    random, table = np.random.default_rng(0), shops()
    table["price"] = random.permutation(table["price"])
    table["noise"] = random.normal(size=len(table))
    table["walk"] = random.normal(size=len(table)).cumsum()
    settings: dict[str, object] = {"backtest__origins": 6, "train__epochs": 10}
    without = error(pipeline(table, **settings))
    assert error(pipeline(table, **{f"covariates__{kind}": ["price", "noise", "walk"]}, **settings)) < 1.25 * without
