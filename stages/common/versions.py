"""What a version of the project reports: the work tree, a commit or an experiment, read through DVC.

A report comes from Git, from DVC's cache, or from a remote, wherever that version keeps it.
"""

import io
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.scm import RevError, SCMError, resolve_rev
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.common.errors import UserError, shown
from stages.common.params import PARAMS_FILE
from stages.common.paths import ERROR_BY_STEP, ERRORS, METRICS, PANEL_SUMMARY
from stages.common.significance import read_errors

MAIN = ["origin/HEAD", "origin/main", "origin/master", "main", "master"]
WORK_TREE = "work tree"


@dataclass(frozen=True)
class Version:
    """One version's parameters and reports.

    params: by `section.key`
    panel: what was read: series, rows, first and last step, hash; empty where it is not told
    metrics: by `model.mase`, `baseline.seasonal_naive.mase`, ...
    errors: scaled errors by series and origin; None in a version that does not report them
    by_step: scaled errors by step; None likewise
    """

    name: str
    params: dict[str, Any]
    panel: dict[str, Any]
    metrics: dict[str, Any]
    errors: pd.DataFrame | None
    by_step: pd.DataFrame | None


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
                    f"{name}: {path} is neither in the cache nor in a remote ({shown(str(error))}); "
                    "`dvc fetch --all-commits` where it was made, and `dvc push`"
                ) from None
            return None
        except (DvcException, UnicodeDecodeError, OSError) as error:
            raise UserError(f"{name}: {path} cannot be read: {error}; mend that or name another revision") from None

    def table(path: Path) -> pd.DataFrame | None:
        content = text(path)
        return None if content is None else read_errors(io.StringIO(content))

    params, metrics = text(PARAMS_FILE), text(METRICS)
    for path, content in ((PARAMS_FILE, params), (METRICS, metrics)):
        if content is None:
            raise UserError(f"{name} has no {path}; `dvc repro` makes it, or name a revision that has it")
    try:
        return Version(
            name=name,
            params=flat(YAML(typ="safe", pure=True).load(params)),
            panel=json.loads(text(PANEL_SUMMARY) or "{}"),
            metrics=flat(json.loads(metrics or "")),
            errors=table(ERRORS),
            by_step=table(ERROR_BY_STEP),
        )
    except (ValueError, YAMLError, AttributeError) as error:
        raise UserError(f"{name}: a report cannot be read: {shown(str(error))}; name another revision") from None


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
        commit = resolve_rev(Repo().scm, revision)
    except (RevError, SCMError, DvcException) as error:
        raise UserError(
            f"no revision or experiment {shown(revision)} here ({error}); `git log --all` and `dvc exp show` list them"
        ) from None
    return (commit[:7] if commit.startswith(revision) else f"{revision} ({commit[:7]})"), commit
