"""Odd files and parameter files: each is read or refused in one line, without a traceback, an abort or a hang.

    python -m tests.fuzz --count 40000

Files are CSV (small valid ones of many forms whose bytes, lines, fields and ranges are changed) and Parquet (columns of
any type); parameter files have other bytes, extreme values, or aliases that multiply. Every outcome but a panel of
finite values (or valid parameters) and one line of error is a finding: it is printed with the seed that reproduces it,
and the exit status is 1. Files are tried in processes of their own, so that one that ends its process is named too.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from tests.fuzz.attempts import ATTEMPTS
from tests.fuzz.processes import outcomes

BATCH = 1_000  # files that a process tries
PROCESSES = 2


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=20_000, help="files of each kind")
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    given = arguments.parse_args()
    end, found = given.first + given.count, 0
    for kind in ATTEMPTS:
        counts: Counter[str] = Counter()
        batches = [range(first, min(first + BATCH, end)) for first in range(given.first, end, BATCH)]
        with ThreadPoolExecutor(PROCESSES) as pool, tqdm(total=given.count, disable=None, desc=kind) as progress:

            def try_batch(seeds: range, kind: str = kind, counts: Counter[str] = counts, bar: tqdm = progress) -> None:
                for seed, result, problem in outcomes(ATTEMPTS[kind], seeds):
                    counts[result] += 1
                    bar.update()
                    if problem:
                        print(f"{kind} {seed}:\n{problem}", flush=True)

            list(pool.map(try_batch, batches))
        print(f"{given.count} {kind}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
        found += counts["finding"]
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
