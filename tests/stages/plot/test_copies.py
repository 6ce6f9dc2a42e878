"""Copies for DVC's cache."""

import pytest

from stages.common import paths
from stages.plot.copies import IN_GIT, copy_results_in_git


@pytest.mark.usefixtures("folder")
def test_copies_hold_the_same_bytes_and_nothing_older() -> None:
    for folder in (paths.FIGURES, paths.REPORTS_COPY):
        folder.mkdir(parents=True)
    for path in [*IN_GIT, paths.FIGURES / "loss.png"]:
        path.write_text(path.name)
    (paths.REPORTS_COPY / "older.csv").touch()
    copy_results_in_git()
    assert sorted(path.name for path in paths.REPORTS_COPY.iterdir()) == sorted(path.name for path in IN_GIT)
    assert all((paths.REPORTS_COPY / path.name).read_text() == path.name for path in IN_GIT)
    assert (paths.FIGURES_COPY / "loss.png").read_text() == "loss.png"
