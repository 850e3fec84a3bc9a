"""The failures of a plan's parsers, for the gallery."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mghp.config import Config, load_config, schema_version
from mghp.data.pictures import validation_fingerprint
from mghp.experiments.reproduction.finished import COMMITTED, finished_run
from mghp.experiments.reproduction.jobs import Job, Progress
from mghp.run_folder import was_stopped

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
        from mghp.experiments.evaluate import weights_hash

        folder = training.finished()
        if folder is None:
            return None
        weights = folder / "checkpoints" / "last.ckpt"
        if not weights.is_file():
            return _committed(config) if folder.is_relative_to(COMMITTED) else None
        return finished_run(config, f"{validation_fingerprint(config.data)} {weights_hash(weights)}")

    def run(progress: Progress) -> Path | None:
        from mghp.experiments.failures.run import run_failures

        folder = training.finished()
        if folder is None or not (folder / "checkpoints" / "last.ckpt").is_file():
            return None
        return run_failures(folder, settings, progress)

    return Job(config, _SECONDS, finished, run)


def _committed(config: Config) -> Path | None:
    """Failures that are committed with the project: weights are not, so that they cannot be looked for again."""
    for file in sorted((COMMITTED / config.experiment).glob("*/config.yaml")):
        theirs = load_config(file)
        data = replace(theirs.data, root=config.data.root)
        same = replace(theirs, runs=config.runs, wandb=config.wandb, data=data) == config
        if not same or not (file.parent / "result.json").exists() or was_stopped(file.parent):
            continue
        result = json.loads((file.parent / "result.json").read_text(encoding="utf-8"))
        if result.get("schema_version") == schema_version(config.experiment):
            return file.parent
    return None
