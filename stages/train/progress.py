"""A progress bar of all networks' epochs, with their mean loss and the time left, on a terminal only.

Networks train in other processes. Each writes its epoch and loss into its row of a small memory-mapped file, and a
thread of the parent process reads them.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stages.common.errors import counted

REFRESH_SECONDS = 0.2


class ProgressBoard:
    """Where networks report their progress: a file with a row (epoch, loss) for each; no file without a path."""

    def __init__(self, path: Path | None, networks: int) -> None:
        self.path, self.networks = path, networks

    def write(self, network: int, epoch: int, loss: float) -> None:
        """Report the latest epoch of the network in that row."""
        if self.path is not None:
            rows = np.memmap(self.path, dtype=np.float64, mode="r+", shape=(self.networks, 2))
            rows[network] = epoch, loss


@contextmanager
def epoch_bar(networks: int, epochs: int, local: bool) -> Iterator[ProgressBoard]:
    """Show a bar of so many epochs of all networks, and yield the board that it reads.

    There is no bar if stderr is no terminal, or if networks are not trained by `local` processes, which share a file.
    """
    if not local or not sys.stderr.isatty():
        yield ProgressBoard(None, networks)
        return
    done = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board"
        rows = np.memmap(path, dtype=np.float64, mode="w+", shape=(networks, 2))

        def show() -> None:
            with tqdm(total=epochs, unit="epoch", desc=counted(networks, "network"), leave=False) as bar:
                last = False
                while not last:
                    last = done.wait(REFRESH_SECONDS)
                    started = rows[:, 0] > 0
                    bar.n = int(rows[:, 0].sum())
                    if started.any():
                        bar.set_postfix(loss=f"{rows[started, 1].mean():.4f}")

        thread = threading.Thread(target=show)
        thread.start()
        try:
            yield ProgressBoard(path, networks)
        finally:
            done.set()
            thread.join()
