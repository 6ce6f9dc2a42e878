"""Some files of the kinds that `python -m tests.fuzz` makes by the ten thousand, and how it finds faults."""

import os
import signal
import sys
import warnings

import pytest

from stages.common.errors import UserError
from tests.fuzz.attempts import ATTEMPTS, outcome
from tests.fuzz.processes import outcomes


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("kind", "count"), [("files", 200), ("parameters", 200), ("pipelines", 8)])
def test_odd_files_are_read_or_refused_in_one_line(kind: str, count: int) -> None:
    results = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(count):
            result, problem = outcome(seed, ATTEMPTS[kind])
            results.add(result)
            assert not problem, f"seed {seed}: {problem}"
    assert results == {"read", "refused"}


def faulty(seed: int) -> str:
    """An attempt whose outcome the seed decides."""
    if seed == 1:
        os.kill(os.getpid(), signal.SIGABRT)
    if seed == 2:
        raise UserError("input.csv: no rows; add some")
    if seed == 3:
        raise UserError("a long message " * 100)
    if seed == 4:
        raise KeyError("id")
    if seed == 5:
        warnings.warn("deprecated", FutureWarning, stacklevel=1)
    if seed == 6:
        print("a library speaks", file=sys.stderr)
    return "read"


def test_a_fault_is_named_with_its_seed_and_the_next_files_are_tried_all_the_same() -> None:
    found = {seed: (result, problem) for seed, result, problem in outcomes(faulty, range(8))}
    assert [seed for seed, (result, _) in found.items() if result == "finding"] == [1, 3, 4, 5, 6]
    assert [found[seed] for seed in (0, 2, 7)] == [("read", ""), ("refused", ""), ("read", "")]
    for seed, words in [(1, "status -6"), (3, "long message"), (4, "KeyError"), (5, "FutureWarning"), (6, "speaks")]:
        assert words in found[seed][1]
