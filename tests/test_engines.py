"""The pipeline on clusters of Dask and Ray that the tests start: same bytes as `local`, dying workers, errors."""

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import Cluster, free_port, started
from tests.projects import repro, shell

ENGINES = ["dask", "ray"]
WORKERS = 2
# The stages that run tasks on workers, and an output of each.
OUTPUTS = {"window": "data/windows", "train": "models/networks", "predict": "reports/metrics.json"}


@pytest.fixture(scope="module", params=ENGINES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with started(request.param, WORKERS) as running:
        yield running


def results(folder: Path) -> dict[str, bytes]:
    """The files that the stages wrote, by name."""
    paths = [path for name in ("data", "models", "reports") for path in (folder / name).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def run_stage(folder: Path, stage: str) -> None:
    """Remove the output first, as DVC does. Ray's core may say what went wrong inside it, and repeat the task."""
    shell("rm", "-r", OUTPUTS[stage], cwd=folder)
    done = shell("python", "-m", f"stages.{stage}", cwd=folder)
    assert [line for line in done.stderr.splitlines() if not re.match(r"warning:|\[[-\d]+ [:,\d]+ E \d+", line)] == []


def test_a_cluster_gives_the_same_bytes_and_choosing_it_reruns_nothing(cluster: Cluster, copy: Path) -> None:
    before = results(copy)
    cluster.set_in(copy)
    assert repro(copy) == []
    for stage in OUTPUTS:
        run_stage(copy, stage)
    assert results(copy) == before


# Added to a copy's `workers`: no worker sees a file, and each pickling and unpickling of contents is logged.
NO_STORAGE = """
import os

def _log(action, contents):
    with open({log!r}, "a") as log:
        print(action, os.getpid(), contents.file.path, *contents.file.part, sep="|", file=log)

def _get_state(contents):
    _log("pickles", contents)
    return vars(contents)

def _set_state(contents, state):
    vars(contents).update(state)
    _log("unpickles", contents)

FileArgument.is_visible = lambda file: False
FileContents.__getstate__, FileContents.__setstate__ = _get_state, _set_state
"""

# Added to a copy's `training`: each start is logged, and the first worker to reach its second epoch is killed there.
KILLED = """
import os, signal
_train_networks = train_networks

def train_networks(windows, members, model, settings, report, earlier):
    def dying(member, epoch, loss):
        report(member, epoch, loss)
        if epoch == 2:
            try:
                os.close(os.open({log!r} + ".killed", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)

    with open({log!r}, "a") as log:
        print("trains" * len(members), file=log)
    return _train_networks(windows, members, model, settings, dying, earlier)
"""


def append(folder: Path, module: str, code: str) -> Path:
    """Add code to the end of a module in a copy of the project; returns the file that it logs to."""
    log = folder.parent / "log"
    with (folder / f"stages/{module}.py").open("a") as source:
        source.write(code.format(log=str(log)))
    return log


def test_without_shared_storage_each_file_is_sent_once(cluster: Cluster, copy: Path) -> None:
    """Dask sends it once to each process, Ray once to its object store, however many tasks read it.

    Dask may move the task that holds a file before it runs: the process that had it then gets the file a second time.
    """
    before = results(copy)
    log = append(cluster.set_in(copy), "compute/workers", NO_STORAGE)
    run_stage(copy, "predict")
    assert results(copy) == before
    counted = Counter(tuple(line.split("|", maxsplit=2)) for line in log.read_text().splitlines())
    processes = {str(worker.pid) for worker in cluster.workers()}
    if cluster.engine == "dask":
        sent = {key[1:]: count for key, count in counted.items() if key[0] == "unpickles" and key[1] in processes}
    else:
        sent = {key[1:]: count for key, count in counted.items() if key[0] == "pickles"}
    assert {place.partition("|")[0] for _, place in sent} == {str(copy / "data/panel.parquet")}
    assert max(sent.values()) <= (2 if cluster.engine == "dask" else 1)


def test_a_worker_killed_in_training_costs_only_its_task(cluster: Cluster, copy: Path) -> None:
    """Without shared storage: the worker after it gets what it read once more."""
    before = results(copy)
    append(copy, "compute/workers", NO_STORAGE)
    log = append(cluster.set_in(copy), "train/training", KILLED)
    run_stage(copy, "train")
    assert log.with_name("log.killed").exists()
    networks = json.loads(before["reports/train.json"])["networks"]
    trained = log.read_text().splitlines().count("trains")
    assert trained == networks + 1  # the killed network again
    assert results(copy) == before


# Added to a copy's `workers`: every task is replaced by one that fails.
FAILING = """
_serialize_task = serialize_task

def _fail(*arguments):
    {code}

def serialize_task(task, arguments):
    return _serialize_task(_fail, arguments)
"""

# Added to a copy's `ray`: the stage ends after Ray's threads, and so after whatever these print.
LAST_THREADS = """
_leave_at_once = _leave

def _leave():
    _leave_at_once()
    for thread in threading.enumerate():
        if type(thread).__name__ == "ResultThread":
            thread.join()
"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise MemoryError", "a task needs more memory than is available; "),
        ("import os; os.kill(os.getpid(), 9)", "most often for lack of memory; "),
    ],
    ids=["refused", "killed"],
)
def test_a_task_that_runs_out_of_memory_ends_in_one_line(cluster: Cluster, light: Path, code: str, words: str) -> None:
    """Python raises MemoryError; or the kernel, Dask's nanny or Ray's monitor kills the process."""
    append(light, "compute/workers", FAILING.format(code=code))
    append(light, "compute/ray", LAST_THREADS)
    assert words in refused(cluster.set_in(light))


def refused(folder: Path) -> str:
    """The line of the error that ends the stage `window`."""
    done = shell("python", "-m", "stages.window", cwd=folder, check=False)
    assert done.returncode == 1, done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize("engine", ENGINES)
def test_an_address_that_does_not_answer_is_named(light: Path, engine: str) -> None:
    for address, found in [
        (f"127.0.0.1:{free_port()}", "refused"), ("nowhere", "host:port"), ("http://127.0.0.1:1", "host:port"),
    ]:  # fmt: skip
        line = refused(Cluster(engine, address, []).set_in(light))
        assert f"no {engine} cluster answers at compute.address {address}" in line
        assert found in line


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_other_than_a_scheduler_is_refused(light: Path, engine: str) -> None:
    """It accepts the connection and closes it; the clients of Dask and Ray would wait for its first bytes."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        line = refused(Cluster(engine, address, []).set_in(light))
    assert f"compute.address {address} (another program listens there)" in line


def test_a_cluster_without_workers_says_how_to_start_one(light: Path) -> None:
    with started("dask", 0) as cluster:
        line = refused(cluster.set_in(light))
    assert f"it has no workers; start some (`dask worker {cluster.address} --nthreads 1`)" in line


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_without_its_package_says_how_to_install_it(light: Path, engine: str, tmp_path: Path) -> None:
    module = {"dask": "distributed", "ray": "ray"}[engine]
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError(name={module!r})")
    Cluster(engine, "127.0.0.1:1", []).set_in(light)
    variables = {"PYTHONPATH": str(tmp_path)}
    done = shell("python", "-m", "stages.window", cwd=light, check=False, variables=variables)
    assert f"`pip install -r stages/compute/requirements-{engine}.txt`" in done.stderr
    assert (light / f"stages/compute/requirements-{engine}.txt").exists()
    assert len(done.stderr.splitlines()) == 1


OTHER_SOFTWARE = {
    "another-torch": (
        "torch-2.12.0.dist-info/METADATA",
        "Name: torch\nVersion: 2.12.0\n",
        "its torch is 2.12.0, but the run started with 2",
    ),
    "no-package": ("safetensors.py", "raise ModuleNotFoundError(name='safetensors')", "has no package safetensors"),
}


@pytest.mark.parametrize(("engine", "case"), [*zip(ENGINES, OTHER_SOFTWARE, strict=True)])
def test_workers_with_other_software_are_refused(light: Path, engine: str, case: str, tmp_path: Path) -> None:
    name, text, words = OTHER_SOFTWARE[case]
    path = tmp_path / "first" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with started(engine, 2, PYTHONPATH=str(tmp_path / "first")) as cluster:
        line = refused(cluster.set_in(light))
    assert words in line
    assert "requirements" in line
