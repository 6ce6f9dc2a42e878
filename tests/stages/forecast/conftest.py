"""A project of a forecaster and of files to forecast, without training."""

from pathlib import Path

import pytest

from stages.common.params import Params
from stages.predict.forecaster import Forecaster
from tests.forecasters import forecaster_for, seasonal_panel


@pytest.fixture
def forecaster(default_params: Params) -> Forecaster:
    """Of the model and the seasonal naive method, trained up to December 2024."""
    return forecaster_for(seasonal_panel(60, 30), default_params)


@pytest.fixture
def trained(forecaster: Forecaster, folder: Path) -> Path:
    """The working folder, with models/forecaster alone."""
    (folder / "models/forecaster").mkdir(parents=True)
    forecaster.write(folder / "models/forecaster")
    return folder
