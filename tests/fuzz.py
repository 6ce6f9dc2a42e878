"""Mutated CSV files and mutated parameter files: each is read or refused in one line, without a traceback or a hang.

    python -m tests.fuzz --count 20000

Starts from small valid files of many forms; bytes, lines, fields and ranges are changed, doubled, cut out, swapped, or
replaced by strings that have caused errors before. Every outcome but a panel of finite values (or valid parameters) and
a UserError is a finding: it is printed with the seed that reproduces it, and the exit status is 1.
"""

import argparse
import contextlib
import gzip
import io
import os
import random
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common.errors import UserError
from stages.common.params import read_params
from stages.ingest.file_kinds import BINARY
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.summary import summarize
from tests.projects import ROOT

PLAIN = {"path": "input.csv", "max_gigabytes": 1e-3}
SECONDS = 20  # after which a file counts as hanging

NASTY = [
    "", " ", ",", ";", "\t", "|", '"', "'", "\n", "\r", "\r\n", "\0", "\ufeff", "\x1b[31m", "🙂", "\u2028", "NA",
    "nan", "inf", "-inf", "1e999", "-0", "0x10", "1_000", "1,5", "1.234,5", "9" * 30, "-" * 5, "1e-320", "00",
    "2024-02-30", "1/2/24", "13/13/2024", "0000-00-00", "9999-12-31", "2262-04-12", "1677-01-01", "2024-W54",
    "Q5 2024", "2024-01-01T25:00", "+99:99", "Z", "=1+1", "<script>", "$x$", "../..", "%s%n", "null", "~", "{}",
    "[]", "[1, [2", "&a", "*a", "!!python/object", "true", "-1", "0", "1.5", ".nan", ".inf", "1e400",
    "e5", ".e5", "-E30", "10,035", "2.003", "1\u202f000", "-9999", "index", "Unnamed: 0", "2020",
    "10000000000000000000000", "?", ":", "- -", "#", "%YAML 9", "---", "...",
]  # fmt: skip

SETTINGS: dict[str, list[Any]] = {
    "time": ["time"] * 9 + ["index", ["time"], ["part", "time"]],
    "series": [None, "id", "id", "id", ["id"], ["id", "part"]], "value": ["value"] * 9 + [None, ["value"]],
    "frequency": [None, "auto", "auto", "D", "MS", "h"],
    "missing": ["error", "interpolate", "forward", "zero", "seasonal"], "decimal": ["."] * 5 + [","],
    "thousands": [None] * 5 + [",", "."], "time_format": [None] * 9 + ["%d/%m/%Y", "%Q"], "season_length": [None, [2]],
    "time_zone": [None] * 9 + ["Europe/Berlin"], "none": [[]] * 5 + [["-", -9999], ["nan", 0]],
}  # fmt: skip
TIMES = [("D", "%Y-%m-%d"), ("MS", "%Y-%m"), ("h", "%Y-%m-%d %H:%M"), ("D", "%d/%m/%Y"), ("W-MON", "%G-W%V"),
         ("h", "%Y-%m-%dT%H:%M:%SZ"), ("B", "%b %d, %Y"), ("", "")]  # fmt: skip


def good_csv(chance: random.Random) -> tuple[bytes, bytes, dict[str, Any]]:
    """A small file with a random delimiter and time format, its delimiter, and settings that may read it."""
    separator = chance.choice(",;\t|")
    rows = chance.randrange(2, 12)
    frequency, form = chance.choice(TIMES)
    stamps = pd.date_range("2024-01-01", periods=rows, freq=frequency).strftime(form) if frequency else range(rows)
    ids = chance.choice([["a"], ["a", "b"], ["A ", "a", "é"]])
    lines = [["id", "part", "time", "value"]]
    lines += [[name, "2024", f'"{stamp}"', f"{chance.gauss(0, 100):.3g}"] for name in ids for stamp in stamps]
    settings = {name: chance.choice(values) for name, values in SETTINGS.items()}
    if chance.random() < 0.7:
        settings |= {"frequency": "auto" if frequency else None, "time_format": None, "time_zone": None}
    with contextlib.suppress(ValueError):
        Ingest.model_validate({**PLAIN, **settings})
        text = chance.choice(["\n", "\r\n"]).join(separator.join(line) for line in lines) + "\n"
        return text.encode(), separator.encode(), settings
    return good_csv(chance)


def mutated(text: bytes, separator: bytes, chance: random.Random) -> bytes:
    """`text` after one to three changes: most of a field, the others of a byte, a range or a line."""
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(text) + 1)
        end = min(at + chance.randrange(1, 9), len(text))
        nasty = chance.choice(NASTY).encode()
        kind = chance.choices(range(6), weights=[1, 1, 1, 1, 2, 8])[0]
        if kind == 0:
            text = text[:at] + nasty + text[at:]
        elif kind == 1:
            text = text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]
        elif kind == 2:
            text = text[:at] + text[end:]
        elif kind == 3:
            text = text[:end] + text[at:end] + text[end:]
        else:
            head, *lines = text.split(b"\n")
            line = chance.randrange(len(lines)) if lines else 0
            if kind == 4:
                chance.shuffle(lines)
            elif lines and lines[line]:
                fields = lines[line].split(separator)
                fields[chance.randrange(len(fields))] = nasty
                lines[line] = separator.join(fields)
            text = b"\n".join([head, *lines])
    return text


def try_csv(seed: int) -> str:
    """Ingest one mutated file. Returns `read`, or raises."""
    chance = random.Random(seed)
    content, separator, changes = good_csv(chance)
    content = mutated(content, separator, chance)
    if chance.random() < 0.02:
        content = chance.choice(list(BINARY)) + content
    if chance.random() < 0.1:
        content = gzip.compress(content)
        content = mutated(content, separator, chance) if chance.random() < 0.5 else content
    Path("input.csv").write_bytes(content)
    settings = Ingest.model_validate({**PLAIN, **changes})
    raw = read_raw(settings)
    panel = build_panel(raw, settings)
    summarize(panel, raw)
    assert np.isfinite(panel.y).all()
    assert len(panel.time_axis.format(panel.ds)) == len(panel.y) == panel.indptr[-1]
    return "read"


def try_params(seed: int) -> str:
    """Read one mutated parameter file. Returns `read`, or raises."""
    chance = random.Random(seed)
    Path("params.yaml").write_bytes(mutated((ROOT / "params.yaml").read_bytes(), b": ", chance))
    read_params()
    return "read"


def outcome(seed: int, attempt: Any) -> tuple[str, str]:
    """The outcome of one attempt (`read`, `refused` or `finding`), and the traceback of a finding."""
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return str(attempt(seed)), ""
    except UserError as error:
        message = str(error)
        short = len(message) < 1000 and "Traceback" not in message
        return ("refused", "") if short else ("finding", message)
    except Exception:
        return "finding", traceback.format_exc()
    finally:
        signal.alarm(0)


def hangs(signal_number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"over {SECONDS} seconds")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=20_000, help="files of each kind")
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    given = arguments.parse_args()
    signal.signal(signal.SIGALRM, hangs)
    warnings.simplefilter("error")  # one that reaches the user is a finding
    found = 0
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        for attempt in (try_csv, try_params):
            counts: Counter[str] = Counter()
            for seed in tqdm(range(given.first, given.first + given.count), disable=None, desc=attempt.__name__):
                result, problem = outcome(seed, attempt)
                counts[result] += 1
                if problem:
                    print(f"{attempt.__name__}({seed}):\n{problem}", flush=True)
            print(f"{attempt.__name__}: {given.count} files, " + ", ".join(f"{n} {what}" for what, n in counts.items()))
            found += counts["finding"]
        os.chdir(ROOT)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
