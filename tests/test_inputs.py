"""The whole pipeline on unusual data: short, constant or hostile series, wide files, downloaded files."""

import functools
import http.server
import json
import threading
from pathlib import Path

import numpy as np
import pandas as pd

from tests.projects import change_file, here, repro, tiny_panel, tiny_project


def test_short_series_are_warned_of_and_forecast(light: Path) -> None:
    done = here("python", "-m", "stages.predict", cwd=light)
    assert "1 of 3 series is too short for a window" in done.stderr
    assert "('new')" in done.stderr


def test_a_forecast_without_evaluation_origins(copy: Path) -> None:
    change_file(copy, backtest__origins=0, backtest__calibration_origins=0)
    printed = here("dvc", "repro", cwd=copy).stdout
    assert "the accuracy of this forecast was not measured" in printed
    metrics = json.loads((copy / "reports/metrics.json").read_text())
    assert set(metrics) == {"evaluated"}
    assert set(metrics["evaluated"].values()) == {0}
    assert np.isfinite(pd.read_csv(copy / "reports/forecast.csv")["model-lo-80"]).all()


def test_single_values_constants_and_zeros_among_ordinary_series(tmp_path: Path) -> None:
    """Series of one value, a constant, zeros, or zeros with one spike have finite forecasts and cause no warnings."""
    odd = {"single": [50.0], "constant": [7.0] * 30, "zeros": [0.0] * 30, "rare": [0.0] * 25 + [3.0] + [0.0] * 4}
    frames = [tiny_panel()]
    for name, sales in odd.items():
        timestamps = pd.date_range(end="2023-10-01", periods=len(sales), freq="QS").strftime("%Y-%m-%d")
        frames.append(pd.DataFrame({"shop": name, "date": timestamps, "sales": sales}))
    folder = tiny_project(tmp_path / "project", pd.concat(frames), model__cell="rnn")
    done = here("dvc", "repro", cwd=folder)
    assert "Warning" not in done.stderr
    assert "2 of 7 series are too short for a window" in done.stderr
    forecast = pd.read_csv(folder / "reports/forecast.csv").set_index("unique_id").drop(columns="ds")
    without_change = ["constant", "zeros"]
    limits = [name for name in forecast if "-lo-" in name or "-hi-" in name]
    assert forecast.loc[without_change, limits].isna().all(axis=None)
    assert (forecast.drop(index=without_change) >= 0).all(axis=None)  # none of the series was ever negative
    assert np.isfinite(forecast.drop(index=without_change)).all(axis=None)
    assert (forecast.loc["single", "model"] == 50).all()
    assert (forecast.loc["single", "model-hi-80"] > 50).all()  # as uncertain as the others, relative to its size
    assert (forecast.loc["constant", "model"] == 7).all()
    assert (forecast.loc["zeros", "model"] == 0).all()
    assert (forecast.loc["rare", "model"] < 3).all()
    evaluation = pd.read_csv(folder / "reports/evaluation.csv")
    assert np.isfinite(evaluation[["y", "model", "seasonal_naive"]]).all(axis=None)
    assert set(evaluation["unique_id"]) == {"west", "east", "new", "constant", "zeros", "rare"}
    assert "NaN" not in (folder / "reports/metrics.json").read_text()


def test_small_and_large_values_and_hostile_ids(tmp_path: Path) -> None:
    """Values from 1e-12 to 1e15 in one panel; ids with formulas, HTML, TeX, paths, two lines or 10,000 characters."""
    frames = [tiny_panel()]
    names = [
        "=1+1",
        "<script>alert(1)</script>",
        "$x^2$ $",
        "../../etc/passwd",
        "two\nlines",
        "🙂\t\x1b[31m",
        "x" * 10_000,
    ]
    for name, size in zip(names, 10.0 ** np.linspace(-12, 15, len(names)), strict=True):
        frames.append(
            tiny_panel().query("shop == 'west'").assign(shop=name, sales=lambda table, size=size: table["sales"] * size)
        )
    quick = {"model__cell": "rnn", "train__members": 1, "backtest__calibration_origins": 0}
    settings = {**quick, "plot__series": 20, "predict__baselines": ["seasonal_naive"]}
    folder = tiny_project(tmp_path / "project", pd.concat(frames), **settings)
    done = here("dvc", "repro", cwd=folder)
    assert "Warning" not in done.stderr
    forecast = pd.read_csv(folder / "reports/forecast.csv")
    assert set(names) <= set(forecast["unique_id"])
    by_name = forecast.set_index("unique_id")
    for name, size in zip(names, 10.0 ** np.linspace(-12, 15, len(names)), strict=True):
        ratio = by_name.loc[name, "model"].to_numpy() / by_name.loc["west", "model"].to_numpy() / size
        np.testing.assert_allclose(ratio, 1, rtol=0.1)
    assert not list(folder.rglob("*passwd*"))


def test_wide_and_long_files_give_the_same_results(finished_light: Path, light: Path) -> None:
    wide = tiny_panel().pivot_table(index="date", columns="shop", values="sales", sort=False)[["west", "east", "new"]]
    wide.to_csv(light / "data/raw/wide.csv")
    changes = {"ingest__path": "data/raw/wide.csv", "ingest__series": None, "ingest__value": None}
    assert repro(light, ingest__frequency="auto", **changes)[0] == "ingest"
    for name in ("forecast.csv", "metrics.json"):
        assert (light / "reports" / name).read_bytes() == (finished_light / "reports" / name).read_bytes()


def test_a_downloaded_file(light: Path) -> None:
    """`dvc import-url` downloads it, `dvc repro` reads it, `dvc update` downloads it again when it has changed."""
    served = light.parent / "served"
    served.mkdir()
    tiny_panel().to_csv(served / "sales.csv", index=False)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=served)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here("dvc", "import-url", f"http://127.0.0.1:{server.server_port}/sales.csv", "data/raw/sales.csv", cwd=light)
        assert repro(light, ingest__path="data/raw/sales.csv")[0] == "ingest"
        later = pd.DataFrame({"shop": ["east"], "date": ["2024-01-01"], "sales": [140.0]})
        pd.concat([tiny_panel(), later]).to_csv(served / "sales.csv", index=False)
        here("dvc", "update", "data/raw/sales.csv.dvc", cwd=light)
        server.shutdown()
    assert repro(light)[0] == "ingest"
    assert json.loads((light / "reports/panel.json").read_text())["rows"] == 40 + 31 + 4
