"""What the engines `dask` and `ray` share: they run tasks as joblib's backends, on a cluster that has an address."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from joblib import Parallel, delayed

from stages.common.errors import UserError
from stages.compute.engine import Call, Engine
from stages.compute.params import Compute
from stages.compute.workers import run_task

TIMEOUT = 10  # seconds to wait for a cluster's address


@contextmanager
def joblib_engine(scatter: Callable[[object], object], **options: Any) -> Iterator[Engine]:
    """The engine of joblib's current backend, whose workers stay for all tasks of the context.

    scatter: see `Engine`
    options: the arguments of `joblib.Parallel` that depend on the backend
    """
    with _Ticking(**options) as parallel:
        yield Engine(parallel.run, scatter)


class _Ticking(Parallel):  # type: ignore[misc]
    """Gives workers one task at a time, and calls `tick` each time that one is done."""

    def __init__(self, **options: Any) -> None:
        super().__init__(batch_size=1, **options)

    def run(self, calls: Iterable[Call], tick: Callable[[], object]) -> Iterator[bytes]:
        """See `Engine`."""
        self.tick, self.ticked = tick, 0
        return iter(self(delayed(run_task)(*call) for call in calls))

    def print_progress(self) -> None:
        for _ in range(self.n_completed_tasks - self.ticked):
            self.tick()
        self.ticked = self.n_completed_tasks


def no_cluster(compute: Compute, reason: object, command: str) -> UserError:
    """`command` starts a cluster."""
    reason = " ".join(str(reason).split())
    return UserError(
        f"params.yaml: no {compute.engine} cluster answers at compute.address {compute.address} ({reason}); "
        f"start one (`{command}`) or correct the address"
    )


def check_address(compute: Compute, command: str) -> None:
    """Raises UserError unless a cluster listens at the address; `command` starts one.

    A scheduler of Dask and a head of Ray speak first. Their clients would wait for minutes, or for ever.
    """
    address = str(compute.address)
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        if parts.scheme != "tcp" or parts.hostname is None or parts.port is None:
            raise ValueError("it is not of the form host:port")
        with socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT) as connection:
            if not connection.recv(1):
                raise ValueError("another program listens there")
    except (OSError, ValueError) as error:
        raise no_cluster(compute, error, command) from None
