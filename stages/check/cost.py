"""What a run costs, known before it: networks, their steps, the baselines, and the time that all of them take.

The rates are measured on one core of a processor of 2023. Training on a GPU is not estimated.
"""

from dataclasses import dataclass

import numpy as np

from stages.check.words import duration
from stages.common.arrays import Ints
from stages.common.errors import counted
from stages.common.params import Params
from stages.compute.memory import processes
from stages.compute.params import Compute
from stages.ingest.params import Ingest
from stages.normalize.histories import normalize, scaled_covariates, seasons_in_use
from stages.normalize.known_ahead import check_known_ahead
from stages.normalize.origins import Origins, plan_origins, refuse_long_horizon
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import Panel
from stages.predict.baselines import BASELINES, choose_baselines
from stages.predict.params import Predict
from stages.train.cost import NetworkSize, training_hours
from stages.train.params import Model, Train
from stages.window.cutting import a_window, training_cuts, warn_of_short_histories, warn_of_unused_covariates
from stages.window.features import Source, count_computed
from stages.window.params import Window
from stages.window.windows import Windows, known_before

START = 10.0  # seconds in which the six stages import their libraries, one after another, and draw the report
QUICK = 2  # members of a quick look
LITTLE = 5.0  # seconds that are not worth a word
PER_CUT = 2.5e-5  # seconds to compute features and experts at a cut, or at an origin of its record
PER_COVARIATE = 2e-5  # more for each column that changes with time: within a factor of two on three panels


@dataclass(frozen=True)
class Work:
    """The work of a run: at each training origin a network for each member, and the baselines.

    training_origins: how many have a window to train on
    independent: how many of these a member is trained at independently of the others: one, or all
    latest: of the training origins
    windows: for training, at the latest training origin
    size: steps of a window
    experts: how many forecasts of experts a window has
    without_window: how many series have too few known values for one at their ends
    steps, step_seconds: steps of the optimizer of each member, and the seconds of each on one core
    baselines: their names
    cuts: at which features and experts are computed, at all origins
    cut_seconds: of each on one core
    lengths: (H,) of the histories of all origins
    season_length: of the baselines
    """

    training_origins: int
    independent: int
    latest: int
    windows: int
    size: int
    experts: int
    without_window: int
    steps: int
    step_seconds: float
    cuts: int
    cut_seconds: float
    baselines: list[str]
    lengths: Ints
    season_length: int

    def seconds(self, members: int, cores: int) -> float:
        """The time of a run with so many members on so many cores."""
        cutting = self.cuts * self.cut_seconds / cores
        return START + 3600 * self.training_hours(members, cores) + cutting + self.baseline_seconds(cores)

    def training_hours(self, members: int, cores: int) -> float:
        """The part of the time that so many members take."""
        networks = members * self.independent
        return training_hours(networks, self.steps / self.independent, self.step_seconds, cores)

    def baseline_seconds(self, cores: int) -> float:
        """The part of the time that the baselines take."""
        return sum(BASELINES[name].cost(self.lengths, self.season_length) for name in self.baselines) / cores


def describe_cost(panel: Panel, settings: Params) -> list[tuple[str, str]]:
    """A name and a text for what a run does and how long it takes.

    Raises UserError where the horizon is no shorter than the longest series, where a future covariate is missing over
    the horizon and nothing may be missing, and where a logarithm of a value is demanded that has none.
    """
    refuse_long_horizon(settings[Backtest], panel)
    check_known_ahead(panel, settings[Backtest].horizon, settings[Ingest].missing, settings[Ingest].path)
    seasons = seasons_in_use(panel, settings[Normalize])
    warn_of_unused_covariates(panel.covariate_counts, settings[Window])
    if settings[Normalize].log is True:
        normalize(panel.at(0), settings[Normalize], seasons=[])
    origins = plan_origins(settings[Backtest], panel).within(int(panel.lengths.max()))
    work, members = plan_work(panel, origins, settings), settings[Train].members
    latest = panel.at(work.latest)
    covariates = scaled_covariates(latest, latest.lengths, 0)
    warn_of_short_histories(latest.flat, latest.lengths, seasons, covariates, settings[Window])
    cores = processes(settings[Compute]) or 1
    evaluated = f"{len(origins.evaluation)} to evaluate, {len(origins.calibration)} to calibrate intervals, 1 final"
    on = f"on {counted(cores, 'core')}"
    lines = [
        ("horizon", f"{counted(settings[Backtest].horizon, 'step')} (backtest.horizon)"),
        ("origins", f"{len(origins.all)}: {evaluated}"),
    ]
    where = "at the final origin"
    if work.latest:
        where = f"at the last training origin, {counted(work.latest, 'step')} before the end (backtest.refit)"
    if not work.windows:
        too_few = f"no series has enough values for a window and the horizon {where}; `window` will refuse this"
        return [*lines, ("training", too_few)]
    if settings[Window].experts and not work.experts:
        none = f"none of the experts {settings[Window].experts} forecasts such series; `window` will refuse this"
        return [*lines, ("training", none)]
    networks = f"{counted(members, 'member')} x {counted(work.training_origins, 'training origin')}"
    lines += [
        ("training", f"{networks}, {counted(work.steps, 'step')} of the optimizer for each member"),
        ("windows", f"{work.windows:,} of {counted(work.size, 'step')} {where}{_too_few(work.without_window)}"),
        (
            "baselines",
            f"{', '.join(work.baselines)}, on {counted(int(work.lengths.sum()), 'value')}; they take "
            f"{_share(work.baseline_seconds(cores))} of the time (predict.baselines)",
        ),
        ("a run takes", f"about {duration(work.seconds(members, cores))} {on}, half or twice that on other processors"),
    ]
    most, known = settings[Compute].max_hours, processes(settings[Compute]) is not None
    if known and most is not None and work.training_hours(members, cores) > most:
        refused = f"without a GPU `train` will refuse to take more than compute.max_hours ({most:g})"
        return [*lines, ("too long", f"{refused}: set train.epochs or train.update_epochs to fewer")]
    quick = duration(work.seconds(QUICK, cores))
    if members > QUICK and quick != duration(work.seconds(members, cores)):
        command = f"`dvc exp run -S train.members={QUICK}`"
        lines.append(
            (
                "quick look",
                f"{command}: about {quick} {on}, with slightly larger errors; it leaves {QUICK} in params.yaml",
            )
        )
    return lines


def _share(seconds: float) -> str:
    return duration(seconds) if seconds >= LITTLE else "little"


def _too_few(series: int) -> str:
    if not series:
        return ""
    have, their = ("has", "its") if series == 1 else ("have", "their")
    return f"; {counted(series, 'series', 'series')} {have} too few values for one: the last season is {their} forecast"


def plan_work(panel: Panel, origins: Origins, settings: Params) -> Work:
    """The work of a run of these parameters; the windows are counted, not cut."""
    train, window = settings[Train], settings[Window]
    shape, seasons = windows_like_those(panel, settings), seasons_in_use(panel, settings[Normalize])

    def cuts_at(origin: int) -> tuple[Ints, Ints]:
        history = panel.at(origin)
        return training_cuts(history.flat, history.lengths, seasons, window, settings[Backtest].horizon)

    def computed(series: Ints, before: Ints) -> int:
        source = Source(np.zeros(0, dtype=np.float32), panel.lengths, seasons, shape.targets, window)
        return count_computed(source, series, before)

    training = {origin: cuts_at(origin) for origin in set(origins.trained_at(settings[Backtest].refit).values())}
    counts = [len(training[origin][0]) for origin in sorted(training, reverse=True)]
    windows, counts = counts[-1], [each for each in counts if each]
    histories = [panel.at(origin) for origin in origins.all]
    ends = [(np.flatnonzero(history.lengths), history.lengths[history.lengths > 0]) for history in histories]
    return Work(
        training_origins=len(counts),
        independent=train.independent(len(counts)),
        latest=min(training),
        windows=windows,
        size=shape.size,
        experts=shape.cuts.experts.shape[1],
        without_window=int((known_before(panel.y, panel.indptr[1:], panel.lengths) < shape.min_length).sum()),
        steps=sum(train.steps_of(each, goes_on=place > 0) for place, each in enumerate(counts)),
        step_seconds=NetworkSize.of(shape, settings[Model]).seconds(min(train.batch_of(windows), windows)),
        cuts=sum(computed(*cuts) for cuts in (*training.values(), *ends)),
        cut_seconds=PER_CUT + PER_COVARIATE * panel.covariate_counts.of_time,
        baselines=choose_baselines(settings[Predict].baselines, histories, settings[Predict].needed_baseline),
        lengths=np.concatenate([history.lengths for history in histories]),
        season_length=panel.season_length,
    )


def windows_like_those(panel: Panel, settings: Params) -> Windows:
    """The window at the end of a single value: in size, channels, features and experts as those of a run."""
    seasons = seasons_in_use(panel, settings[Normalize])
    return a_window(seasons, settings[Window], settings[Backtest].horizon, panel.covariate_counts)
