"""A published version, read from Git or through DVC, or named with what to do."""

from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.record.history import Published
from stages.record.version import read_version
from tests.projects import commit, shell
from tests.published import forecast_of, publish


def at(commit: str) -> Published:
    return Published(commit[:7], commit, None)


def test_the_method_and_the_promise_are_those_of_the_version(repository: Path) -> None:
    columns = {"model": [1, 2], "combination": [3, 4], "combination-lo-80": [1, 1], "combination-hi-80": [5, 5]}
    made = publish(repository, 3, forecast_of(3, columns), promise=[0.5, 0.7], method="combination")
    publish(repository, 4, forecast_of(4, {"model": [1, 2]}), promise=[9, 9])
    version = read_version(at(made))
    assert (version.method, version.levels) == ("combination", [80])
    assert version.promise is not None
    assert version.promise.by_step.tolist() == [0.5, 0.7]
    assert version.forecast["combination"].tolist() == [3, 4]


def test_earlier_versions_without_a_method_published_the_model_and_may_promise_nothing(repository: Path) -> None:
    version = read_version(at(publish(repository, 3, forecast_of(3, {"model": [1, 2]}))))
    assert (version.method, version.promise, version.levels) == ("model", None, [])


def test_a_forecast_in_the_cache_is_read_and_a_lost_one_is_named_with_the_remedy(repository: Path) -> None:
    forecast = forecast_of(3, {"model": [1, 2]})
    made = publish(repository, 3, forecast, tracked=True)
    with pytest.raises(UserError, match=r"^\w{7}: reports/forecast.csv is neither in the cache .* `dvc fetch"):
        read_version(at(made))
    (md5,) = (line.split()[1] for line in (repository / "dvc.lock").read_text().splitlines() if " md5: " in line)
    cached = repository / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    cached.write_text(forecast.to_csv(index=False))
    assert read_version(at(made)).forecast["model"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no columns unique_id, ds and model"),
        ("unique_id,ds,auto_ets\na,2020-01,1\n", "has no columns unique_id, ds and model"),
        ("unique_id,ds,model\na,2020-01,one\n", "cannot be read"),
        ('unique_id,ds,model\na,"2020-01,1\n', "cannot be read"),
    ],
)
def test_a_forecast_that_is_none_is_named(repository: Path, text: str, reason: str) -> None:
    (repository / "reports/forecast.csv").write_text(text)
    commit(repository, "odd")
    with pytest.raises(UserError, match=rf"^\w{{7}}: reports/forecast.csv {reason}"):
        read_version(at(shell("git", "rev-parse", "HEAD", cwd=repository).stdout.strip()))
