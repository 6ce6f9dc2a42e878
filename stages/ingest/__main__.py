"""Stage 1, ingest: the raw file -> the panel, checked and regular, and a summary of it.

`python -m stages.ingest --check` checks the file, prints the summary and writes nothing.
"""

import argparse
from pathlib import Path

from stages.common.errors import run
from stages.common.params import read_params
from stages.common.paths import PANEL, PANEL_SUMMARY, in_one_line, write_json
from stages.ingest.params import Ingest
from stages.ingest.provenance import data_hash
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.summary import summarize


def main(check_only: bool) -> None:
    params = read_params()
    raw = read_raw(params[Ingest])
    panel = build_panel(raw, params[Ingest])
    summary = {**summarize(panel, raw), "md5": data_hash(Path(params[Ingest].path))}
    if not check_only:
        PANEL.parent.mkdir(exist_ok=True)
        panel.write(PANEL)
        write_json(PANEL_SUMMARY, summary)
    print(f"{params[Ingest].path}: {in_one_line(summary)}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m stages.ingest", description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="check the file and print the summary, write nothing")
    check = arguments.parse_args().check
    run(lambda: main(check_only=check), writes=not check)
