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
