"""The parameters of `compare`: the tolerance of each metric that has one."""

from typing import Any

from pydantic import create_model

from stages.common.params import NonNegative, Section
from stages.predict.metrics import METRICS


def tolerance_fields() -> dict[str, Any]:
    """A field for each metric that has a tolerance, None where it is not in the file."""
    return {name: (NonNegative | None, None) for name, metric in METRICS.items() if metric.tolerance}


class Compare(create_model("Tolerances", __base__=Section, **tolerance_fields())):  # type: ignore[misc]
    """How much worse the model may become by each metric; None: any change passes.

    A metric that is not in `params.yaml` has no tolerance either, so that a new row of METRICS breaks no file.
    """
