"""Copies of the results that are in Git, for DVC's cache."""

import shutil

from stages.common import paths

IN_GIT = [
    paths.BACKTEST,
    paths.ERROR_BY_STEP,
    paths.ERRORS,
    paths.HALF_ENSEMBLES,
    paths.LOSS,
    paths.METRICS,
    paths.NORMALIZE_SUMMARY,
    paths.PANEL_SUMMARY,
    paths.TRAIN_SUMMARY,
    paths.WINDOW_SUMMARY,
]  # and the figures


def copy_results_in_git() -> None:
    """DVC pushes only what it caches, and its run cache restores a stage only with the bytes of all its outputs."""
    paths.fresh_folder(paths.REPORTS_COPY)
    for report in IN_GIT:
        shutil.copyfile(report, paths.REPORTS_COPY / report.name)
    paths.fresh_folder(paths.FIGURES_COPY)
    shutil.copytree(paths.FIGURES, paths.FIGURES_COPY, dirs_exist_ok=True)
