"""The configuration of a forecaster's folder: what its fields hold, and how they agree."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from stages.common.params import Params
from stages.predict.config import Config, StoredCalibration
from stages.predict.intervals import Calibration
from stages.predict.spread import PROBABILITIES, Typical
from tests.forecasters import forecaster_for, seasonal_panel
from tests.raw_files import cases


@pytest.mark.parametrize("known", [True, False])
def test_a_calibration_survives_json(known: bool) -> None:
    scores = np.stack([PROBABILITIES - 0.5 if known else np.full(len(PROBABILITIES), np.nan), 2 * PROBABILITIES - 1])
    calibration = Calibration(scores, 0.5, 0.25, Typical(0.1, 0.2) if known else Typical(np.nan, np.nan))
    text = json.dumps(StoredCalibration.of(calibration).model_dump(), allow_nan=False)
    found = StoredCalibration.model_validate(json.loads(text)).restored()
    np.testing.assert_array_equal(found.scores, scores)
    assert (found.growth, found.own) == (0.5, 0.25)
    np.testing.assert_array_equal([found.typical.change, found.typical.reach], [0.1, 0.2] if known else [np.nan] * 2)


@cases(
    ("wrong", "words"),
    [
        ("a method without intervals", {"method": "auto_ets"}, "no intervals of 'auto_ets'"),
        ("a season of its own", {"seasons": [7.0]}, "seasons that the input does not have"),
        ("no number of a season", {"seasons": ["12"]}, "seasons"),
        ("a time with a zone", {"trained_until": "2024-12-01T00:00:00+00:00"}, "no time without a zone"),
        ("no time", {"trained_until": "NaT"}, "no time without a zone"),
        ("a step where times are", {"trained_until": 12}, "no step of the frequency"),
        ("a text that should be a truth", {"method_is_auto": "yes"}, "method_is_auto"),
        ("ids that are numbers", {"trained_on": [1]}, "trained_on"),
        ("a field that nobody knows", {"more": 1}, "more"),
    ],
)
def test_fields_that_are_wrong_or_do_not_agree(
    default_params: Params, tmp_path: Path, wrong: dict[str, Any], words: str
) -> None:
    forecaster_for(seasonal_panel(40), default_params).write(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    Config.model_validate(values)
    with pytest.raises(ValidationError, match=words):
        Config.model_validate({**values, **wrong})
