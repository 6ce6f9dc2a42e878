"""The six stages.

While one still imports its libraries, an interrupt ends it as quietly as later, and no garbage is looked for: there is
none, and looking takes a fifth of the time.
"""

import gc
import os
import signal
import sys
from types import FrameType

if sys.argv[0] == "-m":  # `python -m stages.train` is being looked up: `run` takes over when the imports are done
    gc.disable()

    def end(signal_number: int, frame: FrameType | None) -> None:
        os.write(2, b"error: interrupted; run `dvc repro` again to go on\n")
        os._exit(1)

    signal.signal(signal.SIGINT, end)
