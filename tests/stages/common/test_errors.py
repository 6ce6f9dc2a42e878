"""Errors that a user can cause end in one line and exit status 1."""

import errno
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.common.errors import UserError, quoted, reworded, run, warn


@pytest.fixture(autouse=True)
def restored_interrupts() -> Iterator[None]:
    """Restores the handler."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def raising(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("params.yaml: train.epochs\nis -1"), "params.yaml: train.epochs is -1"),
        (KeyboardInterrupt(), "interrupted; run `dvc repro` again"),
        (OSError(errno.ENOSPC, "No space left on device", "data/panel.parquet"), "data/panel.parquet: No space left"),
        (
            FileNotFoundError(errno.ENOENT, "No such file", "data/panel.parquet"),
            "data/panel.parquet: no such file; `dvc repro`",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "reports"), "reports: Permission denied"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_one_line_and_status_1(error: BaseException, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(lambda: raising(error))
    assert ended.value.code == 1
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert printed.startswith("error: " + words)
    assert "dvc checkout" not in printed


def test_the_line_says_how_to_restore_earlier_results(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "dvc.lock").touch()
    with pytest.raises(SystemExit):
        run(lambda: raising(UserError("wrong")))
    assert "`dvc checkout` and `git checkout reports` restore the last results" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: raising(ZeroDivisionError()))


def test_quoted_values_are_short_and_without_control_characters() -> None:
    assert quoted("é 'quoted'") == repr("é 'quoted'")
    assert quoted("\x1b[31m\nred") == r"'\x1b[31m\nred'"
    assert len(quoted("x" * 10_000)) == len(quoted(["x"] * 10_000)) + 2 == 62


def test_messages_may_be_reworded_for_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        with reworded(str.upper):
            warn("a row")
            raise UserError("a file")

    with pytest.raises(UserError, match="A FILE"):
        refuse()
    warn("another row")
    assert capsys.readouterr().err == "warning: A ROW\nwarning: another row\n"
