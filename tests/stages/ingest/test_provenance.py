"""The hash of the data is the one that DVC knows it by."""

from pathlib import Path

from ruamel.yaml import YAML

from stages.ingest.provenance import data_hash
from tests.projects import shell


def test_a_file_and_a_folder_have_the_hash_that_dvc_add_gives_them(tmp_path: Path) -> None:
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
        (known,) = YAML(typ="safe").load(tmp_path / f"{name}.dvc")["outs"]
        assert data_hash(tmp_path / name) == known["md5"]
