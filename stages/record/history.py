"""The versions of the forecast that a branch has published: its commits whose reports/forecast.csv differ."""

import re
import subprocess
from dataclasses import dataclass
from datetime import datetime

from stages.common.errors import UserError, quoted, warn
from stages.common.paths import FORECAST, PANEL_SUMMARY

LOCK = "dvc.lock"
IN_LOCK = re.compile(rf"^ *- path: {re.escape(FORECAST.as_posix())}\n(?: +\w+: .*\n)*? +md5: (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Published:
    """A commit, the oldest one with its forecast.

    name: of the commit for people, with its tag if tags were asked for
    panel: the text of its reports/panel.json; None where Git has none
    """

    name: str
    commit: str
    panel: str | None


def published(tags: bool, since: str | None) -> list[Published]:
    """The versions on the first parent of HEAD, the oldest first.

    tags: of tagged commits alone
    since: a revision or a date; only versions that were first published after it

    Raises UserError where there is no repository, no such revision, or no version.
    """
    if not _git("rev-parse", "--verify", "--quiet", "HEAD"):
        raise UserError("no Git repository with a commit here, so no published forecast; run in the project's folder")
    if _git("rev-parse", "--is-shallow-repository").strip() == "true":
        warn("this clone is shallow, so versions before its first commit are not seen; `git fetch --unshallow`")
    commits = _lines("rev-list", "--first-parent", "--reverse", "HEAD")
    names = {commit: commit[:7] for commit in commits}
    if tags:
        names = {commit: f"{tag} ({commit[:7]})" for commit, tag in _tags().items()}
        commits = [commit for commit in commits if commit in names]
    first: dict[str, str] = {}
    for commit, forecast in zip(commits, _forecasts(commits), strict=True):
        if forecast is not None:
            first.setdefault(forecast, commit)
    after = set(commits if since is None else _after(since))
    found = [commit for commit in first.values() if commit in after]
    if not first:
        raise UserError(f"no {'tagged ' if tags else ''}commit here has {FORECAST}; commit dvc.lock after `dvc repro`")
    if not found:
        raise UserError(f"no commit after {since} here has a forecast of its own; name an earlier one, or no --since")
    panels = _texts([f"{commit}:./{PANEL_SUMMARY.as_posix()}" for commit in found])
    return [Published(names[commit], commit, panel) for commit, panel in zip(found, panels, strict=True)]


def _forecasts(commits: list[str]) -> list[str | None]:
    """What tells the forecast of each commit from others: its object in Git, or its hash in dvc.lock."""
    in_git = _objects([f"{commit}:./{FORECAST.as_posix()}" for commit in commits])
    locks = _objects([f"{commit}:./{LOCK}" for commit in commits])
    different = list({lock: None for lock in locks if lock is not None})
    texts = dict(zip(different, _texts(different), strict=True))
    hashes = {lock: IN_LOCK.search(text or "") for lock, text in texts.items()}
    of_locks = [hashes.get(lock) if lock else None for lock in locks]
    return [blob or (found[1] if found else None) for blob, found in zip(in_git, of_locks, strict=True)]


def _after(since: str) -> list[str]:
    """The commits after a revision, or from a date on."""
    revision = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
    if revision:
        return _lines("rev-list", "--first-parent", f"{revision.strip()}..HEAD")
    try:
        since_second = datetime.fromisoformat(since).timestamp()
    except ValueError:
        raise UserError(
            f"--since: no revision {quoted(since)} here, and it is no date; name a commit, a tag, or a date such as "
            "2026-01-31"
        ) from None
    stamped = (line.partition(" ") for line in _lines("log", "--first-parent", "--format=%H %ct", "HEAD"))
    return [commit for commit, _, seconds in stamped if int(seconds) >= since_second]


def _tags() -> dict[str, str]:
    """The tags by commit, of several the last in Git's order."""
    form = "%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end) %(refname:short)"
    rows = (line.partition(" ") for line in _lines("for-each-ref", f"--format={form}", "refs/tags"))
    return {commit: tag for commit, _, tag in rows}


def _objects(names: list[str]) -> list[str | None]:
    """The id of each object, `commit:./path`; None where there is none. One process for all."""
    answers = _git("cat-file", "--batch-check=%(objectname)", given="".join(f"{name}\n" for name in names))
    return [None if answer.endswith(" missing") else answer for answer in answers.splitlines()]


def _texts(names: list[str]) -> list[str | None]:
    """The text of each object; None where there is none. One process for all."""
    given = "".join(f"{name}\n" for name in names).encode()
    answers = subprocess.run(["git", "cat-file", "--batch"], input=given, capture_output=True, check=False).stdout
    texts: list[str | None] = []
    start = 0
    for _ in names:
        end = answers.index(b"\n", start)
        header = answers[start:end].decode(errors="replace")
        start = end + 1
        if header.endswith(" missing"):
            texts.append(None)
            continue
        size = int(header.rpartition(" ")[2])
        texts.append(answers[start : start + size].decode(errors="replace"))
        start += size + 1
    return texts


def _lines(*command: str) -> list[str]:
    return _git(*command).splitlines()


def _git(*command: str, given: str | None = None) -> str:
    """What a command of Git prints; nothing where it fails."""
    done = subprocess.run(["git", *command], input=given, text=True, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else ""
