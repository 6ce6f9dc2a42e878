"""What a version of the project reports: the work tree, a commit or an experiment, read through DVC.

A report comes from Git, from DVC's cache, or from a remote, wherever that version keeps it.
"""

import io
import json
import subprocess
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.scm import RevError, SCMError, resolve_rev

from stages.common.errors import UserError, quoted
from stages.common.params import PARAMS_FILE
from stages.common.paths import ERRORS, METRICS, PANEL_SUMMARY
from stages.common.yaml_1_2 import read_yaml
from stages.plot.significance import PAIR, read_errors

MAIN = ["origin/HEAD", "origin/main", "origin/master", "main", "master"]
WORK_TREE = "work tree"
NO_ERRORS = "unique_id,known_until,origin,model\n"


@dataclass(frozen=True)
class Version:
    """One version's parameters and reports.

    params: by `section.key`
    panel: what was read: series, rows, first and last step, hash; empty where it is not told
    metrics: by `model.mase`, `baseline.seasonal_naive.mase`, ...
    horizon: steps to forecast
    errors: scaled errors by series and origin; no rows in a version that does not report them
    """

    name: str
    params: dict[str, Any]
    panel: dict[str, Any]
    metrics: dict[str, float | None]
    horizon: int
    errors: pd.DataFrame


def read_version(revision: str | None) -> Version:
    """A Git revision or a DVC experiment; the work tree for None. Raises UserError where it is not there or torn."""
    name, commit = _resolve(revision)
    files = DVCFileSystem(".", rev=commit)

    def text(path: Path) -> str | None:
        try:
            return str(files.read_text(path.as_posix(), encoding="utf-8"))
        except FileNotFoundError as error:
            if files.exists(path.as_posix()):
                raise UserError(
                    f"{name}: {path} is neither in the cache nor in a remote ({quoted(str(error))}); "
                    "`dvc fetch --all-commits` where it was made, and `dvc push`"
                ) from None
            return None
        except (DvcException, UnicodeDecodeError, OSError) as error:
            raise UserError(f"{name}: {path} cannot be read: {error}; mend that or name another revision") from None

    texts = {path: text(path) for path in (PARAMS_FILE, METRICS, PANEL_SUMMARY, ERRORS)}
    for path in (PARAMS_FILE, METRICS):
        if texts[path] is None:
            raise UserError(
                f"{name} has no {path}; run in the project's folder, after `dvc repro`, or name another revision"
            )
    reading = PARAMS_FILE
    try:
        params = flat(read_yaml(texts[PARAMS_FILE] or ""))
        reading = METRICS
        metrics = flat(json.loads(texts[METRICS] or ""))
        measured = {key: float(value) for key, value in metrics.items() if isinstance(value, (int, float))}
        reading = PANEL_SUMMARY
        panel = flat(json.loads(texts[PANEL_SUMMARY] or "{}"))
        reading = ERRORS
        errors = read_errors(io.StringIO(texts[ERRORS] or NO_ERRORS))
        errors = errors.astype(dict.fromkeys(errors.columns.drop(PAIR), float))
        errors = errors[np.isfinite(errors[["origin", "model"]]).all(axis=1)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = "numbers or sections are not where they should be" if isinstance(error, AttributeError) else error
        raise UserError(f"{name}: {reading} cannot be read: {quoted(str(what))}; name another revision") from None
    horizon = params.get("backtest.horizon")
    return Version(
        name=name,
        params=params,
        panel=panel,
        metrics={key: value if isfinite(value) else None for key, value in measured.items()},
        horizon=horizon if isinstance(horizon, int) and horizon > 0 else 1,
        errors=errors,
    )


def flat(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` as `{"a.b": 1}`.

    >>> flat({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c': [2]}
    """
    items: dict[str, Any] = {}
    for key, value in nested.items():
        items |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return items


def branch_point() -> str:
    """The last commit that HEAD has in common with the main branch. Raises UserError where there is none."""
    for main in MAIN:
        found = subprocess.run(["git", "merge-base", main, "HEAD"], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    raise UserError(f"no commit in common with any of {', '.join(MAIN)}; name the revision to compare with")


def _resolve(revision: str | None) -> tuple[str, str | None]:
    """How to call a revision, and its commit; None for the work tree."""
    if revision is None:
        return WORK_TREE, None
    try:
        if not revision:
            raise RevError("an empty name")
        commit = resolve_rev(Repo().scm, revision)
        found = ["git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"]
        if subprocess.run(found, capture_output=True, check=False).returncode:
            raise RevError(f"'{revision}' is no commit")
    except (RevError, SCMError, DvcException) as error:
        raise UserError(
            f"no revision or experiment {quoted(revision)} here ({error}); `git log --all` and `dvc exp show` list them"
        ) from None
    return (commit[:7] if commit.startswith(revision) else f"{revision} ({commit[:7]})"), commit
