"""The trials of a plan: every run of its sweeps, with what it takes to know and to make it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from mghp.config.identity import config_key
from mghp.config.load import load_config, variant_names
from mghp.config.packaged import packaged
from mghp.config.schema import Config
from mghp.reproduce.begun import beginning_in_its_own_runs
from mghp.reproduce.finished import finished_run
from mghp.reproduce.kinds import Kind, kind_after, known_kinds
from mghp.reproduce.profiles import Size
from mghp.runs.folder import is_finished, run_path
from mghp.sweep.identity import Identity
from mghp.sweep.parameters import Parameter, choice, grid, trial_values
from mghp.sweep.sweep_file import read_sweep


@dataclass
class Trial:
    """One run of a section.

    Attributes:
        config: the whole.
        kind: of the run.
        seconds: it may take on two CPU cores.
        adopts_committed: whether a run that is committed with the project may stand for it.
    """

    config: Config
    kind: Kind
    seconds: float
    adopts_committed: bool
    _run: Identity | None = None

    @property
    def label(self) -> str:
        """The name in the progress display, e.g. `components full seed 1`."""
        config = self.config
        rotation = f"{config.data.augmentation.rotation:g} degrees" if config.experiment == "rotation" else ""
        seed = f"seed {config.seed}" if config.seed else ""
        return " ".join(word for word in (config.experiment, config.variant or rotation, seed) if word)

    @property
    def is_finished(self) -> bool:
        """True if a finished run stands for the trial."""
        run = self.run()
        return run is not None and is_finished(run.folder, run.key)

    def run(self) -> Identity | None:
        """Return the run, wherever a finished one lies; None while it needs weights that are not there."""
        fingerprint = self.kind.fingerprint(self.config) if self._run is None else None
        if fingerprint is not None:
            adopted = finished_run(self.config, fingerprint) if self.adopts_committed else None
            folder = adopted or run_path(self.config, fingerprint)
            self._run = Identity(config_key(self.config, fingerprint), folder, writes_key=True)
        return self._run

    def followed_by(self, name: Literal["failures", "evaluation"], config: Config, seconds: float) -> "Trial":
        """Return the trial that looks at what this one, a training, has learned.

        Args:
            name: of its kind, see `kind_after`.
            config: the whole, but for the name of its experiment.
            seconds: it may take on two CPU cores.
        """
        training = self.run()
        assert training is not None  # of those that begin anew
        config = replace(config, experiment=f"{config.experiment}_{name}")
        return Trial(config, kind_after(training, name), seconds, self.adopts_committed)


@dataclass(frozen=True)
class Section:
    """Trials that are told of together.

    Attributes:
        name: one of those of `mghp reproduce --only`, or `paper`.
        trials: in the order in which they run and are reported.
    """

    name: str
    trials: list[Trial]

    @property
    def minutes(self) -> float:
        """The minutes that it may take on two CPU cores, if nothing is finished."""
        return sum(trial.seconds for trial in self.trials) / 60


def trials_of(sizes: Sequence[Size], overrides: Sequence[str], adopts_committed: bool = True) -> list[Trial]:
    """Return the trials of a section's sweeps, each once though several have it.

    Raises:
        InputError: as `configs_of`, or if a file of data is missing or broken.
    """
    kinds = known_kinds()
    trials: dict[str, Trial] = {}
    for size in sizes:
        for config in configs_of(size, overrides):
            if not adopts_committed:
                config = beginning_in_its_own_runs(config)
            trials.setdefault(repr(config), Trial(config, kinds[size.kind], size.seconds, adopts_committed))
    for trial in trials.values():
        trial.run()  # now: faulty data are told before anything runs
    return list(trials.values())


def configs_of(size: Size, overrides: Sequence[str]) -> list[Config]:
    """Return the configs of a size: those that `wandb agent` and `mghp sweep` would run, but for its settings.

    Raises:
        InputError: if an override does not fit the schema, or the files are not there.
    """
    experiment, points = _points(size)
    given = [text for text in overrides if not text.startswith(size.withheld)]
    configs = []
    for point in points:
        settings = [f"{key}={value}" for key, value in point.items()]
        # A grid of solvers stays one whatever is given; of trainings seed=3 makes one run of all seeds.
        decided = [*given, *settings] if size.kind == "match" else [*settings, *given]
        configs.append(load_config(experiment, ["wandb.mode=disabled", *size.settings, *decided]))
    return configs


def _points(size: Size) -> tuple[Path, list[dict[str, Any]]]:
    """Return the experiment file, and the settings of each trial."""
    file = packaged(size.file)
    if not size.file.startswith("sweeps/"):
        return file, [{"variant": name} for name in variant_names(file)] or [{}]
    sweep = read_sweep(file)
    parameters = [_replaced(parameter, size.values) for parameter in sweep.parameters]
    points = [trial_values(parameters, point) for point in grid(parameters)]
    experiment = next(word for word in sweep.command if word.startswith("experiments/"))
    return packaged(experiment), [_equal_cost(point) for point in points] if size.at_equal_cost else points


def _replaced(parameter: Parameter, values: Mapping[str, Sequence[Any]]) -> Parameter:
    name = parameter.name.rpartition(".")[2]
    return choice(parameter.path, values[name]) if name in values else parameter


def _equal_cost(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return one projection at tau = T alpha with T N cycles."""
    steps, cycles, step_size = (point[f"matcher.pgd_dykstra.{key}"] for key in ("num_steps", "num_cycles", "step_size"))
    # The rounded product: 50 * 0.01 and 5 * 0.1 name the same run.
    return {"matcher.projection.tau": round(steps * step_size, 9), "matcher.projection.num_cycles": steps * cycles}
