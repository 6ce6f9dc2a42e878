"""DVC's hash of a file or a folder, which identifies the data that a result was computed from."""

import hashlib
import json
from pathlib import Path


def data_hash(path: Path) -> str:
    """The MD5 of a file, or of a folder's list of files with `.dir` appended, as in dvc.lock and .dvc files."""
    if not path.is_dir():
        return _file_hash(path)
    files = (each for each in path.rglob("*") if each.is_file())
    hashes = sorted((each.relative_to(path).as_posix(), _file_hash(each)) for each in files)
    listed = json.dumps([{"md5": md5, "relpath": name} for name, md5 in hashes])
    return hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
