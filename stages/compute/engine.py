"""What the engines share: the class they give to the pool, the check of a cluster's address, error messages."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from stages.common.errors import UserError
from stages.compute.params import Compute

TIMEOUT = 10  # seconds to wait for a cluster's address


@dataclass(frozen=True)
class Engine:
    """The current backend of joblib.

    options: the arguments of `joblib.Parallel` that depend on the engine
    scatter: copies an object to where every worker can fetch it; its result takes the object's place among the
        arguments of a task
    """

    options: dict[str, Any]
    scatter: Callable[[object], object]


def place(compute: Compute) -> str:
    """Where tasks run, for a message."""
    return "this machine" if compute.engine == "local" else f"{compute.engine} at {compute.address}"


def out_of_memory(compute: Compute) -> UserError:
    return UserError(f"{place(compute)}: a task needs more memory than is available; {_memory_hint(compute)}")


def worker_killed(compute: Compute) -> UserError:
    reason = "most often for lack of memory"
    return UserError(f"{place(compute)}: a worker was killed while it ran a task, {reason}; {_memory_hint(compute)}")


def _memory_hint(compute: Compute) -> str:
    if compute.engine == "local":
        return "set compute.workers to fewer, or make the data or the network smaller"
    return "start fewer workers on each machine, with more memory each"


def missing_package(compute: Compute) -> UserError:
    file = f"stages/compute/requirements-{compute.engine}.txt"
    return UserError(f"params.yaml: compute.engine {compute.engine} needs its package; `pip install -r {file}`")


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
