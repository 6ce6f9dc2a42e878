"""The lines of `python -m stages.ingest --check`: the data as they are understood, and what a run on them costs."""

from stages.check.cost import describe_cost
from stages.check.data import describe_data
from stages.check.versioned import hint_to_version
from stages.common.params import Params
from stages.ingest.params import Ingest
from stages.ingest.raw import Raw
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import Panel


def describe(panel: Panel, raw: Raw, settings: Params) -> str:
    """What `--check` prints of a panel that was built from `raw`. Raises UserError for a horizon that is too long."""
    path = settings[Ingest].path
    lines = [
        *describe_data(panel, raw, settings[Normalize], settings[Backtest].horizon),
        *describe_cost(panel, settings),
    ]
    if hint := hint_to_version(path):
        lines.append(("to do", hint))
    width = max(len(name) for name, _ in lines)
    return "\n".join([path, *(f"  {name:<{width}}  {text}" for name, text in lines)])
