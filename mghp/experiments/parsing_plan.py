"""The runs behind the parsing tables and figures, at each profile's size."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mghp.config import Config, config_key, load_config
from mghp.data.pictures import fingerprint_of, load_pictures, load_validation
from mghp.experiments.plan import ROOT
from mghp.run_folder import is_finished, run_path

Progress = Callable[[int, int, str], None]

_ONLY_PARSING = (
    "data.root=", "data.synthetic.", "data.loader.", "data.augmentation.", "network.", "losses.", "assembly.",
    "training.", "trainer.", "metrics.", "inference.",
)  # fmt: skip
_ALSO_PARSING = ("runs=", "seed=", "wandb.")


def is_only_of_parsing(override: str) -> bool:
    """Whether an override of `mghp reproduce` is about parsing alone; the others reach the matching part."""
    return override.startswith(_ONLY_PARSING)


@dataclass(frozen=True)
class ParsingProfile:
    """How much of the parsing part is run."""

    trained: tuple[str, ...]
    """Experiment files under experiments/parsing that are trained and evaluated."""
    extra: tuple[str, ...] = ()
    """Settings of every run."""
    training: tuple[str, ...] = ()
    """Settings of the trainings."""


_TEN_MINUTES = ("synthetic_10min.yaml", "synthetic_simple_10min.yaml", "synthetic_plain_10min.yaml")

PARSING_PROFILES = {
    "smoke": ParsingProfile(
        ("synthetic_10min.yaml",),
        ("data.synthetic.size=64", "data.synthetic.num_train=32", "data.synthetic.num_validation=9"),
        (
            "trainer.max_steps=20", "trainer.log_every_n_steps=1", "trainer.val_check_interval=10",
            "training.optimizer.warmup_steps=5", "data.loader.workers=0", "network.width=16",
            "network.backbone.kwargs.channels=[8,12,16,24]", "network.backbone.kwargs.blocks=[0,1,0,1]",
        ),
    ),
    "quick": ParsingProfile(
        ("synthetic_10min.yaml",), (), ("trainer.max_steps=1000", "training.optimizer.warmup_steps=120")
    ),
    "standard": ParsingProfile(_TEN_MINUTES),
    "full": ParsingProfile(_TEN_MINUTES),
}  # fmt: skip


@dataclass(frozen=True)
class ParsingPlan:
    """What the parsing part runs."""

    assembly: Config
    trained: list[Config]


def parsing_plan(profile: ParsingProfile, overrides: Sequence[str]) -> ParsingPlan:
    """The assembly alone, and the trainings.

    Raises:
        InputError: if an override does not fit the schema.
    """
    folder = ROOT / "experiments" / "parsing"
    given = [text for text in overrides if text.startswith(_ONLY_PARSING + _ALSO_PARSING)]
    common = ["wandb.mode=disabled", *profile.extra, *given]
    trained = [load_config(folder / file, [*profile.training, *common]) for file in profile.trained]
    return ParsingPlan(load_config(folder / "assembly.yaml", common), trained)


def run_parsing_plan(plan: ParsingPlan, progress: Progress) -> tuple[list[Path], int]:
    """Run what no finished run folder stands for.

    Returns:
        The folders: the assembly's, then of each experiment its training's and its evaluation's; and how many of them
        were adopted.
    """
    # Here, not above: the plan is made before torch is imported.
    from mghp.experiments.assembly_alone import run_assembly_alone
    from mghp.experiments.evaluate import run_evaluation
    from mghp.experiments.train import run_training

    began = time.time()
    validation = load_validation(plan.assembly.data, progress)
    folders = [
        _finished(plan.assembly, validation.fingerprint) or run_assembly_alone(plan.assembly, validation, progress)
    ]
    for config in plan.trained:
        train, validation = load_pictures(config.data, progress)
        progress(0, 1, f"train {config.experiment}")
        finished = _finished(config, fingerprint_of(train, validation))
        trained = finished or run_training(config, train, validation)
        settings = ["wandb.mode=disabled", f"runs={config.runs}"]
        folders += [trained, run_evaluation(trained, settings, progress, adopt=True)]
    return folders, sum((folder / "result.json").stat().st_mtime < began for folder in folders)


def _finished(config: Config, fingerprint: str) -> Path | None:
    path = run_path(config, fingerprint)
    return path if is_finished(path, config_key(config, fingerprint)) else None
