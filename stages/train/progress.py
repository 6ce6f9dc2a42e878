"""A bar of the networks' epochs with the latest loss and the time left, on a terminal only.

Networks train in other processes: each writes its epoch and loss to its row of a small memory-mapped file, which a
thread of the parent reads.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

REFRESH_SECONDS = 0.2


class ProgressBoard:
    """A file of one row (epoch, loss) for each network; without a path nothing is written."""

    def __init__(self, path: Path | None, networks: int) -> None:
        self.path, self.networks = path, networks

    def write(self, network: int, epoch: int, loss: float) -> None:
        if self.path is not None:
            rows = np.memmap(self.path, dtype=np.float64, mode="r+", shape=(self.networks, 2))
            rows[network] = epoch, loss


@contextmanager
def epoch_bar(networks: int, epochs: int, local: bool) -> Iterator[ProgressBoard]:
    """The board to write to while a bar shows all networks' epochs.

    Quiet where stderr is no terminal, and where the networks are not `local`: other machines see no file of this one.
    """
    if not local or not sys.stderr.isatty():
        yield ProgressBoard(None, networks)
        return
    done = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board"
        rows = np.memmap(path, dtype=np.float64, mode="w+", shape=(networks, 2))

        def show() -> None:
            with tqdm(total=networks * epochs, unit="epoch", desc=f"{networks} networks", leave=False) as bar:
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
