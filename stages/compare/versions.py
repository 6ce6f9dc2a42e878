"""Read the parameters and reports of a version: the work tree, a commit or an experiment, through DVC.

A report comes from Git, from DVC's cache, or from a remote, wherever that version keeps it.
"""

import io
import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.scm import RevError, SCMError, resolve_rev

from stages.common.errors import UserError, quoted, warn
from stages.common.params import PARAMS_FILE
from stages.common.paths import ERROR_BY_STEP, ERRORS, EVALUATION_CSV, FORECAST, HALF_ENSEMBLES, METRICS, PANEL_SUMMARY
from stages.common.yaml_1_2 import read_yaml
from stages.plot.significance import PAIR, read_errors, split_columns

MAIN = ["origin/HEAD", "origin/main", "origin/master", "main", "master"]
WORK_TREE = "work tree"
READ_BY_DVC = [PARAMS_FILE, Path("dvc.yaml"), Path("dvc.lock")]  # with a parser that aliases and merges can overwhelm

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Version:
    """One version's parameters and reports.

    params: by `section.key`
    panel: reports/panel.json: series, rows, first and last step, hash; empty in a version without it
    metrics: by `model.mase`, `baseline.seasonal_naive.mase`, ...
    horizon: steps to forecast
    errors: reports/errors.csv; no rows in a version without it
    halves: reports/half_ensembles.csv; no rows in a version without it, or with a single member
    """

    name: str
    params: dict[str, Any]
    panel: dict[str, Any]
    metrics: dict[str, float | None]
    horizon: int
    errors: pd.DataFrame
    halves: pd.DataFrame


def read_version(revision: str | None) -> Version:
    """A Git revision or a DVC experiment; the work tree for None.

    Raises UserError where there is no such revision, and where a file of it is missing or cannot be read.
    """
    name, commit = resolve_revision(revision)
    files = VersionFiles(name, commit)
    for path in READ_BY_DVC:
        files.parsed(path, files.text_in_git(path) or "", read_yaml)
    params = files.require(PARAMS_FILE, _parse_params)
    metrics = files.require(METRICS, _parse_metrics)
    panel = files.read(PANEL_SUMMARY, parse_json)
    errors = files.read(ERRORS, _parse_errors)
    halves = files.read(HALF_ENSEMBLES, _parse_halves)
    horizon = params.get("backtest.horizon")
    return Version(
        name=name,
        params=params,
        panel={} if panel is None else panel,
        metrics=metrics,
        horizon=horizon if isinstance(horizon, int) and horizon > 0 else 1,
        errors=pd.DataFrame(columns=[*PAIR, "origin", "model"]) if errors is None else errors,
        halves=pd.DataFrame(columns=PAIR) if halves is None else halves,
    )


@dataclass(frozen=True)
class Forecasts:
    """What the charts of a page show of one version; an empty table for a report that is not there.

    forecast, evaluation: reports/forecast.csv and evaluation.csv; steps, ids and cutoffs are text
    by_step: reports/error_by_step.csv
    missing: the reports that are not there, or not in the cache and in no remote
    """

    name: str
    forecast: pd.DataFrame
    evaluation: pd.DataFrame
    by_step: pd.DataFrame
    missing: list[Path]


def read_forecasts(revision: str | None) -> Forecasts:
    """The forecasts of a version. Raises UserError where there is no such revision."""
    name, commit = resolve_revision(revision)
    files = VersionFiles(name, commit)
    found: dict[Path, pd.DataFrame] = {}
    shown = (FORECAST, EVALUATION_CSV, ERROR_BY_STEP)
    for path in shown:
        with suppress(UserError):
            table = files.read(path, parse_forecasts)
            found |= {} if table is None else {path: table}
    forecast, evaluation, by_step = (found.get(path, pd.DataFrame()) for path in shown)
    missing = [path for path in shown if path not in found]
    return Forecasts(name, forecast, evaluation, by_step, missing)


@dataclass(frozen=True)
class VersionFiles:
    """The files of one version, read and parsed. Raises UserError for one that cannot be."""

    name: str
    commit: str | None

    @cached_property
    def files(self) -> DVCFileSystem:
        return DVCFileSystem(".", rev=self.commit)

    def require(self, path: Path, parse: Callable[[str], Parsed]) -> Parsed:
        """The parsed file. Raises UserError if the version does not have it."""
        text = self._text(path)
        if text is None:
            raise UserError(
                f"{self.name} has no {path}; run in the project's folder, after `dvc repro`, or name another revision"
            )
        return self.parsed(path, text, parse)

    def read(self, path: Path, parse: Callable[[str], Parsed]) -> Parsed | None:
        """The parsed file; None if the version does not have it, or an empty one."""
        text = self._text(path)
        if path.suffix == ".csv" and text and not text.endswith("\n"):
            warn(f"{self.name}: {path} ends within a line, so it was cut; the rest is not compared")
        return self.parsed(path, text, parse) if text else None

    def text_in_git(self, path: Path) -> str | None:
        """The text of a file that Git has, without DVC; None if the version does not have it."""
        if self.commit is None:
            return path.read_bytes().decode(errors="replace") if path.is_file() else None
        show = ["git", "show", f"{self.commit}:./{path.as_posix()}"]
        done = subprocess.run(show, capture_output=True, check=False)
        return done.stdout.decode(errors="replace") if done.returncode == 0 else None

    def _text(self, path: Path) -> str | None:
        try:
            return str(self.files.read_text(path.as_posix(), encoding="utf-8"))
        except FileNotFoundError as error:
            if self.files.exists(path.as_posix()):
                raise UserError(
                    f"{self.name}: {path} is neither in the cache nor in a remote ({quoted(str(error))}); "
                    "`dvc fetch --all-commits` where it was made, and `dvc push`"
                ) from None
            return None
        except (DvcException, UnicodeDecodeError, OSError) as error:
            raise UserError(f"{self.name}: {path} cannot be read: {error}; fix it or name another revision") from None

    def parsed(self, path: Path, text: str, parse: Callable[[str], Parsed]) -> Parsed:
        try:
            return parse(text)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            what = "it is no mapping of keys to values" if isinstance(error, AttributeError) else error
            raise UserError(f"{self.name}: {path} cannot be read: {quoted(str(what))}; name another revision") from None


def _parse_params(text: str) -> dict[str, Any]:
    return flat(read_yaml(text))


def parse_json(text: str) -> dict[str, Any]:
    return flat(json.loads(text))


def _parse_metrics(text: str) -> dict[str, float | None]:
    """The metrics that are numbers, None for one that is not finite."""
    return {key: _finite(value) for key, value in parse_json(text).items() if isinstance(value, (int, float))}


def _finite(value: float) -> float | None:
    """An integer of JSON can be too large for a float."""
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def _parse_errors(text: str) -> pd.DataFrame:
    """The rows with an error of the model."""
    errors = read_errors(io.StringIO(text))
    errors = errors.astype(dict.fromkeys(errors.columns.drop(PAIR), float))
    return errors[np.isfinite(errors[["origin", "model"]]).all(axis=1)]


def parse_forecasts(text: str) -> pd.DataFrame:
    names = pd.read_csv(io.StringIO(text), nrows=0).columns
    texts = [name for name in ("unique_id", "cutoff", "ds") if name in names]
    table = pd.read_csv(io.StringIO(text), dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=[""])
    numbers = list(names.difference(texts))
    return table.astype(dict.fromkeys(numbers, float))


def _parse_halves(text: str) -> pd.DataFrame:
    halves = read_errors(io.StringIO(text))
    return halves[PAIR].join(halves[split_columns(halves)].astype(float))


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
        done = subprocess.run(["git", "merge-base", main, "HEAD"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    raise UserError(f"no commit in common with any of {', '.join(MAIN)}; name the revision to compare with")


def resolve_revision(revision: str | None) -> tuple[str, str | None]:
    """The display name and the commit of a revision; None for the work tree."""
    if revision is None:
        return WORK_TREE, None
    try:
        if not revision:
            raise RevError("an empty name")
        commit = resolve_rev(Repo().scm, revision)
        command = ["git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise RevError(f"'{revision}' is no commit")
    except (RevError, SCMError, DvcException) as error:
        raise UserError(
            f"no revision or experiment {quoted(revision)} here ({error}); `git log --all` and `dvc exp show` list them"
        ) from None
    return (commit[:7] if commit.startswith(revision) else f"{revision} ({commit[:7]})"), commit
