"""How a stage starts: while it imports its libraries, Ctrl-C ends it quietly and no garbage is collected."""

import gc
import os
import signal
import sys
from types import FrameType


def interrupted(signal_number: int, frame: FrameType | None) -> None:
    """Exit at once: an exception would end in a traceback, or get lost in the library that is being imported."""
    os.write(2, b"error: interrupted; run `dvc repro` again to go on\n")
    os._exit(1)


# Python sets this while it finds the module of `python -m stages.train`. `stages.common.errors.run` ends both settings.
if sys.argv[0] == "-m":
    gc.disable()  # imports leave no garbage; looking for it takes a fifth of the time that a stage needs to start
    signal.signal(signal.SIGINT, interrupted)
