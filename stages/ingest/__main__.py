"""Stage 1, ingest: the raw file -> the panel, checked and regular, and a summary of it.

Reads the file ingest.path. Writes data/panel.parquet and reports/panel.json.
Decides the format of times, the frequency and the seasons, where they are not set.
Parameters: section `ingest` of params.yaml.
"""

import argparse
import importlib
from pathlib import Path

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.common.paths import PANEL, PANEL_SUMMARY, in_one_line, write_json
from stages.ingest.params import Ingest
from stages.ingest.provenance import data_hash
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.summary import summarize


def main(check: bool) -> None:
    params = read_params()
    raw = read_raw(params[Ingest])
    panel = build_panel(raw, params[Ingest])
    if check:
        # By name: the cost of a run takes code of later stages, on which nothing that ingest writes depends.
        print(importlib.import_module("stages.check.lines").describe(panel, raw, params))
        return
    summary = {**summarize(panel, raw), "md5": data_hash(Path(params[Ingest].path))}
    PANEL.parent.mkdir(exist_ok=True)
    panel.write(PANEL)
    write_json(PANEL_SUMMARY, summary)
    print(f"{params[Ingest].path}: {in_one_line(summary)}")


def parse() -> argparse.Namespace:
    parser = Parser(__package__, __doc__)
    parser.add_argument(
        "--check", action="store_true", help="say what the data are and what a run costs, write nothing"
    )
    return parser.parse_args()


if __name__ == "__main__":
    only_check = parse().check
    run(lambda: main(only_check), writes=not only_check)
