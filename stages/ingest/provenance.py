"""Which data a result was made from: the hash that DVC knows a file or a folder by."""

import hashlib
import json
from fnmatch import fnmatch
from pathlib import Path


def data_hash(path: Path, ignored: tuple[str, ...] = ()) -> str:
    """The MD5 of a file, or that of a folder's list of files, with `.dir` after it, as in dvc.lock and .dvc files.

    ignored: names of files and folders that are left out, as patterns of a shell
    """
    if not path.is_dir():
        return _file_hash(path)
    files = [
        each
        for each in path.rglob("*")
        if each.is_file() and not any(fnmatch(part, name) for part in each.parts for name in ignored)
    ]
    names = sorted((each.relative_to(path).as_posix(), _file_hash(each)) for each in files)
    listed = json.dumps([{"md5": md5, "relpath": name} for name, md5 in names])
    return hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
