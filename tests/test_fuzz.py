"""A thousand mutated files of the kind that `python -m tests.fuzz` makes by the ten thousand."""

import warnings
from collections.abc import Callable

import pytest

from tests.fuzz import outcome, try_csv, try_params


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("attempt", [try_csv, try_params])
def test_mutated_files_are_read_or_refused_in_one_line(attempt: Callable[[int], str]) -> None:
    results = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(500):
            result, problem = outcome(seed, attempt)
            results.add(result)
            assert not problem, f"seed {seed}: {problem}"
    assert results == {"read", "refused"}
