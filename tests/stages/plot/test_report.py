"""The report says what is true, good or bad, and runs in a browser that has no network."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from stages.panel.time_axis import TimeAxis
from stages.plot.figures import PlotData
from stages.plot.pages import render
from stages.plot.report import RunResults, answer, by_origin, chart, describe, extremes, scoreboard
from stages.plot.significance import Difference

HOSTILE = "</script><img src=x onerror=\"document.title='run'\"><b>'`|"
COUNTS = {"origins": 2, "series": 3, "points": 36, "fallback": 0}


def metrics(model: float, naive: float, other: float) -> dict[str, Any]:
    return {
        "evaluated": COUNTS,
        "model": {"mase": model, "coverage_80": 75.0},
        "baseline": {"seasonal_naive": {"mase": naive}, "auto_ets": {"mase": other}},
    }


def test_the_answer_names_the_best_other_method_and_what_chance_explains() -> None:
    tested = {
        "seasonal_naive": Difference(-0.5, -0.7, -0.3, 0.001, "12 series"),
        "auto_ets": Difference(-0.1, -0.3, 0.1, 0.3, "12 series"),
    }
    first, naive, other, held = answer(metrics(0.5, 1.0, 0.625), tested)
    assert first == "MASE 0.5 over 3 series, 2 origins, 36 values."
    assert naive.startswith("50 % less than seasonal_naive (1), more than chance explains")
    assert other.startswith("20 % less than auto_ets, the best other method (0.625), no more than chance explains")
    assert held == "80 % intervals held 75 % of what came."


def test_a_model_that_loses_is_said_to_lose() -> None:
    sentences = answer(metrics(1.5, 1.0, 1.2), {})
    assert sentences[1] == "50 % more than seasonal_naive (1)."
    assert len(sentences) == 3  # the seasonal naive method is the best other one: said once


def test_a_perfect_baseline_is_no_equal() -> None:
    assert answer(metrics(0.7, 0.0, 0.9), {})[1] == "More than seasonal_naive (0)."


def test_without_origins_nothing_is_claimed() -> None:
    (sentence,) = answer({"evaluated": {**COUNTS, "origins": 0}}, {})
    assert "not measured" in sentence


def test_the_scoreboard_puts_the_best_first_even_if_it_is_not_the_model() -> None:
    table = scoreboard(metrics(1.5, 1.2, 2.0), {})
    assert [row[0] for row in table.rows] == ["seasonal_naive", "model", "auto_ets"]


def test_extremes_are_the_series_with_the_smallest_and_largest_mean_errors() -> None:
    """Means over each origin's steps first: `b` is 2 at one origin and 0 at the other, whatever their lengths."""
    rows = [
        ("a", 1, [1.5]),
        ("b", 1, [2.0, 2.0]),
        ("b", 2, [0.0]),
        ("c", 1, [3.0]),
        ("d", 1, [0.5]),
        ("e", 1, [np.nan]),
    ]
    table = pd.DataFrame([(name, origin, e) for name, origin, errors in rows for e in errors])
    table.columns = pd.Index(["unique_id", "origin", "scaled_error"])
    best, worst = extremes(table)
    assert best.to_dict() == {"d": 0.5, "b": 1.0}
    assert worst.to_dict() == {"c": 3.0, "a": 1.5}
    assert list(worst.index) == ["c", "a"]
    alone = extremes(table[table["unique_id"] == "a"])
    assert alone[0].empty
    assert alone[1].empty


def test_by_origin_says_which_series_it_rests_on() -> None:
    errors = pd.DataFrame(
        {"unique_id": ["a", "b", "a"], "origin": [3, 3, 6], "known_until": ["5", "7", "2"], "model": [1.0, 2.0, 4.0]}
    )
    table = by_origin(errors, {"evaluated": {"series": 5}})
    assert table.rows == [[3, "2 different steps", 1.5], [6, "2", 4.0]]
    assert "2 series" in table.note


@pytest.fixture
def findings(tmp_path: Path) -> RunResults:
    """Two series of twelve months, the second of a hostile name; an origin three steps back, a future of three."""
    stamps = pd.Series(pd.date_range("2020-01-01", periods=15, freq="MS"))
    tables = {}
    for name in ("plain", HOSTILE):
        rows = {"lo-80": [1.0, 2, 3], "forecast": [2.0, 3, 4], "hi-80": [3.0, 4, 5]}
        tables[name] = {
            "actual": pd.DataFrame({"ds": stamps[:12], "y": np.arange(12.0)}),
            "evaluation": pd.DataFrame({"origin": 3, "ds": stamps[9:12].to_numpy(), **rows}),
            "future": pd.DataFrame({"ds": stamps[12:].to_numpy(), **rows}),
        }
    names = ["plain", HOSTILE]
    image = tmp_path / "figure.png"
    shutil.copy(Path(__file__).parents[3] / "reports/figures/memory.png", image)
    decided: dict[str, dict[str, Any]] = {
        "normalize": {"evaluation_origins": "3", "calibration_origins": "", "series_logged": 2, "seasons": "12"},
        "window": {"sizes": "24", "series_without_window": 0, "windows": 9},
        "train": {"steps": 1, "networks": 2},
    }
    errors = {"unique_id": names, "origin": 3, "known_until": "2020-09", "model": [0.5, 2.0], "seasonal_naive": 1.0}
    return RunResults(
        metrics=metrics(0.5, 1.0, 0.625),
        errors=pd.DataFrame(errors),
        best=pd.Series({"plain": 0.5}),
        worst=pd.Series({HOSTILE: 2.0}),
        drawn=PlotData(tables, [80], HOSTILE, HOSTILE),
        time_axis=TimeAxis("MS", "%Y-%m"),
        data={"path": HOSTILE, "md5": "d41d8"},
        decided=decided,
        params={"backtest": {"horizon": 3}, "ingest": {"path": HOSTILE, "series": None}},
        figures={"backtest": image, "memory": image},
    )


def test_the_chart_holds_the_values_by_step(findings: RunResults) -> None:
    content = chart(findings)
    first, second = content["series"]
    assert first["ds"][0] == "2020-01"
    assert first["ds"][-1] == "2021-03"
    assert first["y"] == list(range(12))
    past, future = first["forecasts"]
    assert (past["origin"], past["at"]) == (3, [9, 10, 11])
    assert (future["origin"], future["at"], future["forecast"]) == (0, [12, 13, 14], [2, 3, 4])
    assert past["limits"] == [[[1, 2, 3], [3, 4, 5]]]
    assert second["name"] == HOSTILE
    assert json.dumps(content, allow_nan=False)


def test_the_brief_holds_answer_and_tables_in_markdown(findings: RunResults) -> None:
    brief = render("report.md", **describe(findings))
    assert "MASE 0.5 over 3 series" in brief
    assert "| model " in brief
    assert "<" not in re.sub(r"`[^`\n]*`", "", brief)  # what users named stands in code spans


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "this test needs Debian's package chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def opened(browser: Browser, findings: RunResults, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report in a window `request.param` pixels wide, offline; anything on the console and any request fails."""
    file = tmp_path / "report.html"
    file.write_text(render("report.html", **describe(findings)), encoding="utf-8")
    said: list[str] = []
    context = browser.new_context(viewport={"width": getattr(request, "param", 1280), "height": 800}, offline=True)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda each: None if each.url.startswith(("data:", file.as_uri())) else said.append(each.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert said == []


@pytest.mark.parametrize("opened", [390, 1280], indirect=True)
def test_it_fits_the_window_and_a_hostile_name_is_text(opened: Page) -> None:
    width, window = opened.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= window
    assert HOSTILE in opened.title()
    assert opened.locator("h1").inner_text() == f"Forecast of {HOSTILE}"
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
    box = opened.locator("#chart").bounding_box()
    assert box
    opened.mouse.move(box["x"] + box["width"] - 12, box["y"] + 50)
    assert readout.inner_text() == "2021-03; forecast 4, 80 % 3 to 5"


@pytest.mark.parametrize(
    "values", [[5e15] * 2, [1e300, 0.0], [-1.7e308, 1.7e308], [1e6, 1e6 + 1e-7], [0.0, 0.0], [1e-300, 0]]
)
def test_the_chart_draws_values_of_any_size(
    browser: Browser, findings: RunResults, tmp_path: Path, values: list[float]
) -> None:
    """It ends, and every place on it is a number."""
    for table in findings.drawn.tables.values():
        table["actual"]["y"] = values * 6
    file = tmp_path / "report.html"
    file.write_text(render("report.html", **describe(findings)), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    drawn = page.locator("#chart svg").inner_html()
    page.close()
    assert "NaN" not in drawn
    assert "Infinity" not in drawn
    assert 2 <= drawn.count('class="axis"') <= 12


def test_a_series_is_chosen_by_its_name(opened: Page) -> None:
    choice = opened.get_by_label("Series", exact=True)
    assert choice.locator("option").all_inner_texts() == [
        "plain (among the best: scaled error 0.5)", f"{HOSTILE} (among the worst: scaled error 2)",
    ]  # fmt: skip
    choice.select_option(index=1)
    assert HOSTILE in opened.locator("#readout").inner_text()


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
