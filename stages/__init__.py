"""The six stages. An interrupt while one still imports its libraries ends it as quietly as one that comes later."""

import os
import signal
import sys
from types import FrameType

if sys.argv[0] == "-m":  # `python -m stages.train` is being looked up: `run` takes over when the imports are done

    def end(signal_number: int, frame: FrameType | None) -> None:
        os.write(2, b"error: interrupted; run `dvc repro` again to go on\n")
        os._exit(1)

    signal.signal(signal.SIGINT, end)
