"""The pipeline on clusters of Dask and Ray that the tests start: the bytes of `local`, workers that die, what fails."""

import signal
import socket
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import pytest
from distributed import Client

from tests.conftest import change_file, environment, repro, shell
from tests.test_failures import trained

ENGINES = ["dask", "ray"]
WORKERS = 3
SIDE_BY_SIDE = ["window", "train", "predict"]  # the stages whose tasks go to the workers


@dataclass(frozen=True)
class Cluster:
    engine: str
    address: str
    began: list[psutil.Process]

    def chosen_by(self, folder: Path) -> Path:
        change_file(folder, compute__engine=self.engine, compute__address=self.address, compute__workers="auto")
        return folder

    def workers(self) -> list[psutil.Process]:
        """The processes that do tasks."""
        name = {"dask": "spawn_main", "ray": "ray::PoolActor"}[self.engine]
        every = [child for process in self.began for child in process.children(recursive=True)]
        return [process for process in every if name in " ".join(process.cmdline())]


@contextmanager
def running(*command: str, until: str, **variables: str) -> Iterator[psutil.Process]:
    """A program in the background, with more environment variables, from the line that holds `until` on."""
    with tempfile.TemporaryDirectory(prefix="c") as folder:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(PYTHONUNBUFFERED="1", **variables), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if until in line:
                break
        assert process.poll() is None, printed
        threading.Thread(target=drain, args=(process.stdout,), daemon=True).start()
        try:
            yield psutil.Process(process.pid)
        finally:
            every = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
            process.send_signal(signal.SIGTERM)
            _, alive = psutil.wait_procs(every, timeout=10)
            for each in alive:
                each.kill()
            process.wait()


def drain(output: IO[str]) -> None:
    for _ in output:
        continue


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@contextmanager
def started(engine: str, **variables: str) -> Iterator[Cluster]:
    """A Dask scheduler with three workers, or a Ray head with three; more environment variables for the workers."""
    port = free_port()
    with ExitStack() as stack:
        if engine == "dask":
            address = f"tcp://127.0.0.1:{port}"
            scheduler = ["dask", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
            worker = ["dask", "worker", address, "--nworkers", str(WORKERS), "--nthreads", "1", "--no-dashboard"]
            began = [
                stack.enter_context(running(*scheduler, until="Scheduler at")),
                stack.enter_context(running(*worker, until="Registered to", **variables)),
            ]
            with Client(address) as client:  # type: ignore[no-untyped-call]
                client.wait_for_workers(WORKERS, timeout=60)
        else:
            address = f"127.0.0.1:{port}"
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="r"))
            head = [
                "ray", "start", "--head", "--block", "--node-ip-address", "127.0.0.1", "--port", port, "--temp-dir",
                folder, "--num-cpus", str(WORKERS), "--object-store-memory", "100000000", "--include-dashboard",
                "false", "--disable-usage-stats",
            ]  # fmt: skip
            began = [stack.enter_context(running(*head, until="Ray runtime started", **variables))]
        yield Cluster(engine, address, began)


@pytest.fixture(scope="module", params=ENGINES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with started(request.param) as one:
        yield one


def results(folder: Path) -> dict[str, bytes]:
    """What the stages wrote, by name."""
    every = [path for name in ("data", "models", "reports") for path in (folder / name).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in every}


def clear(folder: Path) -> None:
    """Without what the stages write whose tasks go to the workers, as DVC does before a stage."""
    for name in ("data/windows", "models/networks", "models/plain_rnn", "reports/metrics.json"):
        shell("rm", "-r", name, cwd=folder)


def hide(folder: Path) -> None:
    """From now on, the workers of this copy see no shared storage."""
    replace(folder / "stages/common/workers.py", "if not stored.is_here():", "if True:")


def run_stage(folder: Path, stage: str) -> None:
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
    clear(copy)
    for stage in SIDE_BY_SIDE:
        run_stage(copy, stage)
    assert results(copy) == before


def test_workers_that_see_no_shared_storage_are_sent_each_file_once(cluster: Cluster, copy: Path) -> None:
    """Once to each process of Dask, once to the object store of Ray, however many tasks read the file.

    What is sent writes down who packs and who unpacks it.
    """
    before, log = results(copy), copy.parent / "log"
    cluster.chosen_by(copy)
    hide(copy)
    note = f"""
        with open({str(log)!r}, "a") as log:
            print(__import__("os").getpid(), WHAT, self.stored.path, file=log)
"""
    last = "        self.stored, self.value = stored, stored.read(stored.path)\n"
    packs = f"    def __getstate__(self):{note.replace('WHAT', repr('packs'))}        return vars(self)\n"
    unpacks = (
        f"    def __setstate__(self, state):\n        vars(self).update(state){note.replace('WHAT', repr('unpacks'))}"
    )
    replace(copy / "stages/common/workers.py", last, f"{last}\n{packs}\n{unpacks}")
    clear(copy)
    for stage, folder in zip(SIDE_BY_SIDE, ["histories", "windows", "windows"], strict=True):
        log.write_text("")
        run_stage(copy, stage)
        counted = Counter(tuple(line.split()) for line in log.read_text().splitlines())
        processes = {str(worker.pid) for worker in cluster.workers()}
        if cluster.engine == "dask":
            times = {key: count for key, count in counted.items() if key[1] == "unpacks" and key[0] in processes}
        else:
            times = {key: count for key, count in counted.items() if key[1] == "packs"}
        assert {Path(path) for _, _, path in times} == set((copy / "data" / folder).iterdir())
        assert set(times.values()) == {1}, stage
    assert results(copy) == before


def test_a_worker_killed_while_it_trains_costs_its_task_and_no_more(cluster: Cluster, copy: Path) -> None:
    """What trains writes its process down; the third to begin is killed, and with it what was sent there."""
    change_file(copy, train__epochs=100)
    run_stage(copy, "train")
    before, log = trained(copy), copy.parent / "log"
    clear(copy)
    run_stage(copy, "window")
    begin = "    saved = load_checkpoint(checkpoint)\n"
    note = f"""    with open({str(log)!r}, "a") as log:\n        print(__import__("os").getpid(), file=log)\n"""
    replace(copy / "stages/train.py", begin, note + begin)
    log.write_text("")
    hide(cluster.chosen_by(copy))
    command = ["python", "-m", "stages.train"]
    process = subprocess.Popen(command, cwd=copy, env=environment(), stderr=subprocess.PIPE, text=True)
    while process.poll() is None and len(log.read_text().splitlines()) < WORKERS:
        continue
    victim = psutil.Process(int(log.read_text().splitlines()[-1]))
    assert victim in cluster.workers()
    victim.kill()
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert trained(copy) == before
    networks = len(list((copy / "data/windows").iterdir())) * 2 + 1
    assert len(log.read_text().splitlines()) == networks + 1


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
    for address, found in [(f"127.0.0.1:{free_port()}", "refused"), ("nowhere", "host:port")]:
        line = refused(Cluster(engine, address, []).chosen_by(light))
        assert f"no {engine} cluster answers at compute.address {address}" in line
        assert found in line


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_without_its_package_says_how_to_install_it(light: Path, engine: str, tmp_path: Path) -> None:
    module = {"dask": "distributed", "ray": "ray"}[engine]
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError(name={module!r})")
    Cluster(engine, "127.0.0.1:1", []).chosen_by(light)
    variables = {"PYTHONPATH": str(tmp_path)}
    done = shell("python", "-m", "stages.window", cwd=light, check=False, variables=variables)
    assert f"`pip install -r stages/requirements-{engine}.txt`" in done.stderr
    assert (light / f"stages/requirements-{engine}.txt").exists()
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
    with started(engine, PYTHONPATH=str(tmp_path / "first")) as cluster:
        line = refused(cluster.chosen_by(light))
    assert words in line
    assert "requirements" in line
