"""Errors that users can cause end a stage with status 1 and one line on stderr; a bug keeps its traceback."""

import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path

from stages import interrupted
from stages.common.processes import alone_in_folder, end_with_dvc

MAX_QUOTED = 60  # characters of an input's text in a message


class UserError(Exception):
    """An error that the user can fix: it names the file, row, column or parameter, what was found and what to do."""


def quoted(value: object) -> str:
    """`repr` of a value for a message, cut to one line, without control characters.

    >>> quoted("a tab\\t, and so on" + 100 * "!")[:20]
    "'a tab\\\\t, and so on!"
    """
    if isinstance(value, str):
        return repr(_cut(value))
    return _cut(repr(value))


def listed(texts: list[str]) -> str:
    """Texts as a sentence lists them.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def counted(amount: int, noun: str, plural: str | None = None) -> str:
    """An amount of something, for a message.

    >>> counted(1, "origin"), counted(1000, "step"), counted(1, "series", "series")
    ('1 origin', '1,000 steps', '1 series')
    """
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def warn(message: str) -> None:
    """Print a warning as one line on stderr."""
    print("warning: " + one_line(_reword.get()(message)), file=sys.stderr)


_reword: ContextVar[Callable[[str], str]] = ContextVar("reword", default=str)


@contextmanager
def reworded(reword: Callable[[str], str]) -> Iterator[None]:
    """Reword warnings and errors of code that another command shares, where its user has other things to do."""
    before = _reword.set(reword)
    try:
        yield
    except UserError as error:
        raise UserError(reword(str(error))) from None
    finally:
        _reword.reset(before)


def run(main: Callable[[], None], writes: bool = True) -> None:
    """Run a stage's `main`: an error that a user can cause, or Ctrl-C, ends in one line on stderr and exit status 1.

    writes: whether the stage has outputs. DVC deletes them before it runs the stage, so if there was an earlier run the
        line says how to restore its results.
    """
    message = _run(main, writes)
    if message is None:
        signal.signal(signal.SIGINT, interrupted)  # while Python ends: DVC ignores it, and would go on
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would break the line below
    restore = " (`dvc checkout` and `git checkout reports` restore the last results)"
    print("error: " + one_line(message) + (restore if writes and Path("dvc.lock").exists() else ""), file=sys.stderr)
    sys.exit(1)


def _run(main: Callable[[], None], writes: bool) -> str | None:
    """Run `main` and return the message of an error that a user can cause, None if all went well."""
    from safetensors import SafetensorError  # here, so that a worker of a cluster without the package can report that

    again = "`dvc repro` again" if writes else "the command again"
    try:
        _end_start_up()
        end_with_dvc()
        with alone_in_folder(warn) if writes else nullcontext():
            main()
            if sys.stdout:  # which a shell can close
                sys.stdout.flush()
    except BrokenPipeError:  # the program that reads the output, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except UserError as error:
        return str(error)
    except KeyboardInterrupt:
        return "interrupted; run `dvc repro` again to go on" if writes else "interrupted"
    except MemoryError:
        return "this machine has too little memory; make the data or the network smaller"
    except FileNotFoundError as error:  # a stage that is run by hand before those whose files it reads
        return f"{error.filename or error}: no such file; `dvc repro` runs the stages that write it"
    except OSError as error:
        return f"{error.filename or 'file system'}: {error.strerror or error}; fix that and run {again}"
    except SafetensorError as error:  # a full disk, or a damaged file
        return f"arrays cannot be read or written: {error}; fix that and run {again}"
    return None


def _end_start_up() -> None:
    """End what `stages/__init__.py` set for the time of imports, and let any terminal take the output."""
    gc.freeze()  # imported objects stay to the end: going through them at every collection would take half a second
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if isinstance(sys.__stdout__, io.TextIOWrapper):  # a terminal without UTF-8 gets \u2192 for an arrow, not an error
        sys.__stdout__.reconfigure(errors="backslashreplace")


def one_line(text: str) -> str:
    """`text` in one line, other characters that cannot be printed as escapes.

    >>> one_line("damaged: \\x00\\n in line 2")
    'damaged: \\\\x00 in line 2'
    """
    line = " ".join(text.split())
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
