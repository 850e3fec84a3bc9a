"""The paper's scale: its three experiments on the real datasets, what they need, and what of that is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mghp.config.dataset_names import DATASETS
from mghp.config.load import load_config
from mghp.config.schema import Config
from mghp.datasets.pictures import training_fingerprint
from mghp.errors import InputError
from mghp.progress import Progress
from mghp.reproduce.jobs import Job, Part
from mghp.reproduce.training_jobs import training_job
from mghp.runs.checkout import checkout

EXPERIMENTS = ("mhp_v2", "densepose_coco", "pascal_person_part")
"""Files under experiments/parsing."""

SECONDS_A_STEP = 0.9
"""A guess, since nothing of this has been run: 64 crops of 385 through a ResNet-101 on one GPU of 2021."""

_SOURCES = {
    "mhp_v2": "LV-MHP v2 (25,403 pictures), from its authors on request",
    "densepose_coco": "DensePose-COCO's annotations/ and COCO 2014's pictures",
    "pascal_person_part": "PASCAL-Person-Part; data.annotations=JOINTS.json brings its keypoints",
}


@dataclass(frozen=True)
class PaperExperiment:
    """One of the paper's experiments.

    Attributes:
        config: the whole.
        missing: what it lacks, a line each; empty where it can run.
    """

    config: Config
    missing: list[str]

    @property
    def hours(self) -> float:
        """A training may take on one GPU."""
        return int(self.config.trainer["max_steps"]) * SECONDS_A_STEP / 3600

    def line(self) -> str:
        """What it is, where its data are looked for, and what it may take."""
        name = self.config.experiment
        return (
            f"{name}: {_SOURCES[name]}, looked for in {self.config.data.root}; "
            f"{self.config.network.backbone.name}, {self.config.trainer['max_steps']} steps of 64 pictures; one GPU of "
            f"8 GB or more, about {self.hours:.0f} hours (expected, never run)"
        )


def paper_experiments(overrides: Sequence[str]) -> list[PaperExperiment]:
    """The experiments, and what each lacks.

    Args:
        overrides: of all three; `data.root=FOLDER` holds a folder a dataset.

    Raises:
        InputError: if an override does not fit the schema, or one of the three would not know itself by it.
    """
    folder = checkout() / "experiments" / "parsing"
    roots = [text.partition("=")[2] for text in overrides if text.startswith("data.root=")]
    of_one = ("data.root=", "data.annotations=")
    others = [text for text in overrides if not text.startswith(of_one)]
    joints = [text for text in overrides if text.startswith("data.annotations=")]
    found = []
    for name in EXPERIMENTS:
        own = joints if DATASETS[name].annotations else []
        config = load_config(folder / f"{name}.yaml", ["wandb.mode=disabled", *others, *own])
        steps = config.trainer.get("max_steps")
        if config.experiment != name:
            raise InputError(
                f"experiment={config.experiment}: --profile full runs {', '.join(EXPERIMENTS)}, as they are"
            )
        if not isinstance(steps, int) or steps < 1:
            raise InputError(f"trainer.max_steps={steps}: expected a number of steps from 1 up")
        if roots:
            config = replace(config, data=replace(config.data, root=str(Path(roots[-1]) / Path(config.data.root).name)))
        found.append(PaperExperiment(config, _missing(config)))
    return found


def _missing(config: Config) -> list[str]:
    import torch

    missing = []
    try:
        training_fingerprint(config.data)
    except InputError as error:
        missing.append(f"{config.experiment}: {error}")
    if not torch.cuda.is_available():
        missing.append(f"{config.experiment}: a CUDA device; expected one GPU of 8 GB or more, found none")
    return missing


def refuse_incomplete(experiments: Sequence[PaperExperiment]) -> None:
    """Fail before anything runs, naming all that is missing.

    Raises:
        InputError: if anything is.
    """
    missing = [line for experiment in experiments for line in experiment.missing]
    if missing:
        raise InputError(f"--profile full cannot run, {len(missing)} things are missing: {'; '.join(missing)}")


def paper_part(experiments: Sequence[PaperExperiment]) -> Part:
    """Each experiment's training, and its evaluation with the benchmark's scores."""
    jobs = []
    for experiment in experiments:
        training = training_job(experiment.config, 3600 * experiment.hours)
        jobs += [training, _evaluation_job(training, experiment.config)]
    return Part("paper", jobs)


def _evaluation_job(training: Job, config: Config) -> Job:
    def run(progress: Progress) -> Path:
        from mghp.evaluation.evaluate import run_evaluation

        trained = training.finished()
        assert trained is not None  # jobs run in order
        return run_evaluation(trained, ["wandb.mode=disabled", f"runs={config.runs}"], progress, adopt=True)

    evaluation = replace(config, experiment=f"{config.experiment}_evaluation")
    return Job(evaluation, 1800, lambda: None, run)
