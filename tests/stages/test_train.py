"""Train: the loss curves that are written."""

import math

from stages.common.training import Epoch
from stages.train import loss_curves


def test_loss_curves_are_means_over_members() -> None:
    nan = math.nan
    curves = loss_curves(
        {
            (0, 0): [Epoch(1.0, 2.0, nan), Epoch(0.5, 0.2, nan)],
            (0, 1): [Epoch(3.0, 4.0, nan), Epoch(1.5, 0.4, nan)],
            (12, 0): [Epoch(7.0, 8.0, nan)],
        }
    )
    assert list(curves) == ["origin", "epoch", "loss", "last_batch"]
    assert curves["loss"].tolist() == [2, 1, 7]
    assert curves.loc[curves["origin"] == 12, "last_batch"].tolist() == [8]


def test_a_validation_part_has_its_column() -> None:
    curves = loss_curves({(0, 0): [Epoch(1.0, 2.0, 3.0)], (0, 1): [Epoch(1.0, 2.0, 5.0)]})
    assert curves["validation"].tolist() == [4]
