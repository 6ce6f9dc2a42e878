"""`python -m stages.ingest --check` checks the file and writes nothing."""

import shutil
from pathlib import Path

from tests.projects import EXAMPLE, ROOT, change_file, shell


def test_check_writes_nothing(folder: Path) -> None:
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    (folder / "stages").symlink_to(ROOT / "stages")
    (folder / "dvc.lock").touch()  # as after a run
    before = sorted(folder.rglob("*"))
    printed = shell("python", "-m", "stages.ingest", "--check", cwd=folder).stdout
    lines = {line[2:15].strip(): line[15:] for line in printed.splitlines()[1:]}
    assert lines["series"] == "1 ('passengers'), 144 steps"
    assert lines["season"] == "12 steps (a year)"
    assert "8 members x 8 training origins, 270 steps of" in lines["training"]
    assert sorted(folder.rglob("*")) == before
    change_file(folder, ingest__value="passenger")
    done = shell("python", "-m", "stages.ingest", "--check", cwd=folder, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "no column 'passenger', but there is 'passengers'" in done.stderr
    assert "dvc checkout" not in done.stderr  # nothing was lost
