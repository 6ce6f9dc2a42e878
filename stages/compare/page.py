"""The page of a comparison: its contents, and writing them to a file."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from stages.common.errors import UserError
from stages.compare.comparison import Change, Comparison, MetricChange
from stages.plot.digits import column_decimals, significant, write
from stages.plot.pages import Name, Table
from stages.plot.significance import PairedTest

SHARES = ("bias", "skill")  # metrics that are shares, near 0: a change is no share of them


def describe(comparison: Comparison, reasons: list[str]) -> dict[str, Any]:
    """What the templates `compare.html` and `compare.md` show.

    reasons: to reject the second version
    """
    tables = [
        _changes("Parameters", "No parameter changed.", "parameter", comparison.params),
        _changes("Data", "The data did not change.", "property", comparison.data, note=_data_note(comparison)),
        _metrics(comparison),
    ]
    return {
        "title": f"{comparison.before} → {comparison.after}",
        "before": comparison.before,
        "after": comparison.after,
        "verdict": comparison.verdict,
        "test": _test(comparison.difference, comparison.without_halves) if comparison.difference else "",
        "tables": tables + ([_baselines(comparison.baselines)] if comparison.baselines else []),
        "reasons": reasons,
    }


def write_text(path: Path, text: str) -> None:
    """Write a file that the user named. Raises UserError where that is refused."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}; name another file") from None


def _changes(title: str, unchanged: str, header: str, changes: list[Change], note: str = "") -> Table:
    rows = [[Name(change.name), _as_json(change.before), _as_json(change.after)] for change in changes]
    return Table(title if rows else unchanged, [header, "before", "after"], rows, words=3, note=note)


def _data_note(comparison: Comparison) -> str:
    """What a change of the data means for the test."""
    changed = {change.name for change in comparison.data}
    if not changed:
        return ""
    common, first, second = comparison.pairs
    note = f"{common} forecasts (of {first} and {second}) have the same cutoff in both"
    note += "; the test compares these." if comparison.difference else "."
    if changed == {"md5"}:
        return "Series, rows and steps are the same, values are not. " + note
    return note


def _metrics(comparison: Comparison) -> Table:
    """Each row with decimals of its own. Better and worse are said where the verdict says so, too."""
    rows = [
        [
            Name(each.name),
            *_values(each),
            _difference(each, with_share=not comparison.incompatibilities and each.metric not in SHARES),
            "" if comparison.unmarked else _side(each),
        ]
        for each in comparison.metrics
    ]
    changed = any(each.before != each.after for each in comparison.metrics)
    note = f"No metric is called better or worse: {comparison.unmarked}." if comparison.unmarked and changed else ""
    headers = ["metric", "before", "after", "change", ""]
    return Table("Metrics" if rows else "There are no metrics.", headers, rows, note=note)


def _values(change: MetricChange) -> list[str]:
    known = np.array([value for value in (change.before, change.after) if value is not None], dtype=np.float64)
    return [write(value, column_decimals(known)) for value in (change.before, change.after)]


def _baselines(tests: dict[str, PairedTest]) -> Table:
    places = column_decimals(np.array([test.mean for test in tests.values()]))
    rows = [
        [Name(name), test.mean, f"{write(test.lower, places)} to {write(test.upper, places)}", test.p_text]
        for name, test in tests.items()
    ]
    title = "Scaled errors of the model after, minus each baseline's"
    return Table(title, ["baseline", "difference", "95 % CI", ""], rows)


def _test(test: PairedTest, without_halves: list[str]) -> str:
    sentence = (
        f"Difference {significant(test.mean, sign='+')}, 95 % CI {significant(test.lower, sign='+')} to "
        f"{significant(test.upper, sign='+')}, {test.p_text} "
        f"(paired t-test over {test.basis}; {test.parts_text})."
    )
    if not without_halves:
        return sentence
    where = " and ".join(without_halves)
    return f"{sentence} Another seed may pass for a change: no half ensembles (reports/half_ensembles.csv) in {where}."


def _as_json(value: object) -> Name | None:
    """A value of params.yaml or of a report: text as it is, other values as JSON."""
    if value is None:
        return None
    return Name(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _difference(change: MetricChange, with_share: bool) -> str:
    """The difference, and what share of the first value it is, where both have the same sign."""
    if change.before is None or change.after is None or change.after == change.before:
        return ""
    difference = change.after - change.before
    share = f" ({difference / abs(change.before):+.1%})" if with_share and change.before * change.after > 0 else ""
    return f"{significant(difference, sign='+')}{share}"


def _side(change: MetricChange) -> str:
    if not change.worse_by:
        return ""
    return "worse" if change.worse_by > 0 else "better"
