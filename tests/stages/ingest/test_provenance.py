"""The hash of a file or a folder is the one that DVC records."""

from pathlib import Path

from ruamel.yaml import YAML

from stages.ingest.provenance import data_hash
from tests.projects import shell


def test_the_hash_of_a_file_and_of_a_folder_is_that_of_dvc_add(tmp_path: Path) -> None:
    folder = tmp_path / "sales"
    (folder / "shop=west").mkdir(parents=True)
    (folder / "shop=west/part.csv").write_bytes(b"a,b\r\n1,2\r\n")
    (folder / "z.csv").write_text("ö")
    (folder / "ä.csv").write_text("")
    (tmp_path / "one.csv").write_bytes(b"a\r\n1\r\n")
    shell("git", "init", "--quiet", cwd=tmp_path)
    shell("dvc", "init", "--quiet", cwd=tmp_path)
    shell("dvc", "add", "--quiet", "sales", "one.csv", cwd=tmp_path)
    for name in ("sales", "one.csv"):
        (recorded,) = YAML(typ="safe").load(tmp_path / f"{name}.dvc")["outs"]
        assert data_hash(tmp_path / name) == recorded["md5"]


def test_ignored_names_do_not_change_the_hash_of_a_folder(tmp_path: Path) -> None:
    """Patterns apply to names of files and folders inside the folder, not to its own path or its parents."""
    folder = tmp_path / "cache" / "code"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner/a.py").write_text("1")
    alone = data_hash(folder)
    for name in ("notes.txt", "inner/b.txt", "inner/cache/a.pyc"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("2")
    assert data_hash(folder, ("cache", "*.txt")) == alone
    assert data_hash(folder, ("*.txt",)) != alone
    assert data_hash(folder / "notes.txt", ("*.txt",)) == data_hash(folder / "inner/b.txt")
