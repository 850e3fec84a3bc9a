"""The failures of a plan's parsers, for the gallery."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mghp.config.identity import config_key
from mghp.config.schema import Config
from mghp.datasets.coco_json import json_of
from mghp.datasets.pictures import validation_fingerprint, with_tuning
from mghp.progress import Progress
from mghp.reproduce.finished import COMMITTED, finished_run
from mghp.reproduce.jobs import Job
from mghp.runs.folder import is_finished
from mghp.runs.places import experiment_folders, files_below, read_file

_SECONDS = 40


def failure_jobs(trainings: Sequence[Job], rival: str, cases: int) -> list[Job]:
    """The failures of the first parser, and of the rival's of the same seed.

    Args:
        trainings: in the plan's order.
        rival: variant that the first is compared with.
        cases: that a gallery shows at most.
    """
    first = trainings[0]
    chosen = [first]
    chosen += [job for job in trainings if job.config.variant == rival and job.config.seed == first.config.seed][:1]
    return [_failure_job(training, cases) for training in chosen]


def _failure_job(training: Job, cases: int) -> Job:
    trained = training.config
    evaluation = replace(trained.evaluation, failure_cases=cases)
    config = replace(trained, experiment=f"{trained.experiment}_failures", evaluation=evaluation)
    settings = ["wandb.mode=disabled", f"runs={config.runs}", f"evaluation.failure_cases={cases}"]

    def finished() -> Path | None:
        from mghp.evaluation.evaluate import weights_hash

        folder = training.finished()
        if folder is None:
            return None
        weights = folder / "checkpoints" / "last.ckpt"
        pictures = with_tuning(validation_fingerprint(config.data), config.data)
        if not weights.is_file():
            return _committed(config, pictures) if folder.is_relative_to(COMMITTED) else None
        return finished_run(config, f"{pictures} {weights_hash(weights)}")

    def run(progress: Progress) -> Path | None:
        from mghp.studies.failures.run import run_failures

        folder = training.finished()
        if folder is None or not (folder / "checkpoints" / "last.ckpt").is_file():
            return None
        return run_failures(folder, settings, progress)

    return Job(config, _SECONDS, finished, run)


def _committed(config: Config, pictures: str) -> Path | None:
    """Return failures that are committed with the project: weights are not, so that they cannot be looked for again.

    Their key is of the weights' digest too, which their own result.json tells.
    """
    for folder in experiment_folders(COMMITTED, config.experiment):
        for file in files_below(folder, "result.json"):
            fingerprint = str(json_of(read_file(file, "result"), file).get("data_fingerprint"))
            if fingerprint.startswith(f"{pictures} ") and is_finished(file.parent, config_key(config, fingerprint)):
                return file.parent
    return None
