"""Generate data/raw/shops.csv, the example of covariates in data/README.md: daily sales of eight shops.

    python -m tests.example.shops data/raw/shops.csv [--no-promotions]

Sales have a week's pattern, fall by 60 % on the public holidays of England, rise by 40 % in a promotion, and fall by
1.5 % where the price rises by 1 %. Four shops are ten weeks old. Prices and promotions of the two weeks after the last
sale are planned; `--no-promotions` writes the plan without any.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from stages.panel.calendars import calendar

OLD, NEW, AHEAD = 400, 70, 14  # days
WEEK = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.5, 0.8])  # from Monday on
LIST_PRICE = 10.0
PROMOTION, HOLIDAY, ELASTICITY, NOISE = 0.4, -0.6, -1.5, 0.08


def shops(promotions: bool = True) -> pd.DataFrame:
    """The table; with promotions in the days to forecast, or without."""
    random = np.random.default_rng(0)
    parts = [_shop(number, OLD if number < 4 else NEW, random, promotions) for number in range(8)]
    return pd.concat(parts, ignore_index=True)


def _shop(number: int, steps: int, random: np.random.Generator, promotions: bool) -> pd.DataFrame:
    days = pd.date_range(end="2025-06-29", periods=steps + AHEAD)
    size = ("large", "small")[number % 2]
    price = np.round(LIST_PRICE + random.choice([-1, 0, 0, 1], -(-len(days) // 28)).repeat(28)[: len(days)], 2)
    promo = np.repeat(random.random(-(-len(days) // 7)) < 0.2, 7)[-len(days) :]
    promo[-AHEAD:] = [False] * 7 + [promotions] * 7
    is_holiday = days.isin(calendar("GB-ENG", 2024, 2025))
    level = (300 if size == "large" else 90) * np.exp(random.normal(0, 0.2))
    sales = level * WEEK[days.dayofweek] * (price / LIST_PRICE) ** ELASTICITY
    sales = sales * (1 + PROMOTION * promo) * (1 + HOLIDAY * is_holiday) * np.exp(random.normal(0, NOISE, len(days)))
    visitors = sales * 4 * np.exp(random.normal(0, 0.1, len(days)))
    later = np.arange(len(days)) >= steps
    return pd.DataFrame(
        {
            "shop": f"shop {number + 1}",
            "date": days.strftime("%Y-%m-%d"),
            "sales": pd.array(np.where(later, np.nan, np.round(sales)), dtype="Int64"),
            "price": price,
            "promo": promo,
            "visitors": pd.array(np.where(later, np.nan, np.round(visitors)), dtype="Int64"),
            "size": size,
        }
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--no-promotions", action="store_true", help="in the days to forecast")
    given = arguments.parse_args()
    shops(promotions=not given.no_promotions).to_csv(given.file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
