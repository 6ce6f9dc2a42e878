"""The example of covariates in data/README.md: its data set, and the two plans."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.example.shops import AHEAD, main, shops
from tests.projects import ROOT


def test_the_data_set_is_what_its_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shops.csv"
    monkeypatch.setattr("sys.argv", ["shops", str(file)])
    main()
    assert file.read_bytes() == (ROOT / "data/raw/shops.csv").read_bytes()
    assert file.stat().st_size < 100_000


def test_the_plans_differ_in_the_promotions_ahead_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plan.csv"
    monkeypatch.setattr("sys.argv", ["shops", str(file), "--no-promotions"])
    main()
    planned, without = shops(), pd.read_csv(file)
    last = planned.groupby("shop").cumcount(ascending=False).to_numpy() < AHEAD
    assert planned["sales"].isna().to_numpy().tolist() == last.tolist()
    assert without["promo"].to_numpy()[last].sum() == 0
    assert planned["promo"].to_numpy()[last].sum() == 8 * 7
    assert np.array_equal(planned["promo"][~last], without["promo"][~last])
    pd.testing.assert_frame_equal(planned.drop(columns="promo"), without.drop(columns="promo"), check_dtype=False)


def test_promotions_raise_sales_by_two_fifths_and_holidays_empty_shops() -> None:
    """Medians over days that differ in nothing else but the weekday's mean, in old shops."""
    table = shops().dropna(subset="sales").query("shop in ['shop 1', 'shop 2', 'shop 3', 'shop 4']")
    day = pd.to_datetime(table["date"])
    usual = (table["price"] == 10) & ~table["promo"]
    keys = [table["shop"], day.dt.dayofweek]
    ratio = table["sales"].astype(float) / table["sales"].where(usual).astype(float).groupby(keys).transform("median")
    assert ratio[(table["price"] == 10) & table["promo"]].median() == pytest.approx(1.4, abs=0.05)
    assert ratio[(table["price"] == 10) & (day == "2024-12-25")].max() < 0.7
