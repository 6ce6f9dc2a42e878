"""Errors of half ensembles, which tell how much an ensemble's error varies with the training alone.

If the members of an ensemble are trained independently, the errors of its two halves differ by nothing but training.
Half that difference has the mean 0 and, where no forecast of a half crosses the actual value, exactly the variance of
the whole ensemble's error from training; M members have M - 1 such differences that are not correlated, as many as
contrasts. Halves, and not all members but one, because the absolute error has a corner at the actual value, at which
the jackknife can be wrong and half samples are not (Shao and Wu, A general theory for jackknife variance estimation,
1989).
"""

import numpy as np
from scipy.linalg import hadamard

from stages.common.arrays import Bools, Floats, mean_known

MOST_SPLITS = 7  # of eight members, all that are not correlated


def split_members(members: int) -> Bools:
    """(K, M) which members are in the first half, for K splits; none for a single member.

    Rows of the Hadamard matrix of the next power of two: every two are orthogonal, or nearly so where M is no power of
    two. The halves differ in size by at most one member.
    """
    if members < 2:
        return np.zeros((0, members), dtype=np.bool_)
    signs = hadamard(1 << (members - 1).bit_length())[1:, :members]
    balanced: Bools = signs[np.abs(signs.sum(axis=1)) <= 1][:MOST_SPLITS] > 0
    return balanced


def half_differences(actual: Floats, members: Floats) -> Floats:
    """(S, K) for each split, the difference of the mean absolute errors of its halves, whose forecasts are means.

    actual: (S, horizon) NaN where it is not known
    members: (S, M, horizon)

    Times sqrt(a b) / M for halves of a and b members, which is a half for equal ones: the variance is then that of the
    mean over all M.
    """
    count = members.shape[1]
    differences = np.empty((len(actual), 0))
    for first in split_members(count):
        errors = [mean_known(np.abs(actual - np.mean(members[:, half], axis=1))) for half in (first, ~first)]
        scale = np.sqrt(first.sum() * (~first).sum()) / count
        differences = np.column_stack([differences, scale * (errors[0] - errors[1])])
    return differences
