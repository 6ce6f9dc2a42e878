"""Clusters of Dask and Ray on this machine, for tests and benchmarks."""

import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
from distributed import Client

from tests.projects import change_file, environment


@dataclass(frozen=True)
class Cluster:
    """A running cluster and the programs that were started for it."""

    engine: str
    address: str
    programs: list[psutil.Process]

    def set_in(self, folder: Path) -> Path:
        """Make the project in `folder` use this cluster."""
        change_file(folder, compute__engine=self.engine, compute__address=self.address, compute__workers="auto")
        return folder

    def workers(self) -> list[psutil.Process]:
        """The processes that run tasks."""
        name = {"dask": "spawn_main", "ray": "ray::PoolActor"}[self.engine]
        children = [child for program in self.programs for child in program.children(recursive=True)]
        return [process for process in children if name in command_line(process)]


def command_line(process: psutil.Process) -> str:
    """Empty for a process that has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@contextmanager
def running(*command: str, until: str, **variables: str) -> Iterator[psutil.Process]:
    """A program in the background, with `variables` in its environment, once it has printed a line with `until`."""
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
            processes = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
            process.send_signal(signal.SIGTERM)
            _, alive = psutil.wait_procs(processes, timeout=10)
            for survivor in alive:
                survivor.kill()
            process.wait()


def drain(output: IO[str]) -> None:
    for _ in output:
        continue


def free_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return str(unused.getsockname()[1])


@contextmanager
def started(engine: str, workers: int, **variables: str) -> Iterator[Cluster]:
    """A Dask scheduler or a Ray head with `workers`, which have `variables` in their environment."""
    port = free_port()
    with ExitStack() as stack:
        if engine == "dask":
            address = f"tcp://127.0.0.1:{port}"
            scheduler = ["dask", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
            worker = ["dask", "worker", address, "--nworkers", str(workers), "--nthreads", "1", "--no-dashboard"]
            programs = [stack.enter_context(running(*scheduler, until="Scheduler at"))]
            if workers:
                programs.append(stack.enter_context(running(*worker, until="Registered to", **variables)))
                with Client(address) as client:  # type: ignore[no-untyped-call]
                    client.wait_for_workers(workers, timeout=60)
        else:
            address = f"127.0.0.1:{port}"
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="r"))
            head = [
                "ray", "start", "--head", "--block", "--node-ip-address", "127.0.0.1", "--port", port, "--temp-dir",
                folder, "--num-cpus", str(workers), "--object-store-memory", "100000000", "--include-dashboard",
                "false", "--disable-usage-stats",
            ]  # fmt: skip
            programs = [stack.enter_context(running(*head, until="Ray runtime started", **variables))]
        yield Cluster(engine, address, programs)
