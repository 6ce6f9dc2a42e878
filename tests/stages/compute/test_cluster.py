"""The address of a cluster is checked before its client would wait for it; workers stay for all tasks of a stage."""

import os
import pickle
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from joblib import parallel_config

from stages.common.errors import UserError
from stages.common.params import Params
from stages.compute.cluster import check_address, joblib_engine
from stages.compute.params import Compute
from stages.compute.workers import serialize_task
from tests.builders import change


def compute_at(default_params: Params, address: str) -> Compute:
    return change(default_params, compute__engine="dask", compute__address=address)[Compute]


@contextmanager
def server(greeting: bytes) -> Iterator[str]:
    """The address of a program that greets whoever connects, and closes the connection."""

    def greet() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_program_that_speaks_first_is_taken_for_a_cluster(default_params: Params) -> None:
    with server(b"hello") as address:
        check_address(compute_at(default_params, f"tcp://{address}"), "start it")


def test_a_program_that_says_nothing_is_refused(default_params: Params) -> None:
    with server(b"") as address, pytest.raises(UserError, match="another program listens there"):
        check_address(compute_at(default_params, address), "start it")


def test_an_address_where_nothing_listens_is_refused(default_params: Params) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(UserError, match=rf"address {address} \(.*refused\); start one \(`start it`\) or correct"):
        check_address(compute_at(default_params, address), "start it")


@pytest.mark.parametrize("address", ["nowhere", "http://127.0.0.1:1", "127.0.0.1:many", "tcp://:1"])
def test_an_address_without_host_or_port_is_refused(default_params: Params, address: str) -> None:
    with pytest.raises(UserError, match=r"params\.yaml: no dask cluster answers at compute\.address"):
        check_address(compute_at(default_params, address), "start it")


def test_the_same_workers_run_all_tasks_and_each_is_ticked_when_it_is_done() -> None:
    """The backend `multiprocessing`, on which Ray's builds, starts new processes for each call of joblib otherwise."""
    ticks: list[int] = []
    task = (serialize_task(os.getpid, ()), dict[str, str]())
    with (
        parallel_config(backend="multiprocessing"),
        joblib_engine(lambda value: value, n_jobs=2) as engine,
    ):
        runs = [[pickle.loads(each) for each in engine.run([task] * 8, lambda: ticks.append(1))] for _ in range(3)]
        failing = [(serialize_task(os.rmdir, ("/no such folder",)), dict[str, str]())]
        with pytest.raises(FileNotFoundError):
            list(engine.run(failing, lambda: None))
        assert len(list(engine.run([task], lambda: None))) == 1
    assert len(set.union(*map(set, runs))) <= 2
    assert len(ticks) == 3 * 8
