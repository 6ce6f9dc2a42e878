"""The page of a comparison: its contents, and writing them to a file."""

import json
from pathlib import Path
from typing import Any

from stages.common.errors import UserError
from stages.compare.comparison import Change, Comparison, MetricChange
from stages.plot.pages import Name, Table
from stages.plot.significance import PairedTest


def describe(comparison: Comparison, reasons: list[str]) -> dict[str, Any]:
    """What the templates `compare.html` and `compare.md` show.

    reasons: to reject the second version
    """
    tables = [
        _changes("Parameters", "No parameter changed.", "parameter", comparison.params),
        _changes("Data", "The data did not change.", "property", comparison.data, note=_data_note(comparison)),
        _metrics(comparison.metrics),
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
    note = f"{common} forecasts (of {first} and {second}) have the same cutoff in both; the test compares these."
    if changed == {"md5"}:
        return "Series, rows and steps are the same, values are not. " + note
    return note


def _metrics(changes: list[MetricChange]) -> Table:
    rows = [[Name(each.name), each.before, each.after, _difference(each), _side(each)] for each in changes]
    return Table("Metrics" if rows else "There are no metrics.", ["metric", "before", "after", "change", ""], rows)


def _baselines(tests: dict[str, PairedTest]) -> Table:
    rows = [
        [Name(name), test.mean, f"{test.lower:.4g} to {test.upper:.4g}", test.p_text] for name, test in tests.items()
    ]
    title = "Scaled errors of the model after, minus each baseline's"
    return Table(title, ["baseline", "difference", "95 % CI", ""], rows)


def _test(test: PairedTest, without_halves: list[str]) -> str:
    sentence = (
        f"Difference {test.mean:+.4g}, 95 % CI {test.lower:+.4g} to {test.upper:+.4g}, {test.p_text} "
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


def _difference(change: MetricChange) -> str:
    if change.before is None or change.after is None or change.after == change.before:
        return ""
    share = f" ({change.after / change.before - 1:+.1%})" if change.before else ""
    return f"{change.after - change.before:+.4g}{share}"


def _side(change: MetricChange) -> str:
    if not change.worse_by:
        return ""
    return "worse" if change.worse_by > 0 else "better"
