"""The kinds of runs that a reproduction makes: the data that each is of, and how it is made in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from mghp.config.schema import Config
from mghp.datasets.pictures import training_fingerprint, validation_fingerprint, with_tuning
from mghp.problems.load import featured_fingerprint, load_problems, problems_fingerprint
from mghp.problems.problem_set import ProblemSet
from mghp.progress import Progress
from mghp.reproduce.begun import USUAL_RUNS, begun_from
from mghp.reproduce.finished import COMMITTED, committed_fingerprint, finished_run
from mghp.runs.folder import run_path
from mghp.sweep.identity import Identity, once_per_data
from mghp.training.resume import interrupted_run


@dataclass(frozen=True)
class Kind:
    """A kind of runs.

    Attributes:
        name: that sizes call it by.
        fingerprint: of the data of a config; None where no run of it can be made.
        make: makes the run of a config and returns its folder; told a progress of its own to report to.
    """

    name: str
    fingerprint: Callable[[Config], str | None]
    make: Callable[[Config, Progress], Path]


def known_kinds() -> dict[str, Kind]:
    """Return the kinds of runs that need no other run, by name; data that runs share are read once."""
    of_problems, problems = once_per_data(problems_fingerprint), _Problems()
    kinds = (
        Kind("match", of_problems, problems.match),
        Kind("bench", of_problems, problems.bench),
        Kind("learn", once_per_data(featured_fingerprint), _learn),
        Kind("train", partial(_unless_it_waits, once_per_data(training_fingerprint)), _train),
        Kind("assemble", once_per_data(validation_fingerprint), _assemble),
    )
    return {kind.name: kind for kind in kinds}


class _Problems:
    """Makes the runs that are of matching problems; many of them share those of the one before."""

    def __init__(self) -> None:
        self._latest: tuple[str, ProblemSet] | None = None

    def match(self, config: Config, progress: Progress) -> Path:
        """Match them."""
        from mghp.studies.solvers.run import run_match

        return run_match(config, self._loaded(config))

    def bench(self, config: Config, progress: Progress) -> Path:
        """Measure the matcher on them."""
        from mghp.studies.speed.matcher import bench_matcher

        return bench_matcher(config, self._loaded(config))

    def _loaded(self, config: Config) -> ProblemSet:
        wanted = repr(config.data)
        if self._latest is None or self._latest[0] != wanted:
            self._latest = wanted, load_problems(config.data)
        return self._latest[1]


def _unless_it_waits(fingerprint: Callable[[Config], str], config: Config) -> str | None:
    """Return the fingerprint of a training's data; None while the run that it begins from has no weights here."""
    begins, of_data = begun_from(config), fingerprint(config)
    if begins is None or begins.exists():
        return of_data
    # A fresh reproduction adopts nothing: what its trainings begin from lies in its own folder.
    return of_data if finished_run(config, of_data, adopts_committed=begins.is_relative_to(USUAL_RUNS)) else None


def _learn(config: Config, progress: Progress) -> Path:
    from mghp.studies.learned.run import run_learned

    return run_learned(config)


def _train(config: Config, progress: Progress) -> Path:
    """Train a parser, or go on with a training that was cut off."""
    from mghp.datasets.pictures import load_pictures
    from mghp.evaluation.train import run_training

    begun = interrupted_run(run_path(config, training_fingerprint(config.data)))
    train, validation = load_pictures(config.data, progress)
    progress(0, 1, "train")
    return run_training(config, train, validation, begun)


def _assemble(config: Config, progress: Progress) -> Path:
    from mghp.datasets.pictures import load_validation
    from mghp.evaluation.assembly_alone import run_assembly_alone

    return run_assembly_alone(config, load_validation(config.data, progress), progress)


def kind_after(training: Identity, name: Literal["failures", "evaluation"]) -> Kind:
    """Return the kind of run that looks at what a training has learned.

    Args:
        training: whose weights it needs.
        name: `failures` of the gallery, or the scores of `mghp evaluate`.
    """

    def make(config: Config, progress: Progress) -> Path:
        from mghp.evaluation.evaluate import run_evaluation
        from mghp.studies.failures.run import run_failures

        cases = f"evaluation.failure_cases={config.evaluation.failure_cases}"
        settings = [f"wandb.mode={config.wandb.mode}", f"runs={config.runs}", cases]
        run = {"failures": run_failures, "evaluation": run_evaluation}[name]
        return run(training.folder, settings, progress)

    return Kind(name, lambda config: _fingerprint_after(training, config), make)


def _fingerprint_after(training: Identity, config: Config) -> str | None:
    """Return the fingerprint of the pictures and the weights, which a committed run tells where they were not kept."""
    if training.result() is None:
        return None
    pictures = with_tuning(validation_fingerprint(config.data), config.data)
    if any((training.folder / "checkpoints").glob("*.ckpt")):
        from mghp.evaluation.evaluate import weights_hash
        from mghp.parsing.checkpoint_places import checkpoint_of

        return f"{pictures} {weights_hash(checkpoint_of(training.folder))}"
    return committed_fingerprint(config, pictures) if training.folder.is_relative_to(COMMITTED) else None
