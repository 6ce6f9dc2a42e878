"""Files by origin: whose files a folder has."""

from pathlib import Path

import pytest

from stages.common.paths import origin_file, origins_in


def test_the_origins_of_a_folder_are_those_of_its_files_the_latest_first(tmp_path: Path) -> None:
    """The final one need not be among them."""
    for origin in (84, 120, 12):
        origin_file(tmp_path, origin).touch()
    (tmp_path / "config.json").touch()
    assert origins_in(tmp_path) == [12, 84, 120]
    origin_file(tmp_path, 0).touch()
    assert origins_in(tmp_path) == [0, 12, 84, 120]


@pytest.mark.parametrize("name", ["", "none"])
def test_a_folder_without_origins_is_reported_as_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").touch()
    with pytest.raises(FileNotFoundError) as missing:
        origins_in(tmp_path / name)
    assert missing.value.filename == str(tmp_path / name)
