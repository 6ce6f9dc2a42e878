"""Where each artifact lives, and how stages write their summaries."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

PANEL = Path("data/panel.parquet")
HISTORIES = Path("data/histories")
WINDOWS = Path("data/windows")
NETWORKS = Path("models/networks")
FORECASTER = Path("models/forecaster")
PANEL_SUMMARY = Path("reports/panel.json")
NORMALIZE_SUMMARY = Path("reports/normalize.json")
WINDOW_SUMMARY = Path("reports/window.json")
TRAIN_SUMMARY = Path("reports/train.json")
LOSS = Path("reports/loss.csv")
METRICS = Path("reports/metrics.json")
FORECAST = Path("reports/forecast.csv")
FORECAST_SUMMARY = Path("reports/forecast.json")
EVALUATION = Path("reports/evaluation.parquet")
EVALUATION_CSV = Path("reports/evaluation.csv")
BACKTEST = Path("reports/backtest.csv")
ERROR_BY_STEP = Path("reports/error_by_step.csv")
ERRORS = Path("reports/errors.csv")
HALF_ENSEMBLES = Path("reports/half_ensembles.csv")
FIGURES = Path("reports/figures")
REPORT = Path("reports/report.html")
BRIEF = Path("reports/report.md")
RECORD = Path("reports/record.json")
REPORTS_COPY = Path("data/reports")
FIGURES_COPY = Path("data/figures")


def origin_file(folder: Path, origin: int) -> Path:
    """The file in `folder` of the origin that many steps before each series' end; 0 is the final one."""
    return folder / f"origin_{origin}.safetensors"


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """Write a stage's summary as JSON, and print it in one line."""
    write_json(path, summary)
    print(in_one_line(summary))


def write_json(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def in_one_line(summary: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in summary.items())


def fresh_folder(path: Path) -> None:
    """Make `path` an empty folder, as DVC does before a stage, for a stage that is run by hand."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)


def origins_in(folder: Path) -> list[int]:
    """The origins that `folder` has files of, the latest first. Raises FileNotFoundError where there is none."""
    origins = sorted(int(path.stem.removeprefix("origin_")) for path in folder.glob("origin_*.safetensors"))
    if not origins:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    return origins
