"""A project whose reports are written by hand, as after a run on the airline passengers."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.projects import commit


@pytest.fixture
def project(project: Path) -> Path:
    """A committed copy of the project with the reports of one series and five origins."""
    reports = project / "reports"
    pairs = pd.DataFrame({"unique_id": "passengers", "cutoff": [f"{year}-12" for year in range(1959, 1954, -1)]})
    errors = {"model": [0.45, 0.41, 0.84, 0.35, 0.29], "seasonal_naive": [1.57, 1.66, 0.41, 1.38, 1.66]}
    pairs.assign(origin=range(12, 61, 12), **errors).to_csv(reports / "errors.csv", index=False)
    pairs.assign(split_1=0.01, split_2=-0.02).to_csv(reports / "half_ensembles.csv", index=False)
    pd.DataFrame({"step": range(1, 13), "model": 0.5}).to_csv(reports / "error_by_step.csv", index=False)
    metrics = {"model": {"mase": 0.468, "rmse": 16.6}, "baseline": {"seasonal_naive": {"mase": 1.336}}}
    (reports / "metrics.json").write_text(json.dumps(metrics))
    (reports / "panel.json").write_text(json.dumps({"rows": 144, "last": "1960-12", "md5": "791d0"}))
    commit(project, "results")
    return project
