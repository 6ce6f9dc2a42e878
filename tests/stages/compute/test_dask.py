"""What workers of Dask run before they have this project's code; for whole runs see tests/test_engines.py."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from distributed.protocol.pickle import dumps

from stages.compute.dask import KeepFreeMemory, forget_other_code

OPEN = "import pickle, sys; value = pickle.load(sys.stdin.buffer); "


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """`sys.modules` with other code of the name `stages`, from an archive."""
    package = ModuleType("stages")
    package.__path__ = ["/tmp/stages-0123456789ab.zip/stages"]
    loaded = {name: module for name, module in sys.modules.items() if name.partition(".")[0] != "stages"}
    loaded |= {"stages": package, "stages.other": ModuleType("stages.other"), "stagesmith": ModuleType("stagesmith")}
    with monkeypatch.context() as context:
        context.setattr(sys, "modules", loaded)
        yield loaded


@pytest.mark.parametrize(
    ("value", "use"),
    [(KeepFreeMemory(), "value.setup(None)"), (forget_other_code, "value('stages-0123456789ab')")],
    ids=["plugin", "function"],
)
def test_a_process_without_the_code_can_run_it(value: object, use: str, tmp_path: Path) -> None:
    pickled = dumps(value)  # type: ignore[no-untyped-call]
    command = [sys.executable, "-c", f"{OPEN}{use}; print('stages' in sys.modules)"]
    done = subprocess.run(command, input=pickled, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


def test_other_code_is_unloaded(modules: dict[str, ModuleType]) -> None:
    forget_other_code("stages-ba9876543210")
    assert not {"stages", "stages.other"} & set(modules)
    assert "stagesmith" in modules


def test_the_same_code_stays_loaded(modules: dict[str, ModuleType]) -> None:
    forget_other_code("stages-0123456789ab")
    assert {"stages", "stages.other"} <= set(modules)
