"""Trainings of a sweep file's grid: limb scores on poses, or parsers on pictures."""

from collections.abc import Sequence
from pathlib import Path

from mghp.config.load import load_config
from mghp.config.schema import Config
from mghp.datasets.pictures import training_fingerprint, validation_fingerprint
from mghp.problems.load import load_poses
from mghp.progress import Progress
from mghp.reproduce.finished import finished_run
from mghp.reproduce.grid import experiment_of, grid_points, settings_of
from mghp.reproduce.jobs import Job
from mghp.reproduce.profiles import SweepSize
from mghp.runs.checkout import checkout
from mghp.runs.folder import run_path
from mghp.training.resume import interrupted_run

_POSES_FILE = ("data.name=", "data.annotations=")


def sweep_configs(size: SweepSize, overrides: Sequence[str]) -> list[Config]:
    """The configs of a sweep's trials: those that `wandb agent` and `mghp sweep` would run, but for `size.settings`.

    Raises:
        InputError: if an override does not fit the schema, or the experiment files are not there.
    """
    root = checkout()
    sweep_file = root / "sweeps" / size.sweep
    experiment = root / experiment_of(sweep_file)
    common = ["wandb.mode=disabled", *size.settings]
    configs = [
        load_config(experiment, [*common, *settings_of(point), *overrides])
        for point in grid_points(sweep_file, size.values)
    ]
    return list({repr(config): config for config in configs}.values())  # seed=3 makes one run of all seeds


def learned_jobs(sizes: Sequence[SweepSize], overrides: Sequence[str]) -> list[Job]:
    """Limb scores learned through matchers and without one.

    Raises:
        InputError: as `sweep_configs`, or if a file of poses is missing or broken.
    """
    fingerprints: dict[str, str] = {}

    def job(config: Config, seconds: float) -> Job:
        key = repr(config.data)
        if key not in fingerprints:
            fingerprints[key] = load_poses(config.data).fingerprint
        fingerprint = fingerprints[key]

        def run(progress: Progress) -> Path:
            from mghp.studies.learned.run import run_learned

            return run_learned(config)

        return Job(config, seconds, lambda: finished_run(config, fingerprint), run)

    jobs: dict[str, Job] = {}  # with no file of poses given, a sweep on its own poses and on those given are one
    for size in sizes:
        taken = [text for text in overrides if not (size.own_poses and text.startswith(_POSES_FILE))]
        for config in sweep_configs(size, taken):
            jobs.setdefault(repr(config), job(config, size.seconds))
    return list(jobs.values())


def parsing_jobs(sizes: Sequence[SweepSize], overrides: Sequence[str]) -> list[Job]:
    """Parsers trained on rendered pictures, each with an evaluation at its end.

    Raises:
        InputError: as `sweep_configs`.
    """
    return [training_job(config, size.seconds) for size in sizes for config in sweep_configs(size, overrides)]


def training_job(config: Config, seconds: float) -> Job:
    """One parser's training; one that was cut off is gone on with."""
    fingerprint = training_fingerprint(config.data)

    def run(progress: Progress) -> Path:
        from mghp.datasets.pictures import load_pictures
        from mghp.evaluation.train import run_training

        train, validation = load_pictures(config.data, progress)
        progress(0, 1, "train")
        return run_training(config, train, validation, interrupted_run(run_path(config, fingerprint)))

    return Job(config, seconds, lambda: finished_run(config, fingerprint), run)


def assembly_job(settings: Sequence[str], overrides: Sequence[str]) -> Job:
    """The assembly of true fields."""
    config = load_config(
        checkout() / "experiments" / "parsing" / "assembly.yaml", ["wandb.mode=disabled", *settings, *overrides]
    )
    fingerprint = validation_fingerprint(config.data)

    def run(progress: Progress) -> Path:
        from mghp.datasets.pictures import load_validation
        from mghp.evaluation.assembly_alone import run_assembly_alone

        return run_assembly_alone(config, load_validation(config.data, progress), progress)

    return Job(config, 20, lambda: finished_run(config, fingerprint), run)
