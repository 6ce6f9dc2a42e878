"""What a user can cause ends a stage with exit status 1 and one line on stderr; anything else is a defect and shows."""

import gc
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

SHOWN = 60  # characters of an input's text in a message


class UserError(Exception):
    """Something a user can mend: names the file, row, column or parameter, what was found and what to do."""


def quoted(found: object) -> str:
    """What was found, for a message: as Python writes it, no longer than a line, nothing in it that steers a terminal.

    >>> quoted("a tab\\t, and so on" + 100 * "!")[:20]
    "'a tab\\\\t, and so on!"
    """
    if isinstance(found, str):
        return repr(found if len(found) <= SHOWN else found[: SHOWN - 1] + "…")
    text = repr(found)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def warn(message: str) -> None:
    """A line on stderr that says what to do."""
    print("warning: " + " ".join(message.split()), file=sys.stderr)


def run(main: Callable[[], None], writes: bool = True) -> None:
    """Run a stage's `main`; a user's mistake, an interrupt or a file system's refusal becomes one line on stderr.

    DVC deletes a stage's outputs before it runs the stage, so where there was an earlier run the line says how to
    get its results back; not where nothing `writes`.
    """
    from safetensors import SafetensorError  # a worker of a cluster that lacks it can still say so

    gc.freeze()  # what was imported stays to the end, which else takes half a second for looking through it
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if isinstance(sys.__stdout__, io.TextIOWrapper):  # a terminal without UTF-8 shows what it cannot write as \\u2192
        sys.__stdout__.reconfigure(errors="backslashreplace")
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except UserError as error:
        message = str(error)
    except KeyboardInterrupt:
        message = "interrupted; run `dvc repro` again to go on"
    except MemoryError:
        message = "the memory of this machine is too small for that; make the data or the network smaller"
    except OSError as error:
        message = f"{error.filename or 'file system'}: {error.strerror or error}; mend that and run `dvc repro` again"
    except SafetensorError as error:  # a full disk, or a file that was torn
        message = f"arrays cannot be read or written: {error}; mend that and run `dvc repro` again"
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is written
        return
    restore = " (`dvc checkout` and `git checkout reports` bring the last results back)"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would only tear this line
    print(
        "error: " + " ".join(message.split()) + (restore if writes and Path("dvc.lock").exists() else ""),
        file=sys.stderr,
    )
    sys.exit(1)
