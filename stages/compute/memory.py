"""How many tasks run at once, and whether this machine has the memory for them: known before they run."""

import os

from stages.compute.params import Compute


def processes(compute: Compute) -> int | None:
    """How many tasks run at once, at most; None where only the cluster knows."""
    if compute.workers != "auto":
        return compute.workers
    if compute.engine != "local":
        return None
    from joblib import cpu_count  # here: a stage without workers, which checks its parameters, needs no joblib

    return int(cpu_count())


def lack_of_memory(needed: float, tasks: int, compute: Compute, work: str, hint: str) -> str | None:
    """The problem, where tasks of `needed` bytes each, as many as run at once, need more than this machine has.

    work, hint: what needs the memory, and what to make smaller

    Of the memory of a cluster nothing is known here.
    """
    at_once = min(processes(compute) or 1, tasks) if tasks > 1 else 1
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if compute.engine != "local" or at_once * needed <= has:
        return None
    fewer = f", {at_once} times at once" if at_once > 1 else ""
    hint = f"compute.workers or {hint}" if at_once > 1 else hint
    return (
        f"{work} needs about {_gigabytes(needed)} of memory{fewer}, and this machine has {_gigabytes(has)}; "
        f"make {hint} smaller"
    )


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count < 1e10 else f"{count / 1e9:,.0f} GB"
