"""DVC's hash of a file or a folder, which identifies the data that a result was computed from."""

import hashlib
import json
from fnmatch import fnmatch
from pathlib import Path


def data_hash(path: Path, ignored: tuple[str, ...] = ()) -> str:
    """The MD5 of a file, or of a folder's list of files with `.dir` appended, as in dvc.lock and .dvc files.

    ignored: shell patterns of the names of files and folders in the folder that are left out
    """
    if not path.is_dir():
        return _file_hash(path)
    files = {each.relative_to(path): each for each in path.rglob("*") if each.is_file()}
    hashes = sorted(
        (name.as_posix(), _file_hash(file))
        for name, file in files.items()
        if not any(fnmatch(part, pattern) for part in name.parts for pattern in ignored)
    )
    listed = json.dumps([{"md5": md5, "relpath": name} for name, md5 in hashes])
    return hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
