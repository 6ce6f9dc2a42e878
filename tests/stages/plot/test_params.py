"""A figure stays readable, and takes seconds and megabytes."""

import pytest

from stages.common.params import Params
from tests.builders import change


@pytest.mark.parametrize(("key", "value", "bound"), [("series", 25, 24), ("series", 10**9, 24), ("dpi", 301, 300)])
def test_more_than_a_figure_can_show_is_refused(default_params: Params, key: str, value: int, bound: int) -> None:
    with pytest.raises(ValueError, match=rf"plot\.{key} is {value}; it must be less than or equal to {bound}"):
        change(default_params, **{f"plot__{key}": value})
