"""The arguments of all commands: `--help` says what a command does, and anything unknown ends in one line."""

import ast
import runpy
import sys
from pathlib import Path

import pytest

from stages.common.arguments import Parser
from tests.projects import ALL, ROOT, shell

SCRIPTS = sorted((ROOT / "stages").glob("*/__main__.py"))


def test_an_unknown_argument_ends_in_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    for unknown in ("--chekc", "x\ny"):
        with pytest.raises(SystemExit) as ended:
            Parser("stages.train", "What it does.").parse_args([unknown])
        assert ended.value.code == 1
        printed = capsys.readouterr()
        assert (printed.out, printed.err.count("\n")) == ("", 1)
        assert printed.err.startswith("error: unrecognized arguments: ")
        assert printed.err.endswith("; see `python -m stages.train --help`\n")


def test_help_is_the_docstring(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        Parser("stages.train", "What it does.\n\nReads a.\nWrites b.").parse_args(["--help"])
    assert ended.value.code == 0
    assert "usage: python -m stages.train [-h]\n\nWhat it does.\n\nReads a.\nWrites b.\n" in capsys.readouterr().out


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_every_command_parses_its_arguments_with_its_docstring(script: Path) -> None:
    text = script.read_text()
    assert "Parser(__package__, __doc__)" in text
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert script.parent.name not in ALL or all(word in docstring for word in ("Reads", "Write", "Decides"))


def test_a_stage_refuses_what_it_does_not_know_before_it_reads_anything(folder: Path) -> None:
    done = shell(
        sys.executable, "-m", "stages.normalize", "--x", cwd=folder, check=False, variables={"PYTHONPATH": str(ROOT)}
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: unrecognized arguments: --x; see `python -m stages.normalize --help`\n"


def test_the_package_says_what_there_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["stages"])
    runpy.run_module("stages", run_name="__main__")
    printed = capsys.readouterr().out
    names = [line.split()[2] for line in printed.splitlines() if line.startswith("python -m stages.")]
    expected = [*ALL, "compare", "forecast", "record"]
    assert names == [f"stages.{name}" for name in expected]
    assert "Stage 4, train:" in printed
