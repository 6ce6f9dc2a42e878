"""The page of the record: its sentences, its tables, and the data of its chart."""

from typing import Any

import numpy as np
import pandas as pd

from stages.common.errors import counted
from stages.common.paths import PANEL
from stages.plot.digits import column_decimals, significant
from stages.plot.pages import Name, Table
from stages.plot.verdict import WITHOUT_SCALE
from stages.record.alarm import RATE
from stages.record.record import Record, plain

MOST_VERSIONS = 24  # in the table, the latest
MOST_STEPS = 12  # beyond which the table by date has a row for each block
MEASURES = {"values": "values", "mase": "MASE", "promised": "promised", "seasonal_naive": "seasonal naive"}
RECORDS = f"one record in {round(1 / RATE)}"


def describe(record: Record) -> dict[str, Any]:
    """What the templates `record.html` and `record.md` show."""
    scored = bool(record.versions)
    verdict = [_accuracy(record), alarm_sentence(record)] if scored else ["No published forecast has been scored."]
    tables = [_versions(record), _dates(record), *_tests(record), *_worst(record)] if scored else []
    return {
        "title": f"Forecasts published since {record.labels[record.first_cutoff]}" if scored else "The record",
        "verdict": verdict,
        "notes": _notes(record),
        "tables": tables + ([_lost(record)] if record.lost else []),
        "steps": _chart(record) if scored else None,
    }


def alarm_sentence(record: Record) -> str:
    """Whether errors are larger than promised, or why that is not tested."""
    if not any(version.promise for version in record.versions):
        return "Whether errors are larger than promised is not tested: no version has a backtest."
    rate = f"{RECORDS} without a change alarms, however often you look"
    found = [block for block in record.blocks if block.alarm]
    if found:
        parts = [
            f"{significant(block.ratio, 2)} times the promise in {_span(record, block.number)} "
            f"({block.p_text}, limit {block.limit:.2g})"
            for block in found
        ]
        return f"Alarm: errors are significantly larger than promised, {'; '.join(parts)}; {rate}."
    if not record.blocks:
        done = len(record.labels) - 1 - record.first_cutoff
        steps = counted(record.block_steps, "step")
        return f"Not tested yet: {done} of the {steps} of the first block have actual values."
    return f"No alarm: errors are not significantly larger than promised; {rate}."


def _accuracy(record: Record) -> str:
    summary = record.summary()
    of = f"{counted(summary['values'], 'value')} of {counted(summary['versions'], 'version')}"
    if summary["mase"] is None:
        return f"No scaled errors over {of}: every history {WITHOUT_SCALE}."
    promised = summary["promised"]
    against = "" if promised is None else f"; promised by the backtests: {significant(promised, 3)}"
    naive = significant(summary["seasonal_naive"], 3)
    return f"MASE {significant(summary['mase'], 3)} over {of}{against}; seasonal naive: {naive}."


def _notes(record: Record) -> list[str]:
    notes = []
    if record.waiting:
        has = "has" if record.waiting == 1 else "have"
        notes.append(f"{counted(record.waiting, 'version')} {has} no actual value yet.")
    if record.others:
        made = "forecasts" if record.others == 1 else "forecast"
        notes.append(
            f"{counted(record.others, 'version')} {made} other series or steps than {PANEL} has, and "
            f"{'is' if record.others == 1 else 'are'} not scored."
        )
    return notes


def _versions(record: Record) -> Table:
    by_version = record.by("version")
    rows = [
        [Name(version.name), Name(record.labels[version.cutoff]), version.method, *_cells(by_version.loc[place])]
        for place, version in enumerate(record.versions)
    ]
    earlier = max(len(rows) - MOST_VERSIONS, 0)
    note = "Promised: the mean scaled error of each version's own backtest, for the same steps ahead."
    note += f" {counted(earlier, 'earlier version')} not shown; --json has all." if earlier else ""
    headers = ["version", "cutoff", "method", *_headers(by_version)]
    return Table("By version", headers, rows[earlier:], words=3, note=note)


def _dates(record: Record) -> Table:
    """By step, or by block where there are many."""
    steps = record.by("place")
    if len(steps) <= MOST_STEPS:
        rows = [[Name(record.labels[int(place)]), *_cells(steps.loc[place])] for place in steps.index]
        return Table("By date", ["step", *_headers(steps)], rows)
    blocks = record.by("block")
    rows = [[Name(_span(record, int(number))), *_cells(blocks.loc[number])] for number in blocks.index]
    return Table("By date", ["steps", *_headers(blocks)], rows)


def _tests(record: Record) -> list[Table]:
    rows = [
        [
            Name(_span(record, block.number)),
            block.ratio,
            block.p_text,
            f"{block.limit:.2g}",
            "alarm" if block.alarm else "",
        ]
        for block in record.blocks
    ]
    note = "A block alarms where p is below its limit. Blocks that are not complete are not tested."
    return [Table("Error over promise", ["steps", "ratio", "", "limit", ""], rows, note=note)] if rows else []


def _worst(record: Record) -> list[Table]:
    rows = [[Name(name), *map(float, row)] for name, row in record.worst.iterrows()]
    return [Table("Series that break most", ["series", "MASE", "promised", "ratio"], rows)] if rows else []


def _lost(record: Record) -> Table:
    rows = [[Name(name), Name(reason)] for name, reason in record.lost]
    note = (
        "dvc fetch --all-commits fetches what a remote has; dvc push --all-commits, where the data are, puts it there. "
        "--json has each reason in full."
    )
    return Table("Not scored: the forecast cannot be had", ["version", "reason"], rows, words=2, note=note)


def _headers(table: pd.DataFrame) -> list[str]:
    levels = {name: f"{name.rpartition('_')[2]} % covered" for name in map(str, table) if name not in MEASURES}
    return [*MEASURES.values(), *levels.values()]


def _cells(row: pd.Series) -> list[Any]:
    """The measures of a row: a count, errors, and coverages in whole per cent."""
    errors = [row[name] for name in MEASURES if name != "values"]
    coverages = [round(value, 0) for name, value in row.items() if name not in MEASURES]
    return [int(row["values"]), *(float(value) if np.isfinite(value) else None for value in errors + coverages)]


def _chart(record: Record) -> dict[str, Any]:
    """Errors by step, and what was promised of them, as steps.js reads it."""
    by_step = record.by("place")
    names = {"mase": "published forecasts", "promised": "promised by their backtests"}
    lines = [
        {"name": name, "values": [float(f"{v:.4g}") if np.isfinite(v) else None for v in by_step[column]]}
        for column, name in names.items()
        if by_step[column].notna().any()
    ]
    decimals = column_decimals(by_step[list(names)].to_numpy().ravel())
    return {"labels": [record.labels[int(place)] for place in by_step.index], "lines": lines, "decimals": decimals}


def _span(record: Record, number: int) -> str:
    """The steps of a block, those that have values."""
    first = record.first_cutoff + 1 + (number - 1) * record.block_steps
    last = min(first + record.block_steps, len(record.labels)) - 1
    return f"{record.labels[first]} to {record.labels[last]}"


def as_json(record: Record) -> dict[str, Any]:
    """The whole record: its summary, and a list each of versions, steps, tested blocks, worst series, lost versions."""
    if not record.versions:
        return {**record.summary(), **_counts(record)}
    versions = [
        {"version": version.name, "cutoff": record.labels[version.cutoff], "method": version.method}
        for version in record.versions
    ]
    steps = [{"ds": record.labels[int(place)]} for place in record.by("place").index]
    return {
        **record.summary(),
        **_counts(record),
        "by_version": _with(versions, record.by("version")),
        "by_step": _with(steps, record.by("place")),
        "blocks": [
            {"steps": _span(record, block.number), "number": block.number, "alarm": block.alarm}
            | {name: plain(getattr(block, name)) for name in ("ratio", "p", "limit")}
            for block in record.blocks
        ],
        "worst": _with([{"unique_id": name} for name in record.worst.index], record.worst),
    }


def _counts(record: Record) -> dict[str, Any]:
    lost = [{"version": name, "reason": reason} for name, reason in record.lost]
    return {"waiting_versions": record.waiting, "other_versions": record.others, "lost": lost}


def _with(keys: list[dict[str, str]], table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.to_dict("records")
    return [key | {name: plain(value) for name, value in row.items()} for key, row in zip(keys, rows, strict=True)]
