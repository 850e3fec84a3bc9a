"""The paper's scale: its three experiments on the real datasets, what they need, and what of that is missing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mghp.config.dataset_names import DATASETS
from mghp.config.load import load_config
from mghp.config.packaged import packaged
from mghp.config.schema import Config
from mghp.datasets.pictures import training_fingerprint
from mghp.errors import InputError
from mghp.reproduce.kinds import known_kinds
from mghp.reproduce.trials import Section, Trial

SECONDS_A_STEP = 0.9
"""A guess, since nothing of this has been run: 64 crops of 385 through a ResNet-101 on one GPU of 2021."""

_SOURCES = {
    "mhp_v2": "LV-MHP v2 (25,403 pictures), from its authors on request",
    "densepose_coco": "DensePose-COCO's annotations/ and COCO 2014's pictures",
    "pascal_person_part": "PASCAL-Person-Part; data.annotations=JOINTS.json brings its keypoints",
}
"""The origin of each experiment's data, by the name of its file under experiments/parsing."""


def paper_experiments(overrides: Sequence[str]) -> list[Config]:
    """Return the configs of the three experiments.

    Args:
        overrides: of all three; `data.root=FOLDER` holds a folder a dataset.

    Raises:
        InputError: if an override does not fit the schema, or one of the three would not know itself by it.
    """
    return [_experiment(name, overrides) for name in _SOURCES]


def _experiment(name: str, overrides: Sequence[str]) -> Config:
    file = packaged(f"experiments/parsing/{name}.yaml")
    roots = [text.partition("=")[2] for text in overrides if text.startswith("data.root=")]
    withheld = ("data.root=",) if DATASETS[name].annotations else ("data.root=", "data.annotations=")
    config = load_config(file, ["wandb.mode=disabled", *(text for text in overrides if not text.startswith(withheld))])
    steps = config.trainer.get("max_steps")
    if config.experiment != name:
        raise InputError(f"experiment={config.experiment}: --profile full runs {', '.join(_SOURCES)}, as they are")
    if not isinstance(steps, int) or steps < 1:
        raise InputError(f"trainer.max_steps={steps}: expected a number of steps from 1 up")
    if roots:
        config.data.root = str(Path(roots[-1]) / Path(config.data.root).name)
    return config


def _hours(config: Config) -> float:
    """Return the hours that a training may take on one GPU."""
    return int(config.trainer["max_steps"]) * SECONDS_A_STEP / 3600


def in_a_line(config: Config) -> str:
    """Return what an experiment is, where its data are looked for, and what it may take."""
    return (
        f"{config.experiment}: {_SOURCES[config.experiment]}, looked for in {config.data.root}; "
        f"{config.network.backbone.name}, {config.trainer['max_steps']} steps of 64 pictures; one GPU of "
        f"8 GB or more, about {_hours(config):.0f} hours (expected, never run)"
    )


def refuse_incomplete(experiments: Sequence[Config]) -> None:
    """Fail before anything runs, naming all that is missing.

    Raises:
        InputError: if anything is.
    """
    missing = [line for config in experiments for line in _missing(config)]
    if missing:
        raise InputError(f"--profile full cannot run, {len(missing)} things are missing: {'; '.join(missing)}")


def _missing(config: Config) -> Iterator[str]:
    import torch

    try:
        training_fingerprint(config.data)
    except InputError as error:
        yield f"{config.experiment}: {error}"
    if not torch.cuda.is_available():
        yield f"{config.experiment}: a CUDA device; expected one GPU of 8 GB or more, found none"


def paper_section(experiments: Sequence[Config], adopts_committed: bool = True) -> Section:
    """Return each experiment's training, and its evaluation with the benchmark's scores."""
    trials, kind = [], known_kinds()["train"]
    for config in experiments:
        training = Trial(config, kind, 3600 * _hours(config), adopts_committed)
        trials += [training, training.followed_by("evaluation", config, seconds=1800)]
    return Section("paper", trials)
