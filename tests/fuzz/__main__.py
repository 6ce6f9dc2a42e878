"""Odd files and parameter files: each is read or refused in one line, without a traceback, an abort or a hang.

    python -m tests.fuzz --count 40000

Files are CSV (small valid ones of many forms whose bytes, lines, fields and ranges are changed) and Parquet (columns of
any type); parameter files have other bytes, extreme values, or aliases that multiply; panels with constants, jumps and
extreme values, half of them with covariates, go through all six stages, and the forecaster forecasts them again, with
the same bytes. Every outcome but a panel of finite values (valid parameters, sane forecasts) and one line of error is a
finding: it is printed with the seed that reproduces it, and the exit status is 1. Files are tried in processes of their
own, so that one that ends its process is named too.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from tests.fuzz.attempts import ATTEMPTS, SECONDS
from tests.fuzz.processes import outcomes

BATCHES = 40  # of files, each tried by a process of its own
PROCESSES = 2


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=20_000, help="files, and parameter files")
    arguments.add_argument("--pipelines", type=int, default=100, help="panels that go through all stages")
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    given = arguments.parse_args()
    counts = {"files": given.count, "parameters": given.count, "pipelines": given.pipelines}
    sys.exit(1 if sum(try_all(kind, given.first, count) for kind, count in counts.items()) else 0)


def try_all(kind: str, first: int, count: int) -> int:
    """Try as many seeds from the first on, print each finding and the outcomes, and return the number of findings."""
    results: Counter[str] = Counter()
    progress = tqdm(total=count, disable=None, desc=kind)

    def try_batch(seeds: range) -> None:
        for seed, result, problem in outcomes(ATTEMPTS[kind], seeds, SECONDS[kind]):
            results[result] += 1
            progress.update()
            if problem:
                print(f"{kind} {seed}:\n{problem}", flush=True)

    with ThreadPoolExecutor(PROCESSES) as pool, progress:
        size = count // BATCHES + 1
        list(
            pool.map(try_batch, [range(at, min(at + size, first + count)) for at in range(first, first + count, size)])
        )
    print(f"{count} {kind}: " + ", ".join(f"{number} {result}" for result, number in results.items()))
    return results["finding"]


if __name__ == "__main__":
    main()
