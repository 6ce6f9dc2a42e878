"""The report in a browser: reading, zoom and pan by mouse, keyboard and touch; labels, tables, colours and print."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page

from stages.panel.time_axis import TimeAxis
from stages.plot.pages import render
from stages.plot.report import describe
from stages.plot.results import RunResults, SeriesData

OpenPage = Callable[..., Page]
GATES = {
    "title": "Input of the network", "labels": ["1", "2", "3"], "units": [4, 0], "input": [0.5, -1, 2],
    "gates": {"input gate": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], "output gate": [[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]]},
    "state": "cell state", "states": [[-1, 0, 1], [2, 3, 4]],
}  # fmt: skip


LINES = """(all) => all.map((each) => {
  const range = document.createRange();
  range.selectNodeContents(each);
  return new Set([...range.getClientRects()].map(({ top }) => top)).size || 1;
})"""  # of text in each element


def page_of(results: RunResults) -> str:
    return render("report.html", **describe(results))


def with_series(results: RunResults, steps: pd.Series, axis: TimeAxis, names: list[str]) -> RunResults:
    """Series with a value 0, 1, 2, ... at each of `steps` but the last ten, which are forecast as -1."""
    history, ahead = steps[:-10], steps[-10:].reset_index(drop=True)
    rows = {"forecast": -1.0, "forecast-lo-80": -21.0, "forecast-hi-80": 19.0}
    one = SeriesData(
        place=1,
        actual=pd.DataFrame({"ds": history, "y": np.arange(float(len(history))), "filled": False}),
        evaluation=pd.DataFrame(columns=["cutoff", "ds", *rows]).astype({"ds": steps.dtype}),
        future=pd.DataFrame({"ds": ahead, **rows}),
    )
    data = replace(results.charted, series=dict.fromkeys(names, one), time="day")
    return replace(results, charted=data, time_axis=axis)


def days(results: RunResults) -> RunResults:
    """410 days, of which the last ten are forecast; at first 60 of the 400 before them are shown."""
    steps = pd.date_range("2021-01-01", periods=410, freq="D").to_series().reset_index(drop=True)
    return with_series(results, steps, TimeAxis("D", "%Y-%m-%d"), ["one"])


def chart_edges(page: Page) -> tuple[float, float, float]:
    """Of the plot, in the window: left, right, and a place between top and bottom."""
    line, box = (page.locator(f"#forecasts {each}").first.bounding_box() for each in (".axis", ".chart"))
    assert line
    assert box
    return line["x"], line["x"] + line["width"], box["y"] + box["height"] / 2


def shown(page: Page) -> list[str]:
    """The steps at the left and the right edge, read with the mouse."""
    left, right, y = chart_edges(page)
    steps = []
    for x in (left + 0.1, right - 0.1):
        page.mouse.move(x, y)
        steps.append(page.locator("#forecasts .readout").inner_text().split(";")[0])
    return steps


def until(page: Page, condition: str) -> None:
    """Wait for a condition of JavaScript, in a way that the page's policy allows."""
    ask = f"const ask = () => ({condition} ? done() : requestAnimationFrame(ask));"
    page.evaluate(f"() => new Promise((done) => {{ {ask} ask(); }})")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window_in_every_colour_and_a_hostile_name_is_text(
    open_page: OpenPage, results: RunResults, hostile: str, width: int
) -> None:
    data = results.plot_data
    unbroken = replace(
        data, value="v" * 300, series=dict(zip(["i" * 300, "a" * 14], data.series.values(), strict=True))
    )
    long = replace(results, plot_data=unbroken, charted=unbroken, gates={**GATES, "title": "g" * 80})
    page = open_page(page_of(long), width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    names = page.locator("th.short")
    assert names.evaluate_all(LINES) == [1] * names.count()
    many = ["北京市朝阳区旗舰店与一个很长很长的名字", "x" * 200, *(f"series {i}" for i in range(298))]
    steps = pd.Series(range(60))
    crowded = replace(with_series(results, steps, TimeAxis(None, None), many), gates=GATES)
    for content in (results, crowded):
        page = open_page(page_of(content), width)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert hostile in page.title()
        assert page.locator("h1").inner_text() == f"Forecast of {hostile}"
        assert page.locator("main b").count() == 0
        assert page.locator("main img").count() == 2
        assert all(image.get_attribute("alt") for image in page.locator("img").all())
        order = page.locator("h1, .headline, #forecasts, #words, section > h2").evaluate_all(
            "(all) => all.map((each) => each.id || each.className || each.tagName)"
        )
        assert order[:4] == ["H1", "headline", "H2", "forecasts"]  # the table of several series, and the chart of one
        assert page.get_by_label("Find a series").count() == (content is crowded)
    find = page.get_by_label("Find a series")
    find.fill("series 297")
    assert page.get_by_label("Series", exact=True).locator("option").all_inner_texts() == ["series 297"]
    assert page.locator("#forecasts .readout").inner_text().startswith("series 297.")
    find.fill("no series")
    page.get_by_role("button", name="Copy as CSV").click()
    assert page.get_by_role("status").inner_text() == ""


def test_values_are_read_by_keyboard_and_by_pointer(open_page: OpenPage, results: RunResults) -> None:
    page = open_page(page_of(results))
    readout = page.locator("#forecasts .readout")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "chart":
            break
    read = {
        "End": "2021-03; forecast 4.0, 80\u00a0% 3.0 to 5.0",
        "Home": "2020-01; actual 0.0",
        "ArrowRight": "2020-02; actual 1.0",
    }
    for key, text in read.items():
        page.keyboard.press(key)
        assert readout.inner_text() == text
    assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == text
    for presses, text in [
        (3, "2020-05; filled 4.0"),
        (5, "2020-10; actual 9.0; forecast (cutoff 2020-09) 2.0, 80\u00a0% 1.0 to 3.0"),
    ]:  # fmt: skip
        for _ in range(presses):
            page.keyboard.press("ArrowRight")
        assert readout.inner_text() == text
    _, right, y = chart_edges(page)
    page.mouse.move(right, y)
    assert readout.inner_text() == read["End"]
    legend = page.locator("#forecasts .legend li").all_inner_texts()
    assert sorted(legend) == ["80\u00a0% interval", "actual", "end of the data", "filled", "forecast by model"]


def test_a_series_is_chosen_by_its_name(open_page: OpenPage, results: RunResults, hostile: str) -> None:
    page = open_page(page_of(results))
    choice = page.get_by_label("Series", exact=True)
    assert choice.locator("option").all_inner_texts() == [
        "plain (among the best: scaled error 0.500)", f"{hostile} (among the worst: scaled error 2)",
    ]  # fmt: skip
    choice.select_option(index=1)
    assert hostile in page.locator("#forecasts .readout").inner_text()


def test_zoom_and_pan_by_keys_buttons_wheel_and_drag(open_page: OpenPage, results: RunResults) -> None:
    """60 days of history and the forecast at first: 2021-12-07 to 2022-02-14, 69 steps."""
    page = open_page(page_of(days(results)))
    start, whole = ["2021-12-07", "2022-02-14"], ["2021-01-01", "2022-02-14"]
    values = page.locator("#forecasts .chart text[text-anchor=end]")
    assert shown(page) == start
    assert "0" not in values.all_inner_texts()  # the axis follows the values that are shown
    area = page.locator("#forecasts .chart")
    area.focus()
    page.keyboard.press("Shift+ArrowLeft")
    assert shown(page) == ["2021-11-29", "2022-02-05"]  # by an eighth of 69 steps
    page.keyboard.press("0")
    assert shown(page) == start
    page.keyboard.press("+")
    nearer = shown(page)
    assert nearer[0] > start[0]
    page.keyboard.press("Escape")
    page.keyboard.press("Home")  # brings the first step into view
    assert shown(page)[0] == whole[0]
    page.get_by_label("Show all steps").first.click()
    assert shown(page) == whole
    page.get_by_label("Zoom in").first.click()
    assert shown(page)[0] > whole[0]
    page.get_by_label("Zoom out").first.click()
    assert shown(page) == whole

    left, right, y = chart_edges(page)
    area.focus()
    page.keyboard.press("0")
    page.mouse.move(left + 300, y)
    page.mouse.down()
    page.mouse.move(left + 350, y)
    page.mouse.move(left + 300 + (right - left) / 69 * 20.5, y)
    page.mouse.up()
    assert shown(page) == ["2021-11-17", "2022-01-24"]  # 20.5 steps earlier
    page.mouse.move(right, y)
    page.mouse.wheel(0, 200)
    until(page, "!document.querySelector('#forecasts .readout').textContent.startsWith('2021-11-17')")
    assert shown(page)[0] < "2021-11-17"
    page.evaluate("document.activeElement.blur()")
    before = shown(page)
    page.mouse.wheel(0, 100)  # scrolls the page: the chart has no focus
    until(page, "scrollY > 0")
    page.evaluate("scrollTo(0, 0)")
    until(page, "scrollY === 0")
    assert shown(page) == before


def test_touch_taps_read_drags_move_and_pinches_zoom(open_page: OpenPage, results: RunResults) -> None:
    page = open_page(page_of(days(results)), 390, has_touch=True, is_mobile=True)
    chart = page.locator("#forecasts .chart")
    chart.scroll_into_view_if_needed()
    assert chart.evaluate("(each) => getComputedStyle(each).touchAction") == "pan-y"
    left, right, y = chart_edges(page)
    readout = page.locator("#forecasts .readout")
    page.touchscreen.tap(right - 0.1, y)
    assert readout.inner_text() == "2022-02-14; forecast -1, 80\u00a0% -21 to 19"
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *xs: float) -> None:
        points = [{"x": x, "y": y, "id": i} for i, x in enumerate(xs)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def edge() -> str:
        """The step at the left edge."""
        page.touchscreen.tap(left + 0.1, y)
        return readout.inner_text().split(";")[0]

    assert edge() == "2021-12-07"
    touch("touchStart", left + 100)
    for moved in (30, 60, 100):
        touch("touchMove", left + 100 + moved)
    touch("touchEnd")
    dragged = edge()
    assert "2021-11-10" < dragged < "2021-11-25"  # 100 pixels of about 320 for 69 days
    touch("touchStart", left + 100)
    touch("touchStart", left + 100, left + 200)
    for moved in (20, 40):
        touch("touchMove", left + 100 - moved, left + 200 + moved)
    touch("touchEnd")
    assert edge() > dragged
    page.get_by_label("Show all steps").first.tap()
    assert edge() == "2021-01-01"


HOURS = pd.date_range("2011-12-28", periods=400, freq="h", tz="UTC").tz_convert("Australia/Melbourne")
LABELS: dict[str, list[str]] = {
    "months": [f"{month}" for month in pd.period_range("1949-01", periods=156, freq="M")],
    "dates of months": [f"{month}-01 00:00:00" for month in pd.period_range("1949-01", periods=156, freq="M")],
    "years": [str(year) for year in range(1871, 2000)],
    "days": [f"{day:%Y-%m-%d}" for day in pd.date_range("1996-03-18", periods=735, freq="D")],
    "weeks": [f"{day:%Y/%m/%d}" for day in pd.date_range("2020-01-06", periods=120, freq="W-MON")],
    "hours with a zone": [hour.isoformat() for hour in HOURS],
    "half hours": [f"{time:%Y-%m-%d %H:%M}" for time in pd.date_range("2020-02-28", periods=300, freq="30min")],
    "German dates": [f"{day:%d.%m.%Y}" for day in pd.date_range("1996-03-18", periods=300, freq="D")],
    "German times": [f"{time:%d.%m.%Y %H:%M}" for time in pd.date_range("1996-03-18", periods=300, freq="h")],
    "quarters": [f"{quarter}" for quarter in pd.period_range("1990Q1", periods=80, freq="Q")],
    "integers": [str(step) for step in range(-20, 750)],
    "large integers": [str(10**14 + 3 * step) for step in range(60)],
    "two steps": ["1", "2"],
    "before the series": [*[""] * 20, *(f"2020-01-{day:02d}" for day in range(1, 31))],
}
DRAW = """([labels, start]) => {
  const line = { style: "actual", name: "", places: labels.map((_, i) => i), values: labels.map((_, i) => i) };
  const panes = [{ lines: [line], bands: [], height: null }];
  show({ labels, start, from: 0, end: null, panes, read: String, hint: "" });
  const boxes = [...part.querySelectorAll(".chart > svg > text")].map((each) => {
    const { left, right, top, bottom } = each.getBoundingClientRect();
    return [each.textContent, left, right, top, bottom, each.classList.contains("time")];
  });
  const { left, right } = part.querySelector(".chart").getBoundingClientRect();
  return [boxes, left, right];
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_labels_never_overlap_and_stay_inside(open_page: OpenPage, results: RunResults, width: int) -> None:
    """Of every kind of step, at every zoom from ten steps to all; two labels at least where there are three steps."""
    page = open_page(page_of(results), width)
    page.evaluate("() => { window.part = document.getElementById('forecasts'); window.show = makeChart(part); }")
    for name, labels in LABELS.items():
        for start in {0, len(labels) // 3, len(labels) // 2, len(labels) * 9 // 10, len(labels) - 10}:
            boxes, left, right = page.evaluate(DRAW, [labels, max(start, 0)])
            assert all(left - 0.5 <= box[1] and box[2] <= right + 0.5 for box in boxes), (name, start, boxes)
            for i, (first, a, b, c, d, _) in enumerate(boxes):
                for second, e, f, g, h, _ in boxes[i + 1 :]:
                    assert b <= e or f <= a or d <= g or h <= c, (name, start, first, second)
            times = [box[0] for box in boxes if box[5]]
            assert len(times) >= 2, (name, start, times)


ROUND: list[tuple[str, int, list[str]]] = [  # the first labels, from a step on
    ("months", 0, ["1949", "1950", "1951", "1952"]),
    ("dates of months", 0, ["1949", "1950"]),
    ("months", 120, ["1959-01", "1959-07", "1960-01"]),
    ("years", 0, ["1880", "1890", "1900"]),
    ("days", 0, ["1996-04", "1996-07", "1996-10", "1997-01"]),
    ("days", 700, ["1998-02-16", "1998-02-21", "1998-03-01"]),
    ("weeks", 0, ["2020/04", "2020/07", "2020/10", "2021/01"]),
    ("hours with a zone", 0, ["2011-12-29", "2012-01-01", "2012-01-03"]),
    ("hours with a zone", 370, ["21:00", "2012-01-13", "03:00", "06:00"]),
    ("integers", 0, ["0", "50", "100", "150"]),
    ("German times", 0, ["18.03.1996 00:00", "22.03.1996 04:00"]),
]


def test_labels_are_at_round_places(open_page: OpenPage, results: RunResults) -> None:
    page = open_page(page_of(results), 800)
    page.evaluate("() => { window.part = document.getElementById('forecasts'); window.show = makeChart(part); }")
    for name, start, expected in ROUND:
        boxes, *_ = page.evaluate(DRAW, [LABELS[name], start])
        assert [box[0] for box in boxes if box[5]][: len(expected)] == expected, (name, start)


def test_the_table_shows_the_forecast_and_copies_it_in_full(open_page: OpenPage, results: RunResults) -> None:
    name = 'a "quoted", name'
    content = days(results)
    series = content.charted.series["one"]
    future = series.future.assign(forecast=1234.567891)
    future.loc[1, "forecast-lo-80"] = np.nan
    charted = replace(content.charted, series={"one": series, name: replace(series, future=future)}, method="auto_ets")
    page = open_page(page_of(replace(content, charted=charted)), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("Series", exact=True).select_option(index=1)
    rows = page.locator("#forecast tr").evaluate_all(
        "(all) => all.map((row) => [...row.cells].map((c) => c.textContent))"
    )
    assert rows[0] == ["day", "auto_ets", "80\u00a0% from", "to"]
    assert rows[1:3] == [["2022-02-05", "1,235", "-21", "19"], ["2022-02-06", "1,235", "-", "19"]]
    assert len(rows) == 11
    page.get_by_role("button", name="Copy as CSV").click()
    page.get_by_text("Copied", exact=True).wait_for()
    copied = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    assert copied[0] == ["unique_id", "ds", "auto_ets", "auto_ets-lo-80", "auto_ets-hi-80"]
    assert copied[2] == [name, "2022-02-06", "1234.567891", "", "19"]
    assert len(copied) == 11
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    page.get_by_role("button", name="Copy as CSV").click()
    area = page.get_by_label("The forecast as CSV")
    area.wait_for()
    assert area.evaluate("(each) => each.value.slice(each.selectionStart, each.selectionEnd)").startswith("unique_id,")
    assert page.get_by_role("status").inner_text().startswith("The browser does not let")


@pytest.mark.parametrize(
    "values", [[5e15] * 2, [1e300, 0.0], [-1.7e308, 1.7e308], [1e6, 1e6 + 1e-7], [0.0, 0.0], [1e-300, 0]]
)
def test_the_chart_draws_values_of_any_size(open_page: OpenPage, results: RunResults, values: list[float]) -> None:
    """Drawing ends, and every coordinate is a number."""
    for series in results.charted.series.values():
        series.actual["y"] = values * 6
    drawn = open_page(page_of(results)).locator("#forecasts .chart > svg").inner_html()
    assert "NaN" not in drawn
    assert "Infinity" not in drawn
    assert 2 <= drawn.count('class="axis"') <= 24


def test_the_chart_draws_filled_values_single_steps_and_intervals_with_gaps(
    open_page: OpenPage, results: RunResults
) -> None:
    """The fifth value alone is filled: the line breaks there. A limit that is not known leaves two areas."""
    for series in results.charted.series.values():
        series.future.loc[1, "forecast-lo-80"] = np.nan
        series.evaluation["forecast-hi-80"] = np.nan
    page = open_page(page_of(results))
    names = ["actual", "filled", "band", "method-0.line"]
    paths = {name: page.locator(f"#forecasts .chart path.{name}") for name in names}
    drawn = {name: [each.get_attribute("d") or "" for each in found.all()] for name, found in paths.items()}
    page.locator("#forecasts .chart").press("End")
    page.locator("#forecasts .chart").press("ArrowLeft")
    assert page.locator("#forecasts .readout").inner_text() == "2021-02; forecast 3.0"
    assert [path.count("M") for path in drawn["actual"]] == [2]
    assert [(path.count("M"), path.count("L")) for path in drawn["filled"]] == [(1, 2)]
    assert sorted(path.count("Z") for path in drawn["band"]) == [0, 2]
    assert len(drawn["method-0.line"]) == 2


def test_gates_of_one_unit_are_read(open_page: OpenPage, results: RunResults) -> None:
    page = open_page(page_of(replace(results, gates=GATES)))
    part = page.locator("#gates")
    part.locator(".chart").press("End")
    readout = part.locator(".readout")
    assert readout.inner_text() == "3; input 2.00; input gate 0.30; output gate 0.70; cell state 1.00"
    part.get_by_label("Unit", exact=True).select_option("unit 0")
    part.locator(".chart").press("Home")
    assert readout.inner_text() == "1; input 0.50; input gate 0.40; output gate 0.60; cell state 2.00"
    assert part.locator(".chart path.line").count() == 4
    assert open_page(page_of(results)).locator("#gates").count() == 0


def test_the_table_names_an_offset_once_and_a_midnight_not_at_all(open_page: OpenPage, results: RunResults) -> None:
    """Their column is narrow enough for a telephone."""
    hours = HOURS[:60].to_series().reset_index(drop=True)
    nights = pd.date_range("2021-01-01", periods=60, freq="D").to_series().reset_index(drop=True)
    for steps, axis, header, first in [
        (hours, TimeAxis("h", "%Y-%m-%dT%H:%M:%S%z", "Australia/Melbourne"), "day (…:00+1100)", "2011-12-30T13:00"),
        (nights, TimeAxis("D", "%Y-%m-%d %H:%M:%S"), "day", "2021-02-20"),
    ]:
        page = open_page(page_of(with_series(results, steps, axis, ["one"])), 390)
        assert page.locator("#forecast th").first.inner_text() == header
        assert page.locator("#forecast tbody th").first.inner_text() == first


def style(page: Page, selector: str, name: str) -> Any:
    return page.locator(selector).first.evaluate(f"(each) => getComputedStyle(each).{name}")


def test_dark_figures_stay_on_white_and_print_is_light_and_whole(open_page: OpenPage, results: RunResults) -> None:
    page = open_page(page_of(days(results)))
    page.emulate_media(color_scheme="light")
    light = {name: style(page, "body", name) for name in ("backgroundColor", "color")}
    line = style(page, ".line.method-0", "stroke")
    page.emulate_media(color_scheme="dark")
    assert style(page, "body", "backgroundColor") != light["backgroundColor"]
    assert style(page, "figure img", "filter") == "none"
    assert style(page, "figure .wide", "backgroundColor") == "rgb(255, 255, 255)"
    parameter = page.get_by_role("rowheader", name="backtest.horizon")
    assert not parameter.is_visible()
    assert page.locator("#forecasts .tall").evaluate("(each) => each.scrollHeight <= each.clientHeight + 1")  # ten rows
    page.emulate_media(media="print", color_scheme="dark")
    assert {name: style(page, "body", name) for name in light} == light
    assert style(page, ".line.method-0", "stroke") == line
    for heading in ("h1", "h2"):
        assert style(page, heading, "breakAfter") == "avoid"
    assert style(page, "figure", "breakInside") == "avoid"
    for hidden in (".readout", ".buttons", ".copy"):
        assert page.locator(hidden).first.is_hidden()
    assert style(page, ".wide.tall", "maxHeight") == "none"
    assert page.locator("#forecasts .legend").is_visible()


def test_covariates_known_ahead_are_drawn_below_and_read_out(open_page: OpenPage, results: RunResults) -> None:
    """A number has a strip of its own; a category is read out alone."""
    shown_days = days(results)
    one = shown_days.charted.series["one"]
    steps = pd.Index([*one.actual["ds"], *one.future["ds"]])
    known = pd.DataFrame({"price": np.arange(410.0) / 4, "event": pd.Categorical(["fair"] * 410)}, index=steps)
    charted = replace(shown_days.charted, series={"one": replace(one, known_ahead=known)})
    page = open_page(page_of(replace(shown_days, charted=charted)))
    assert page.locator("#forecasts .line.input").count() == 1
    assert page.locator("#forecasts svg text[text-anchor=end]").all_text_contents()[-3:] == ["90", "100", "price"]
    _, right, y = chart_edges(page)
    page.mouse.move(right - 0.1, y)
    readout = page.locator("#forecasts .readout").inner_text()
    assert readout.startswith("2022-02-14; forecast -1")
    assert readout.endswith("; price 102.25; event fair")
