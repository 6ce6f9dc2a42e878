"""Attempts in processes of their own, so that one that ends its process, or takes all memory, is named too."""

import multiprocessing
import os
import resource
import tempfile
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection

from tests.fuzz.attempts import GIGABYTES, SECONDS, Attempt, memory_used, outcome

START_UP = 60  # seconds in which a process must have started
MOST_BYTES = 8 * 2**30  # of addresses, whatever a file asks for


def work(attempt: Attempt, seeds: range, seconds: int, results: Connection) -> None:
    """Send the outcome of each seed, up to one that leaves too little memory; a warning of a library is an error."""
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for seed in seeds:
            results.send(outcome(seed, attempt, seconds))
            if memory_used() > GIGABYTES:
                break
        os.chdir("/")


def outcomes(attempt: Attempt, seeds: range, seconds: int = SECONDS["files"]) -> Iterator[tuple[int, str, str]]:
    """Seed, outcome and problem of each file; a process ends or hangs at the first seed that it sends no outcome of."""
    context = multiprocessing.get_context("spawn")
    while seeds:
        results, other_end = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(attempt, seeds, seconds, other_end))
        process.start()
        other_end.close()
        answered = True
        while seeds and answered:
            try:
                answered = results.poll(seconds + START_UP)
                result, problem = results.recv() if answered else ("finding", "hangs")
            except EOFError:
                process.join()
                if process.exitcode == 0:
                    break
                result, problem, answered = "finding", f"ended its process with status {process.exitcode}", False
            yield seeds[0], result, problem
            seeds = seeds[1:]
        if process.is_alive() and not answered:
            process.kill()
        process.join()
