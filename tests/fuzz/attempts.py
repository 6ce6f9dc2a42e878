"""One attempt: a file made from a seed is read or refused, as a stage would; anything else is a finding."""

import contextlib
import io
import random
import resource
import shutil
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np

from stages.common.errors import UserError, one_line
from stages.common.params import read_params
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.summary import summarize
from tests.fuzz.parameters import some_parameters
from tests.fuzz.pipelines import try_pipeline
from tests.fuzz.tables import write_tables
from tests.fuzz.texts import PLAIN, Settings, good_csv, mutated, packed, some_settings

SECONDS = {"files": 20, "parameters": 20, "pipelines": 120}  # after which an attempt counts as hanging
GIGABYTES = 2.0  # of memory, beyond which a file takes too much

Attempt = Callable[[int], str]


def try_file(seed: int) -> str:
    """Ingest one file, in three of four cases CSV, else Parquet. Returns `read`, or raises."""
    chance = random.Random(seed)
    return ingest_csv(chance) if chance.random() < 0.75 else ingest_parquet(chance)


def ingest_csv(chance: random.Random) -> str:
    content, separator, settings = good_csv(chance)
    if chance.random() < 0.35:
        content = mutated(content, separator, chance)
    if chance.random() < 0.05:
        content = packed(content, chance)
    Path("input.csv").write_bytes(content)
    return ingest(settings)


def ingest_parquet(chance: random.Random) -> str:
    path = write_tables(chance)
    if path == "input.parquet" and chance.random() < 0.1:
        content = bytearray(Path(path).read_bytes())
        for _ in range(chance.randrange(1, 9)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        Path(path).write_bytes(content)
    return ingest({**some_settings(chance), "path": path, "decimal": ".", "thousands": None})


def ingest(settings: Settings) -> str:
    declared = Ingest.model_validate({**PLAIN, **settings})
    raw = read_raw(declared)
    panel = build_panel(raw, declared)
    summarize(panel, raw)
    assert (np.isfinite(panel.y) | panel.missing).all()
    assert len(panel.time_axis.format(panel.ds)) == len(panel.y) == panel.indptr[-1]
    return "read"


def try_params(seed: int) -> str:
    """Read one parameter file. Returns `read`, or raises."""
    Path("params.yaml").write_bytes(some_parameters(random.Random(seed)))
    read_params()
    return "read"


ATTEMPTS: dict[str, Attempt] = {"files": try_file, "parameters": try_params, "pipelines": try_pipeline}


def outcome(seed: int, attempt: Attempt, seconds: int = SECONDS["files"]) -> tuple[str, str]:
    """The outcome of one attempt (`read`, `refused` or `finding`), and what was found."""
    shutil.rmtree("input", ignore_errors=True)
    printed = io.StringIO()
    previous = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(seconds)
    try:
        with contextlib.redirect_stderr(printed):
            result, message = attempt(seed), ""
    except (UserError, OSError) as error:  # which `stages.common.errors.run` shows in one line
        result, message = "refused", one_line(str(error))
    except BaseException:
        return "finding", traceback.format_exc()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
    lines = printed.getvalue().splitlines()
    if len(message) >= 1_000 or not message.isprintable() or "Traceback" in message:
        return "finding", f"the message {message}"
    if any(not line.startswith("warning: ") or len(line) >= 1_000 for line in lines):
        return "finding", "on stderr: " + "\n".join(lines)
    used = memory_used()
    return (result, "") if used < GIGABYTES else ("finding", f"{used:.1f} GB of memory")


def memory_used() -> float:
    """Gigabytes that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def hangs(signal_number: int, frame: FrameType | None) -> None:
    raise TimeoutError("it hangs")
