"""The report states good and bad results alike, and works in a browser without a network."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from stages.plot.pages import render
from stages.plot.report import describe, errors_by_origin, forecast_of_one, forecast_of_several, leaderboard
from stages.plot.results import RunResults
from stages.plot.significance import PairedTest
from stages.predict import metrics as table
from stages.predict.metrics import Metric, mae


def metrics(model: float, naive: float, other: float, series: int = 3) -> dict[str, Any]:
    return {
        "evaluated": {"series": series},
        "model": {"mase": model},
        "baseline": {"seasonal_naive": {"mase": naive}, "auto_ets": {"mase": other}},
    }


@pytest.fixture
def alone(results: RunResults) -> RunResults:
    """A single series."""
    only = {"plain": results.plot_data.series["plain"]}
    return replace(
        results, plot_data=replace(results.plot_data, series=only), forecast={**results.forecast, "series": 1}
    )


def test_the_forecast_of_a_single_series_is_its_next_steps(alone: RunResults) -> None:
    """Intervals are 2 wide: two decimals make that 200 units of the last place, one decimal 20."""
    content = forecast_of_one(alone)
    assert content.title == "The next 3 steps"
    assert content.headers[1:] == ["forecast", "80 % interval"]
    assert content.rows == [
        ["2021-01", "2.0", "1.0 to 3.0"],
        ["2021-02", "3.0", "2.0 to 4.0"],
        ["2021-03", "4.0", "3.0 to 5.0"],
    ]
    assert content.note == ""


def test_a_long_forecast_is_printed_in_part(alone: RunResults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.plot.report.MOST_STEPS", 2)
    content = forecast_of_one(alone)
    assert len(content.rows) == 2
    assert content.note == "1 more step in reports/forecast.csv."


def test_the_forecast_of_several_series_is_the_next_step_and_the_last(results: RunResults, hostile: str) -> None:
    content = forecast_of_several(results)
    assert content.rows[0] == ["plain", "2021-01", "2.0", "1.0 to 3.0", "2021-03", "4.0", "3.0 to 5.0"]
    assert content.rows[1][0] == hostile
    assert content.note == "1 more series, and the steps between, are in reports/forecast.csv."


def test_a_forecast_without_limits_has_the_digits_of_the_values(alone: RunResults) -> None:
    series = alone.plot_data.series["plain"]
    series.future[["forecast-lo-80", "forecast-hi-80"]] = np.nan
    series.actual["y"] += 0.25
    assert forecast_of_one(alone).rows[0] == ["2021-01", "2.00", ""]


def test_the_method_is_named_where_it_is_not_the_model(alone: RunResults) -> None:
    named = replace(alone, plot_data=replace(alone.plot_data, method="combination"))
    assert forecast_of_one(named).title == "The next 3 steps, by the combination"


def test_the_leaderboard_puts_the_best_first_even_if_it_is_not_the_model() -> None:
    content = leaderboard(metrics(1.5, 1.2, 2.0, series=1), {}, "model")
    assert [row[0] for row in content.rows] == ["seasonal_naive", "model", "auto_ets"]
    assert content.note == ""


def test_the_leaderboard_shows_every_point_metric_and_the_interval_of_the_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(table.METRICS, "other", Metric("Other", "lower", "share", point=mae))
    tests = {"seasonal_naive": PairedTest(-0.5, -0.7, -0.3, 0.001, "12 series", 0.1, 0.06)}
    content = leaderboard(metrics(0.5, 1.0, 2.0), tests, "model")
    names = ["MASE", "median MASE", "sMAPE", "MAPE", "MAE", "RMSE", "Other"]
    assert content.headers == ["", *names, "model minus method, 95 % CI"]
    assert content.rows[1] == ["seasonal_naive", 1.0, *[None] * 6, "-0.7 to -0.3"]
    assert "minus the method's" in content.note
    assert "MAE and RMSE are means over series in the input's units" in content.note


def test_errors_by_origin_name_the_series_that_they_are_means_of() -> None:
    errors = pd.DataFrame(
        {"unique_id": ["a", "b", "a"], "cutoff": ["5", "7", "2"], "origin": [3, 3, 6], "model": [1.0, 2.0, 4.0]}
    )
    content = errors_by_origin(errors, {"evaluated": {"series": 5}})
    assert content.rows == [[3, "2 different cutoffs", 1.5], [6, "2", 4.0]]
    assert "2 series" in content.note


def test_the_brief_holds_headline_and_tables_in_markdown(results: RunResults) -> None:
    brief = render("report.md", **describe(results))
    assert "MASE of the model 0.5 over 3 series" in brief
    assert "| model " in brief
    assert (
        brief.index("The next 3 steps") < brief.index("Better than repeating the last year") < brief.index("| model ")
    )
    assert "<" not in re.sub(r"`[^`\n]*`", "", brief)  # text from users is in code spans


def test_the_report_says_what_in_the_data_makes_forecasts_doubtful(results: RunResults) -> None:
    assert describe(results)["input_data"].note == (
        "2 missing values were filled, at most 1 in a row; no filled value is scored."
    )
    clean = {**results.input_data, "filled": 0, "longest_filled": 0}
    assert describe(replace(results, input_data=clean))["input_data"].note == ""
    ended = describe(replace(results, input_data={**clean, "series_ended": 1}))["input_data"].note
    assert ended.startswith("1 series ended long before the last step;")


def test_the_caption_names_the_series_that_figures_number(results: RunResults) -> None:
    data = results.plot_data
    renamed = dict(zip(["北京店", "plain"], data.series.values(), strict=True))
    content = describe(replace(results, plot_data=replace(data, series=renamed)))
    backtest, *_ = content["sections"]["Forecasts"]
    assert backtest["caption"].endswith("Series by their places in the input: 1 is 北京店.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "this test needs Debian's package chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def opened(browser: Browser, results: RunResults, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report in a window `request.param` pixels wide, offline; anything on the console and any request fails."""
    file = tmp_path / "report.html"
    file.write_text(render("report.html", **describe(results)), encoding="utf-8")
    logged: list[str] = []
    context = browser.new_context(viewport={"width": getattr(request, "param", 1280), "height": 800}, offline=True)
    page = context.new_page()
    page.on("console", lambda message: logged.append(message.text))
    page.on("pageerror", lambda error: logged.append(str(error)))
    page.on("request", lambda each: None if each.url.startswith(("data:", file.as_uri())) else logged.append(each.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert logged == []


@pytest.mark.parametrize("opened", [390, 1280], indirect=True)
def test_it_fits_the_window_and_a_hostile_name_is_text(opened: Page, hostile: str) -> None:
    width, window = opened.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= window
    assert hostile in opened.title()
    assert opened.locator("h1").inner_text() == f"Forecast of {hostile}"
    assert opened.locator("main img").count() == 2
    assert opened.locator("main b").count() == 0
    assert all(image.get_attribute("alt") for image in opened.locator("img").all())


def test_values_are_read_by_keyboard_and_by_pointer(opened: Page) -> None:
    readout = opened.locator("#readout")
    for _ in range(20):
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement.id") == "chart":
            break
    opened.keyboard.press("End")
    assert readout.inner_text() == "2021-03; forecast 4, 80 % 3 to 5"
    opened.keyboard.press("Home")
    assert readout.inner_text() == "2020-01; actual 0"
    opened.keyboard.press("ArrowRight")
    assert readout.inner_text() == "2020-02; actual 1"
    for _ in range(3):
        opened.keyboard.press("ArrowRight")
    assert readout.inner_text() == "2020-05; filled 4"
    for _ in range(5):
        opened.keyboard.press("ArrowRight")
    assert readout.inner_text() == "2020-10; actual 9; forecast (cutoff 2020-09) 2, 80 % 1 to 3"
    box = opened.locator("#chart").bounding_box()
    assert box
    opened.mouse.move(box["x"] + box["width"] - 12, box["y"] + 50)
    assert readout.inner_text() == "2021-03; forecast 4, 80 % 3 to 5"


@pytest.mark.parametrize(
    "values", [[5e15] * 2, [1e300, 0.0], [-1.7e308, 1.7e308], [1e6, 1e6 + 1e-7], [0.0, 0.0], [1e-300, 0]]
)
def test_the_chart_draws_values_of_any_size(
    browser: Browser, results: RunResults, tmp_path: Path, values: list[float]
) -> None:
    """Drawing ends, and every coordinate is a number."""
    for series in results.plot_data.series.values():
        series.actual["y"] = values * 6
    file = tmp_path / "report.html"
    file.write_text(render("report.html", **describe(results)), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    drawn = page.locator("#chart svg").inner_html()
    page.close()
    assert "NaN" not in drawn
    assert "Infinity" not in drawn
    assert 2 <= drawn.count('class="axis"') <= 12


def test_the_chart_draws_filled_values_single_steps_and_intervals_with_gaps(
    browser: Browser, results: RunResults, tmp_path: Path
) -> None:
    """The fifth value alone is filled: the line breaks there. A limit that is not known leaves two areas."""
    for series in results.plot_data.series.values():
        series.future.loc[1, "forecast-lo-80"] = np.nan
        series.evaluation["forecast-hi-80"] = np.nan
    file = tmp_path / "report.html"
    file.write_text(render("report.html", **describe(results)), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    paths = {name: page.locator(f"#chart path.{name}") for name in ("actual", "filled", "band", "forecast")}
    drawn = {name: [each.get_attribute("d") or "" for each in found.all()] for name, found in paths.items()}
    page.locator("#chart").press("End")
    page.locator("#chart").press("ArrowLeft")
    assert page.locator("#readout").inner_text() == "2021-02; forecast 3"
    page.close()
    assert [path.count("M") for path in drawn["actual"]] == [2]
    assert [(path.count("M"), path.count("L")) for path in drawn["filled"]] == [(1, 2)]
    assert sorted(path.count("Z") for path in drawn["band"]) == [0, 2]
    assert len(drawn["forecast"]) == 2


def test_a_series_is_chosen_by_its_name(opened: Page, hostile: str) -> None:
    choice = opened.get_by_label("Series", exact=True)
    assert choice.locator("option").all_inner_texts() == [
        "plain (among the best: scaled error 0.5)", f"{hostile} (among the worst: scaled error 2)",
    ]  # fmt: skip
    choice.select_option(index=1)
    assert hostile in opened.locator("#readout").inner_text()


def test_colours_follow_the_system_and_print_shows_all_parameters(opened: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    opened.emulate_media(color_scheme="light")
    light = opened.evaluate(ground)
    opened.emulate_media(color_scheme="dark")
    assert opened.evaluate(ground) != light
    parameter = opened.get_by_role("rowheader", name="backtest.horizon")
    assert not parameter.is_visible()
    opened.emulate_media(media="print")
    assert opened.locator(".readout").is_hidden()
