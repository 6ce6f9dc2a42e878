"""What came of forecasts that were published earlier, in a sentence of the report: by reports/record.json."""

from typing import Any

from stages.common.errors import counted
from stages.plot.digits import significant


def published(record: dict[str, Any], naive: str) -> list[str]:
    """The sentence; none where no published forecast has been scored.

    record: reports/record.json, which `python -m stages.record` writes
    naive: what the seasonal naive method does, in words
    """
    if record.get("mase") is None:
        return []
    missed = f"Forecasts published since {record['since']} missed by {significant(record['mase'], 2)} on average"
    rest = f"{naive} missed by {significant(record['seasonal_naive'], 2)}"
    if record["promised"] is not None:
        rest = f"the backtest promised {significant(record['promised'], 2)}"
    sentence = f"{missed} (MASE of {counted(record['values'], 'value')} up to {record['until']}); {rest}."
    if record["alarm"]:
        records = round(1 / record["alarm_rate"])
        sentence += (
            f" Errors became significantly larger than promised (without a change, one record in {records} says so): "
            "python -m stages.record shows when, and in which series."
        )
    return [sentence]
