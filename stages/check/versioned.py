"""Whether Git or DVC has the raw file: a queued experiment runs in a copy that holds only what they have."""

import subprocess
from pathlib import Path


def hint_to_version(path: str) -> str | None:
    """What to do about a raw file or folder that neither Git nor DVC has; None where there is nothing to do."""
    file = Path(path)
    with_dvc = (Path(f"{each}.dvc") for each in (file, *file.parents))
    if any(each.is_file() for each in with_dvc):
        return None
    try:
        listed = subprocess.run(["git", "ls-files", "--", path], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):  # no Git, or no repository: nothing is versioned here
        return None
    if listed:
        return None
    return (
        f"neither Git nor DVC has {path}; before experiments commit it, or `dvc add` it if large and commit {path}.dvc"
    )
