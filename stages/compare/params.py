"""The parameters of `compare`: how much worse a version may be."""

from stages.common.params import NonNegative, Section


class Compare(Section):
    mase: NonNegative | None
    smape: NonNegative | None
    mape: NonNegative | None
    mae: NonNegative | None
    rmse: NonNegative | None
    msis: NonNegative | None
    coverage: NonNegative | None
