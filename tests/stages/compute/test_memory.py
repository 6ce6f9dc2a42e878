"""How many tasks run at once, and the refusal of what this machine has no memory for."""

import os

import pytest
from joblib import cpu_count

from stages.compute.memory import lack_of_memory, processes
from stages.compute.params import Compute

DASK = {"engine": "dask", "address": "tcp://head:8786"}


def compute_of(**changes: object) -> Compute:
    return Compute.model_validate({"engine": "local", "address": None, "workers": "auto", "max_hours": None, **changes})


def test_tasks_at_once_are_those_of_the_workers() -> None:
    assert processes(compute_of()) == cpu_count()
    assert processes(compute_of(workers=3)) == 3
    assert processes(compute_of(**DASK, workers=7)) == 7
    assert processes(compute_of(**DASK)) is None


def test_tasks_that_together_need_more_than_this_machine_has_are_a_problem() -> None:
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert lack_of_memory(0.4 * has, 2, compute_of(workers=2), "it", "that") is None
    assert lack_of_memory(0.9 * has, 1, compute_of(workers=2), "it", "that") is None
    assert lack_of_memory(2.0 * has, 9, compute_of(**DASK, workers=2), "it", "that") is None
    assert lack_of_memory(2.0 * has, 9, compute_of(**DASK), "it", "that") is None
    assert lack_of_memory(0.6 * has, 2, compute_of(workers=2), "it", "that") is not None
    problem = lack_of_memory(0.6 * has, 9, compute_of(workers=2), "it", "that")
    assert problem is not None
    assert problem.endswith("make compute.workers or that smaller")


@pytest.mark.parametrize(("count", "words"), [(3.5e15, "about 3,500,000 GB "), (3.5e18, "about 3,500,000,000 GB ")])
def test_the_problem_names_how_much(count: float, words: str) -> None:
    assert words in str(lack_of_memory(count, 1, compute_of(workers=1), "it", "that"))
