"""The pipeline on clusters of Dask and Ray that the tests start: the bytes of `local`, workers that die, what fails."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import Cluster, free_port, started
from tests.projects import repro, shell

ENGINES = ["dask", "ray"]
WORKERS = 3
# The stages whose tasks go to the workers, and an output of each.
SIDE_BY_SIDE = {"window": "data/windows", "train": "models/networks", "predict": "reports/metrics.json"}


@pytest.fixture(scope="module", params=ENGINES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with started(request.param, WORKERS) as one:
        yield one


def results(folder: Path) -> dict[str, bytes]:
    """What the stages wrote, by name."""
    every = [path for name in ("data", "models", "reports") for path in (folder / name).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in every}


def run_stage(folder: Path, stage: str) -> None:
    """Without its output, as DVC does."""
    shell("rm", "-r", SIDE_BY_SIDE[stage], cwd=folder)
    done = shell("python", "-m", f"stages.{stage}", cwd=folder)
    assert [line for line in done.stderr.splitlines() if not line.startswith("warning:")] == []


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def test_a_cluster_gives_the_bytes_of_this_machine_and_its_choice_runs_nothing_again(
    cluster: Cluster, copy: Path
) -> None:
    before = results(copy)
    cluster.chosen_by(copy)
    assert repro(copy) == []
    for stage in SIDE_BY_SIDE:
        run_stage(copy, stage)
    assert results(copy) == before


# At the end of a copy's `workers`: no worker sees a file, and who packs or unpacks what is sent writes that down.
UNSEEN = """
def _note(what, sent):
    with open({log!r}, "a") as log:
        print(what, os.getpid(), sent.stored.path, *sent.stored.part, sep="|", file=log)

def _pack(sent):
    _note("packs", sent)
    return vars(sent)

def _unpack(sent, state):
    vars(sent).update(state)
    _note("unpacks", sent)

import os
FileArgument.is_visible = lambda stored: False
FileContents.__getstate__, FileContents.__setstate__ = _pack, _unpack
"""

# At the end of a copy's `training`: each is written down, and the first that comes to its second epoch is killed there.
KILLED = """
import os, signal
_train_network = train_network

def train_network(windows, member, model, settings, report):
    def dying(epoch, loss):
        report(epoch, loss)
        if epoch == 2:
            try:
                os.close(os.open({log!r} + ".killed", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)

    with open({log!r}, "a") as log:
        print("trains", file=log)
    return _train_network(windows, member, model, settings, dying)
"""


def spy(folder: Path, module: str, code: str) -> Path:
    """Code at the end of a module in a copy of the project; the file that it writes to."""
    log = folder.parent / "log"
    with (folder / f"stages/common/{module}.py").open("a") as source:
        source.write(code.format(log=str(log)))
    return log


def test_without_shared_storage_each_file_is_sent_once(cluster: Cluster, copy: Path) -> None:
    """Once to each process of Dask, once to the object store of Ray, however many tasks read the file."""
    before = results(copy)
    log = spy(cluster.chosen_by(copy), "workers", UNSEEN)
    run_stage(copy, "predict")
    assert results(copy) == before
    counted = Counter(tuple(line.split("|", maxsplit=2)) for line in log.read_text().splitlines())
    processes = {str(worker.pid) for worker in cluster.workers()}
    if cluster.engine == "dask":
        sent = {key[1:]: count for key, count in counted.items() if key[0] == "unpacks" and key[1] in processes}
    else:
        sent = {key[1:]: count for key, count in counted.items() if key[0] == "packs"}
    files = {str(copy / "data/panel.parquet"), *map(str, (copy / "data/windows").iterdir())}
    assert {place.partition("|")[0] for _, place in sent} == files
    assert set(sent.values()) == {1}


@pytest.mark.parametrize("storage", ["shared", "none"])
def test_a_worker_that_is_killed_in_training_costs_its_task_and_no_more(
    cluster: Cluster, copy: Path, storage: str
) -> None:
    before = results(copy)
    if storage == "none":
        spy(copy, "workers", UNSEEN)
    log = spy(cluster.chosen_by(copy), "training", KILLED)
    run_stage(copy, "train")
    assert log.with_name("log.killed").exists()
    networks = json.loads(before["reports/train.json"])["networks"]
    trained = log.read_text().splitlines().count("trains")
    assert trained == networks + 1 + 1  # the plain RNN, and the killed one again
    assert results(copy) == before


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("raise MemoryError", "a task needs more memory than there is; "),
        ("import os; os.kill(os.getpid(), 9)", "most often for want of memory; "),
    ],
    ids=["refused", "killed"],
)
def test_a_task_that_runs_out_of_memory_ends_in_one_line(cluster: Cluster, light: Path, does: str, words: str) -> None:
    """The kernel, Dask's nanny and Ray's monitor kill who takes too much; Python refuses it."""
    task = '    seasons = history["seasons"].tolist()\n    windows = cut'
    replace(light / "stages/window.py", task, f"    {does}\n{task}")
    assert words in refused(cluster.chosen_by(light))


def refused(folder: Path) -> str:
    """The one line that the stage `window` ends with."""
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
        line = refused(Cluster(engine, address, []).chosen_by(light))
        assert f"no {engine} cluster answers at compute.address {address}" in line
        assert found in line


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_that_is_no_scheduler_is_not_waited_for(light: Path, engine: str) -> None:
    """It takes the connection and closes it; the engines themselves would wait for its greeting."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        line = refused(Cluster(engine, address, []).chosen_by(light))
    assert f"compute.address {address} (something else listens there)" in line


def test_a_cluster_without_workers_says_how_to_start_one(light: Path) -> None:
    with started("dask", 0) as cluster:
        line = refused(cluster.chosen_by(light))
    assert f"it has no worker; start some (`dask worker {cluster.address} --nthreads 1`)" in line


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_without_its_package_says_how_to_install_it(light: Path, engine: str, tmp_path: Path) -> None:
    module = {"dask": "distributed", "ray": "ray"}[engine]
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError(name={module!r})")
    Cluster(engine, "127.0.0.1:1", []).chosen_by(light)
    variables = {"PYTHONPATH": str(tmp_path)}
    done = shell("python", "-m", "stages.window", cwd=light, check=False, variables=variables)
    assert f"`pip install -r stages/compute/requirements-{engine}.txt`" in done.stderr
    assert (light / f"stages/compute/requirements-{engine}.txt").exists()
    assert len(done.stderr.splitlines()) == 1


OTHER_SOFTWARE = {
    "another-torch": (
        "torch-2.12.0.dist-info/METADATA",
        "Name: torch\nVersion: 2.12.0\n",
        "its torch is 2.12.0, but 2",
    ),
    "no-package": ("safetensors.py", "raise ModuleNotFoundError(name='safetensors')", "has no package safetensors"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", OTHER_SOFTWARE)
def test_workers_with_other_software_are_refused(light: Path, engine: str, case: str, tmp_path: Path) -> None:
    name, text, words = OTHER_SOFTWARE[case]
    path = tmp_path / "first" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with started(engine, 2, PYTHONPATH=str(tmp_path / "first")) as cluster:
        line = refused(cluster.chosen_by(light))
    assert words in line
    assert "requirements" in line
