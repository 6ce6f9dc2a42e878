"""Which processes live together: a stage ends with its DVC, a worker with its stage; one stage at a time in a folder.

Otherwise a stage whose DVC was killed would go on, and write over what the next run has written since.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 0.2  # between two looks at the other process
ADOPT_ORPHANS = ("init", "systemd", "launchd", "tini", "docker-init")  # they take the place of a parent that has ended


def end_with_dvc() -> None:
    """End this stage when the DVC that runs it has ended. A stage that was started by hand lives on, as under `nohup`.

    DVC sets DVC_STAGE for the command of a stage, which a shell may run: DVC is the nearest ancestor without it.
    """
    if "DVC_STAGE" not in os.environ:
        return
    import psutil  # which DVC requires

    try:
        child = psutil.Process()
        while (ancestor := child.parent()) is not None and "DVC_STAGE" in ancestor.environ():
            child = ancestor
        if ancestor is None or ancestor.name() in ADOPT_ORPHANS:
            _end()
    except psutil.AccessDenied as error:  # another user's process
        if error.pid == 1:
            _end()
        return

    def lives() -> bool:
        try:
            return bool(child.ppid() == ancestor.pid)
        except psutil.NoSuchProcess:
            return False

    _watch(lives)


@contextmanager
def alone_in_folder(warn: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other stage works in this folder, with a warning, and let none begin meanwhile.

    The operating system frees the lock when a process ends, however that happens. Network drives may have no locks.
    """
    import fcntl  # here, since workers do not need it, and Windows, where stages have not been tried, lacks it

    folder = os.open(".", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        warn("another stage works in this folder; this one begins when it has ended")
        fcntl.flock(folder, fcntl.LOCK_EX)
    except OSError:
        pass
    try:
        yield
    finally:
        os.close(folder)


def _watch(lives: Callable[[], bool]) -> None:
    def wait() -> None:
        while lives():
            time.sleep(SECONDS)
        _end()

    threading.Thread(target=wait, daemon=True).start()


def _end() -> None:
    """End at once: whoever killed the other process wants no more work done."""
    os._exit(1)
