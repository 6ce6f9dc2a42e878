"""The output appears whole or not at all; its scores are those that utilsforecast computes from the table."""

import io
import os
import re
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from utilsforecast import losses

from stages.common.errors import UserError
from stages.common.params import Params
from stages.forecast import forecasting
from stages.forecast.forecasting import Forecast, forecast_panel
from stages.forecast.output import refuse_overwriting, write_evaluation, write_future
from stages.predict.forecaster import Forecaster
from tests.forecasters import forecaster_for, frame_of, seasonal, seasonal_panel
from tests.published import monthly

PANEL = seasonal_panel(60, 30, 5)
NAIVE = ["seasonal_naive"]


def future(forecaster: Forecaster) -> Iterator[Forecast]:
    return forecast_panel(forecaster, PANEL, 0, 3, NAIVE)


def breaking(forecaster: Forecaster, error: BaseException) -> Iterator[Forecast]:
    """A shard, and then an error."""
    yield from future(forecaster)
    raise error


@pytest.mark.parametrize("error", [UserError("a series that cannot be forecast"), KeyboardInterrupt()])
def test_the_file_appears_whole_or_not_at_all(forecaster: Forecaster, tmp_path: Path, error: BaseException) -> None:
    out = tmp_path / "forecast.csv"
    with pytest.raises(type(error)):
        write_future(breaking(forecaster, error), forecaster, out)
    assert list(tmp_path.iterdir()) == []
    out.write_text("before")
    with pytest.raises(type(error)):
        write_future(breaking(forecaster, error), forecaster, out)
    assert out.read_text() == "before"
    write_future(future(forecaster), forecaster, out)
    assert len(pd.read_csv(out)) == 9
    assert list(tmp_path.iterdir()) == [out]


def test_several_shards_have_one_header(
    forecaster: Forecaster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, parts = tmp_path / "whole.csv", tmp_path / "parts.csv"
    write_future(future(forecaster), forecaster, whole)
    warned = capsys.readouterr().err
    monkeypatch.setattr(forecasting, "SHARD", 1)
    write_future(future(forecaster), forecaster, parts)
    pd.testing.assert_frame_equal(pd.read_csv(parts), pd.read_csv(whole), rtol=1e-5)
    assert warned.startswith("warning: 1 of 3 series is too short for a window ('2')")
    assert capsys.readouterr().err == warned


def test_a_link_stays_one_and_a_pipe_is_written_as_it_is(forecaster: Forecaster, tmp_path: Path) -> None:
    real, link, pipe = (tmp_path / name for name in ("real.csv", "link.csv", "pipe"))
    link.symlink_to(real)
    write_future(future(forecaster), forecaster, link)
    assert link.is_symlink()
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_future(future(forecaster), forecaster, pipe)
    reader.join()
    assert read == [real.read_bytes()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "pipe", "real.csv"]


@pytest.mark.parametrize("name", ["", "missing/forecast.csv", "file/forecast.csv"])
def test_what_cannot_be_written_is_named(forecaster: Forecaster, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match=r"--out .* cannot be written: .*; name another file"):
        write_future(future(forecaster), forecaster, tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before


def test_data_are_not_overwritten(tmp_path: Path) -> None:
    data, link = tmp_path / "data.csv", tmp_path / "link.csv"
    data.touch()
    link.symlink_to(data)
    refuse_overwriting(data, None)
    refuse_overwriting(data, tmp_path / "other.csv")
    for out in (data, link, tmp_path / "." / "data.csv"):
        with pytest.raises(UserError, match="is FILE itself, which the forecast would replace; name another file"):
            refuse_overwriting(data, out)


def in_line(scores: list[str]) -> list[float]:
    return [float(number) for number in re.findall(r"(?:MASE|naive|cover) ([\d.]+)", ", ".join(scores))]


@pytest.mark.parametrize("method", ["model", "combination", "seasonal_naive"])
def test_scores_are_those_of_another_library(default_params: Params, tmp_path: Path, method: str) -> None:
    """MASE, scaled by the values before the origin, and coverage of the table that was written."""
    made = forecaster_for(PANEL, default_params, method, ("seasonal_naive", "auto_theta"))
    shards = forecast_panel(made, PANEL, 3, 3, made.baselines)
    scores = write_evaluation(shards, made, tmp_path / "evaluation.csv")
    table = pd.read_csv(tmp_path / "evaluation.csv", dtype={"unique_id": str})
    scaled = table[table["unique_id"] != "2"]  # which has no season before the origin
    before = frame_of(PANEL).groupby("unique_id").head(-3)
    train = before[before["unique_id"] != "2"]
    mase, naive = (
        losses.mase(scaled, models=[name], seasonality=12, train_df=train)[name].mean() for name in (method, *NAIVE)
    )
    covered = [100 * losses.coverage(table, models=[method], level=level)[method].mean() for level in (80, 95)]
    np.testing.assert_allclose(in_line(scores), [mase, naive, *covered], rtol=1e-3)


def test_intervals_that_cover_nothing_are_reported(forecaster: Forecaster, tmp_path: Path) -> None:
    jump = monthly([np.append(seasonal(60), [900.0, 900.0, 900.0])], 12)
    scores = write_evaluation(forecast_panel(forecaster, jump, 3, 3, NAIVE), forecaster, tmp_path / "out.csv")
    assert scores[2:] == ["80 % intervals cover 0 %", "95 % intervals cover 0 %"]


def test_constant_series_have_no_scale(forecaster: Forecaster, tmp_path: Path) -> None:
    constant = monthly([[5.0] * 40], 12)
    scores = write_evaluation(forecast_panel(forecaster, constant, 3, 3, NAIVE), forecaster, tmp_path / "out.csv")
    assert scores == ["1 series x 3 steps", "no scale for MASE"]
    assert pd.read_csv(tmp_path / "out.csv")["model"].tolist() == [5, 5, 5]


def test_scores_of_steps_that_training_knew_are_warned_of(
    forecaster: Forecaster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The panel ends in December 2024: its last three steps begin in October."""
    count = sum(length > 3 for length in PANEL.lengths)
    for until, months in [("2024-12-01", 3), ("2024-10-01", 1), ("2024-09-01", 0)]:
        made = replace(forecaster, trained_until=pd.Timestamp(until))
        write_evaluation(forecast_panel(made, PANEL, 3, 3, NAIVE), made, tmp_path / "out.csv")
        expected = f"warning: {months * count} of the {3 * count} values are not later than {until[:7]}, up to which"
        assert (expected in capsys.readouterr().err) is (months > 0)


def test_nothing_is_printed_where_no_series_is_long_enough(
    forecaster: Forecaster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    printed = io.StringIO()
    monkeypatch.setattr("sys.stdout", printed)
    short = monthly([[1.0, 2, 3]], 12)
    for out in (None, tmp_path / "out.csv"):
        with pytest.raises(UserError, match="no series has more than the 3 steps"):
            write_evaluation(forecast_panel(forecaster, short, 3, 3, NAIVE), forecaster, out)
    assert printed.getvalue() == ""
    assert list(tmp_path.iterdir()) == []
