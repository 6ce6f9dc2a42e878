"""Which commits are versions of the forecast."""

from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.record.history import published
from tests.projects import commit, shell
from tests.published import forecast_of, publish


def commits(tags: bool = False, since: str | None = None) -> list[str]:
    return [each.commit for each in published(tags, since)]


def test_commits_with_the_same_forecast_are_one_version_named_by_the_oldest(repository: Path) -> None:
    """Whether the forecast is in Git or by its hash in dvc.lock; a commit without a forecast is none."""
    commit(repository, "no forecast yet")
    first = publish(repository, 3, forecast_of(3, {"model": [1, 2]}))
    (repository / "note.txt").write_text("the same forecast")
    commit(repository, "same")
    second = publish(repository, 4, forecast_of(4, {"model": [1, 2]}), tracked=True)
    (repository / "note.txt").write_text("the same again")
    commit(repository, "same")
    found = published(tags=False, since=None)
    assert [(each.name, each.commit) for each in found] == [(first[:7], first), (second[:7], second)]
    assert [each.panel for each in found] == ['{"last": "2020-03"}', '{"last": "2020-04"}']


def test_only_the_first_parent_counts(repository: Path) -> None:
    first = publish(repository, 3, forecast_of(3, {"model": [1, 2]}))
    shell("git", "checkout", "--quiet", "-b", "side", cwd=repository)
    publish(repository, 3, forecast_of(3, {"model": [9, 9]}))
    third = publish(repository, 4, forecast_of(4, {"model": [1, 2]}))
    shell("git", "checkout", "--quiet", "main", cwd=repository)
    shell("git", "merge", "--quiet", "--no-ff", "side", "--message=merge", cwd=repository)
    merge = shell("git", "rev-parse", "HEAD", cwd=repository).stdout.strip()
    assert commits() == [first, merge]
    assert third not in commits()


def test_since_a_commit_a_tag_or_a_date(repository: Path) -> None:
    """A forecast that was first published before is no version, though later commits have it, too."""
    made = [
        publish(repository, cutoff, forecast_of(cutoff, {"model": [cutoff, 2]}), date=f"2020-0{cutoff}-15T12:00:00Z")
        for cutoff in (3, 4, 5)
    ]
    shell("git", "tag", "v1", made[0], cwd=repository)
    (repository / "note.txt").write_text("the same forecast")
    commit(repository, "same", "2020-06-15T12:00:00Z")
    assert commits(since=made[1]) == made[2:]
    assert commits(since="v1") == made[1:]
    assert commits(since="2020-04-15") == made[1:]
    assert commits(since="2020-04-16") == made[2:]
    for since in ("HEAD", "2020-06-01", "2100-01-01"):
        with pytest.raises(UserError, match=f"no commit after {since} here has a forecast of its own"):
            commits(since=since)


def test_tagged_commits_are_named_by_their_tags(repository: Path) -> None:
    """Also by an annotated tag, whose object is none of the commits."""
    made = [publish(repository, cutoff, forecast_of(cutoff, {"model": [cutoff, 2]})) for cutoff in (3, 4, 5)]
    shell("git", "tag", "v1", made[0], cwd=repository)
    shell("git", "tag", "--annotate", "--message=two", "v2", made[2], cwd=repository)
    assert [each.name for each in published(tags=True, since=None)] == [f"v1 ({made[0][:7]})", f"v2 ({made[2][:7]})"]
    assert commits(tags=True, since="v1") == [made[2]]


def test_a_shallow_clone_is_warned_of(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [publish(repository, cutoff, forecast_of(cutoff, {"model": [cutoff, 2]})) for cutoff in (3, 4)]
    shell("git", "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow", cwd=tmp_path)
    monkeypatch.chdir(tmp_path / "shallow")
    assert commits() == made[1:]
    assert "this clone is shallow" in capsys.readouterr().err


def test_refusals(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repository, "no forecast")
    with pytest.raises(UserError, match=r"^no commit here has reports/forecast.csv; commit dvc.lock after `dvc repro`"):
        commits()
    publish(repository, 3, forecast_of(3, {"model": [1, 2]}))
    with pytest.raises(UserError, match=r"^no tagged commit here has reports/forecast.csv"):
        commits(tags=True)
    for odd in ("nowhere", "2020", "-x", "HEAD:reports", ""):
        with pytest.raises(UserError, match=r"^--since: no revision '.*' here, and it is no date; name a commit"):
            commits(since=odd)
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(UserError, match=r"^no Git repository with a commit here"):
        commits()
