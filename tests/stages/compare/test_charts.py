"""The charts of a comparison: the steps of both versions in order, their forecasts, and what is missing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page

from stages.compare.charts import draw, forecast_chart, last_in_common, merged
from stages.compare.versions import Forecasts, read_forecasts
from stages.plot.pages import render
from tests.projects import commit

OpenPage = Callable[..., Page]


def forecasts(name: str, end: int, shift: float) -> Forecasts:
    """Of a series 0, 1, 2, ... that ends at step `end`, two ahead, from two origins and the end, off by `shift`."""
    origins = [end - 2, end - 4]
    past = [(str(cutoff), cutoff + 1 + i) for cutoff in origins for i in range(2)]
    evaluation = pd.DataFrame(
        {
            "unique_id": "a",
            "cutoff": [cutoff for cutoff, _ in past],
            "ds": [str(step) for _, step in past],
            "y": [float(step) for _, step in past],
            **{column: [step + shift for _, step in past] for column in ("model", "model-lo-80", "model-hi-80")},
        }
    )
    steps = [end + 1, end + 2]
    limits = {column: [step + shift for step in steps] for column in ("model", "model-lo-80", "model-hi-80")}
    future = pd.DataFrame({"unique_id": "a", "ds": [str(step) for step in steps], **limits})
    by_step = pd.DataFrame({"step": [1.0, 2.0], "model": [shift, 2 * shift]})
    return Forecasts(name, future, evaluation, by_step, [])


BEFORE, AFTER = forecasts("main", 9, 0.25), forecasts("work tree", 11, 0.5)


@pytest.mark.parametrize("versions", [(BEFORE, AFTER), (AFTER, BEFORE)])
def test_steps_are_in_order_and_forecasts_from_the_last_common_origin(versions: tuple[Forecasts, Forecasts]) -> None:
    """Two steps were appended: the versions share the origin 7; numbers sort otherwise than texts: 10 comes after 9."""
    chart = forecast_chart(*versions)
    assert chart is not None
    (series,) = chart["series"]
    assert series["labels"] == [str(step) for step in range(6, 14)]
    assert series["y"] == [6, 7, 8, 9, 10, 11]
    found = [(each["method"], each["cutoff"], each["at"], each["forecast"][0]) for each in series["forecasts"]]
    first, second = [(0.25, 10), (0.5, 12)] if versions[0] is BEFORE else [(0.5, 12), (0.25, 10)]
    assert found == [
        (method, cutoff, [step - 6, step - 5], step + shift)
        for method, (shift, future) in enumerate([first, second])
        for cutoff, step in (("7", 8), (None, future))
    ]
    assert series["forecasts"][0]["intervals"] == [[series["forecasts"][0]["forecast"]] * 2]


def test_versions_without_an_origin_in_common_show_the_future() -> None:
    chart = forecast_chart(BEFORE, forecasts("new", 12, 1.0))
    assert chart is not None
    assert [each["cutoff"] for each in chart["series"][0]["forecasts"]] == [None, None]
    assert last_in_common(BEFORE.evaluation, BEFORE.evaluation) == "7"


def test_lists_of_steps_without_one_in_common_follow_one_another() -> None:
    assert merged(["1", "2"], ["3", "4"]) == ["1", "2", "3", "4"]
    assert merged(["3", "4", "5"], ["1", "2", "3"]) == ["1", "2", "3", "4", "5"]


def test_a_version_without_forecasts_has_no_chart_and_is_named() -> None:
    empty = pd.DataFrame()
    missing = replace(BEFORE, forecast=empty, missing=[Path("reports/forecast.csv")])
    shown = draw(missing, AFTER)
    assert shown["chart"] is None
    assert shown["steps"]["labels"] == ["1", "2"]
    assert shown["absent"] == [
        "main has no reports/forecast.csv here: no chart of it. `dvc pull`, or run that version."
    ]
    other = replace(AFTER, forecast=AFTER.forecast.assign(unique_id="b"))
    assert "no series in common" in draw(BEFORE, other)["absent"][0]
    assert draw(BEFORE, replace(AFTER, by_step=empty))["steps"] is None


def test_forecasts_that_are_not_in_the_cache_are_missing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone has the errors by step, in Git, and no forecasts."""
    monkeypatch.chdir(project)
    found = read_forecasts("HEAD")
    assert [path.name for path in found.missing] == ["forecast.csv", "evaluation.csv"]
    assert list(found.by_step["step"]) == list(range(1, 13))
    (project / "reports/forecast.csv").write_text("unique_id,ds,model,model-lo-80\n1,01,2,\n")
    commit(project, "more")
    here = read_forecasts(None)
    assert here.forecast.iloc[0, :3].tolist() == ["1", "01", 2.0]
    assert here.missing == [Path("reports/evaluation.csv")]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_shows_both_charts(open_page: OpenPage, width: int) -> None:
    content = {"title": "main → work tree", "verdict": "The same.", "test": "", "tables": [], "reasons": ["model.mase"]}
    page = open_page(render("compare.html", **content, **draw(BEFORE, AFTER)), width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#forecasts .chart").press("Home")
    for _ in range(2):
        page.locator("#forecasts .chart").press("ArrowRight")
    assert page.locator("#forecasts .readout").inner_text() == (
        "8; actual 8; forecast by main (cutoff 7) 8, 80\u00a0% 8 to 8; "
        "forecast by work tree (cutoff 7) 8, 80\u00a0% 8 to 8"
    )
    page.locator("#steps .chart").press("End")
    assert page.locator("#steps .readout").inner_text() == "step 2; main 0.5000; work tree 1.0000"
    assert page.locator("#steps .legend li").all_inner_texts() == ["main", "work tree"]
    bare = render("compare.html", **content, chart=None, steps=None, absent=["main has no forecasts"])
    assert open_page(bare).get_by_text("main has no forecasts").is_visible()
