"""The progress bar: shown on a terminal, absent from a log."""

import io

import pytest

from stages.train.progress import epoch_bar


def test_nothing_is_shown_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with epoch_bar(2, 10, local=True) as board:
        board.write(0, 1, 0.5)
    assert capsys.readouterr().err == ""


def test_epochs_loss_and_time_left_are_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with epoch_bar(2, 10, local=True) as board:
        board.write(0, 5, 0.25)
        board.write(1, 3, 0.75)
    (shown,) = (line for line in terminal.getvalue().split("\r") if "8/10" in line)
    assert "loss=0.5" in shown
    assert "<" in shown  # time passed < time left
