"""Whether Git or DVC has the raw file."""

from pathlib import Path

from stages.check.versioned import hint_to_version
from tests.projects import shell


def test_a_file_that_neither_has_is_named(folder: Path) -> None:
    (folder / "raw/parts").mkdir(parents=True)
    file = folder / "raw/parts/a.parquet"
    file.touch()
    assert hint_to_version("raw/parts") is None  # no repository
    shell("git", "init", "--quiet", cwd=folder)
    for path in ("raw/parts", "raw/parts/a.parquet"):
        assert f"neither Git nor DVC has {path}" in str(hint_to_version(path))
    dvc = folder / "raw/parts.dvc"
    dvc.touch()
    assert hint_to_version("raw/parts") is None
    assert hint_to_version("raw/parts/a.parquet") is None
    dvc.unlink()
    shell("git", "add", "raw", cwd=folder)
    assert hint_to_version("raw/parts") is None
    assert hint_to_version("raw/parts/a.parquet") is None
