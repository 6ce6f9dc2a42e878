"""Where a forecaster comes from: a folder, or a version of this project through DVC."""

import tempfile
from pathlib import Path

from stages.common.errors import UserError, quoted
from stages.common.params import PARAMS_FILE
from stages.common.paths import FORECASTER
from stages.predict.forecaster import CONFIG, Forecaster


def find_forecaster(model: str | None) -> Forecaster:
    """The forecaster in a folder, or that of a Git revision or DVC experiment; models/forecaster for None.

    Raises UserError where there is none.
    """
    if model is None:
        return Forecaster.read(FORECASTER)
    folder = Path(model)
    if folder.is_dir():
        inside = folder / FORECASTER
        return Forecaster.read(inside if not (folder / CONFIG).exists() and inside.is_dir() else folder)
    return _of_revision(model)


def refuse_nothing_to_read(file: Path | None) -> None:
    """Raises UserError where no file is named, and there are no parameters that name one."""
    if file is None and not PARAMS_FILE.exists():
        raise UserError(f"no FILE is named, and no {PARAMS_FILE} is here whose ingest.path could be taken; name FILE")


def _of_revision(revision: str) -> Forecaster:
    """Through Git, DVC's cache and its remote."""
    from dvc.api import DVCFileSystem  # here: a folder needs no DVC
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    from stages.compare.versions import resolve_revision

    try:
        name, commit = resolve_revision(revision)
    except UserError as error:
        raise UserError(f"--model {quoted(revision)} is no folder, and {error}") from None
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / FORECASTER.name
        try:
            files = DVCFileSystem(".", rev=commit)
            if not files.exists(FORECASTER.as_posix()):
                raise UserError(f"{name} has no {FORECASTER}; name a revision that has, or a folder")
            files.get(FORECASTER.as_posix(), str(target), recursive=True)
        except (DvcException, DataIndexDirError, OSError) as error:
            raise UserError(
                f"{name}: {FORECASTER} is neither in the cache nor in a remote ({quoted(str(error))}); "
                "`dvc fetch --all-commits` where it was made, and `dvc push`"
            ) from None
        return Forecaster.read(target)
