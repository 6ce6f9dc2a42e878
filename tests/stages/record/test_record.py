"""The record as a whole, by hand: five months, each with a commit of its own, one with its data lost."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.record.alarm import SHORTEST_BLOCK
from stages.record.history import published
from stages.record.record import Record, make_record
from stages.record.scores import Actuals
from tests.published import amend, forecast_of, monthly, publish

Y = [10.0, 12, 10, 12, 10, 13, 9, 14, 10]


def record() -> Record:
    return make_record(published(tags=False, since=None), Actuals(monthly([Y])))


@pytest.fixture
def five(repository: Path) -> list[str]:
    """The data reach month 5, 6, 7, 8 and 9; the forecast from month 7 is lost; the last has no actual value yet."""
    columns = {"model": [11, 11, 11], "seasonal_naive": [12, 12, 12], "model-lo-80": [9] * 3, "model-hi-80": [13] * 3}
    return [
        publish(repository, cutoff, forecast_of(cutoff, columns), promise=[0.5, 0.75, 1], tracked=cutoff == 7)
        for cutoff in (5, 6, 7, 8, 9)
    ]


def test_five_months(five: list[str]) -> None:
    """The values after month 5 are 13, 9, 14, 10, forecast to be 11; the changes before them, 2, 2, 2, 2, 3, 4, 5."""
    found = record()
    assert [version.name for version in found.versions] == [five[at][:7] for at in (0, 1, 3)]
    assert [version.cutoff for version in found.versions] == [4, 5, 7]
    assert (found.waiting, found.others, [name for name, _ in found.lost]) == (1, 0, [five[2][:7]])
    assert found.lost[0][1].startswith("reports/forecast.csv is neither in the cache")
    by_version = found.by("version")
    scales = [2.0, 11 / 5, 20 / 7]
    errors = [[2, 2, 3], [2, 3, 1], [1]]
    naive = [[1, 3, 2], [3, 2, 2], [2]]
    assert by_version["values"].tolist() == [3, 3, 1]
    assert by_version["mase"].tolist() == pytest.approx([np.mean(e) / s for e, s in zip(errors, scales, strict=True)])
    assert by_version["seasonal_naive"].tolist() == pytest.approx(
        [np.mean(e) / s for e, s in zip(naive, scales, strict=True)]
    )
    assert by_version["promised"].tolist() == [0.75, 0.75, 0.5]
    assert by_version["coverage_80"].tolist() == pytest.approx([200 / 3, 200 / 3, 100])
    by_step = found.by("place")
    assert by_step["values"].to_dict() == {5: 1, 6: 2, 7: 2, 8: 2}
    assert by_step["mase"][6] == pytest.approx((2 / scales[0] + 2 / scales[1]) / 2)
    assert by_step["promised"][8] == pytest.approx((1 + 0.5) / 2)


def test_blocks_are_counted_from_the_first_cutoff(five: list[str]) -> None:
    """The first block is months 6 to 8; the second is not complete."""
    found = record()
    assert found.sums.groupby("block")["place"].agg(["min", "max"]).to_numpy().tolist() == [[5, 7], [8, 8]]
    (block,) = found.blocks
    expected = (7 / 2 + (2 + 3) / 2.2) / (0.5 + 0.75 + 1 + 0.5 + 0.75)
    assert block.ratio == pytest.approx(expected)


def test_a_block_has_six_steps_at_least(five: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean error of fewer varies too much."""
    monkeypatch.setattr("stages.record.record.SHORTEST_BLOCK", SHORTEST_BLOCK)
    found = record()
    assert (found.block_steps, found.blocks) == (6, [])


def test_the_summary_is_flat_and_finite(five: list[str]) -> None:
    summary = record().summary()
    assert list(summary) == [
        "since", "until", "versions", "values", "mase", "promised", "seasonal_naive", "coverage_80", "alarm",
        "alarm_rate", "worst_series", "lost_versions",
    ]  # fmt: skip
    assert (summary["since"], summary["until"], summary["versions"], summary["values"]) == ("2020-05", "2020-09", 3, 7)
    assert summary["mase"] == pytest.approx((7 / 2 + 6 / 2.2 + 1 * 7 / 20) / 7, rel=1e-5)
    assert summary["promised"] == pytest.approx((2.25 + 2.25 + 0.5) / 7, rel=1e-5)
    assert summary["lost_versions"] == 1


def test_a_value_without_a_promise_leaves_none_for_the_whole(repository: Path) -> None:
    publish(repository, 5, forecast_of(5, {"model": [11, 11]}), promise=[0.5, 0.75])
    publish(repository, 6, forecast_of(6, {"model": [11, 11]}))
    found = record()
    assert found.summary()["promised"] is None
    assert found.by("version")["promised"].tolist() == pytest.approx([0.625, np.nan], nan_ok=True)
    assert [block.number for block in found.blocks] == [1]  # the test is of the first version's alone


def test_versions_of_something_else_are_counted_and_not_read(repository: Path) -> None:
    publish(repository, 30, forecast_of(30, {"model": [1, 2]}), tracked=True)
    publish(repository, 6, forecast_of(6, {"model": [1, 2]}, series="another"))
    publish(repository, 9, forecast_of(9, {"model": [1, 2]}), tracked=True)
    found = record()
    assert (found.others, found.waiting, found.lost, found.summary()) == (2, 1, [], {"versions": 0})


def test_a_version_that_does_not_say_what_its_data_reached_is_scored_after_its_cutoff(repository: Path) -> None:
    """One without reports/panel.json, and one with a text that is none."""
    for cutoff, text in ((5, None), (6, "[")):
        publish(repository, cutoff, forecast_of(cutoff, {"model": [11, 11]}))
        (repository / "reports/panel.json").unlink()
        if text:
            (repository / "reports/panel.json").write_text(text)
        amend(repository)
    assert [version.cutoff for version in record().versions] == [4, 5]


def test_the_series_that_break_most_are_measured_by_their_own_promise(repository: Path) -> None:
    """Both miss by as much; the second did so in the backtest, too."""
    both = pd.concat([forecast_of(5, {"model": [15, 15]}, name) for name in "01"], ignore_index=True)
    publish(repository, 5, both, promise=[1.0, 1.0])
    path = repository / "reports/errors.csv"
    errors = pd.read_csv(path, dtype={"unique_id": str})
    errors.assign(model=np.where(errors["unique_id"] == "1", 3.0, 1.0)).to_csv(path, index=False)
    amend(repository)
    steady = [10.0, 12, 10, 12, 10, 11, 11]
    found = make_record(published(tags=False, since=None), Actuals(monthly([steady, steady])))
    worst = found.worst
    relative = {"0": (2 * 0.5 + 1) / 3, "1": (2 * 1.5 + 1) / 3}
    assert worst["promise"].to_dict() == pytest.approx({"0": relative["0"], "1": relative["1"]})
    assert worst["error"].to_dict() == {"0": 2.0, "1": 2.0}
    assert list(worst.index) == ["0", "1"]
    assert record().worst.empty  # of one series there is none to name
