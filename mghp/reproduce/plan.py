"""The plan of a profile, section by section. Wrong input is told here, before torch is imported."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from mghp.config.load import load_config
from mghp.config.packaged import packaged
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.reproduce.profiles import POSE_KEYS, Profile
from mghp.reproduce.trials import Section, Trial, trials_of

_EVERYWHERE = ("runs=", "seed=", "data.seed=", "wandb.")
_OF_PICTURES = (
    "data.root=", "data.synthetic.", "data.loader.", "data.augmentation.", "network.", "losses.", "assembly.",
    "training.", "trainer.", "metrics.", "inference.", "evaluation.",
)  # fmt: skip
_OF_LEARNING = ("learned.",)
_CASES = "evaluation.failure_cases="
"""Not of the trainings, which would all be others by it."""
_RUNS = "runs="

_RIVAL = "without_matching_loss"
"""Variant whose failures stand beside those of the first parser."""


def into_fresh_folder(overrides: Sequence[str]) -> list[str]:
    """Return the overrides with a folder of runs that nothing is in yet; a folder that they name themselves stays.

    It lies beside the usual one, not in it: who reports that one would find two runs of each seed.
    """
    if any(text.startswith(_RUNS) for text in overrides):
        return list(overrides)
    candidates = (Path(f"{Config().runs}-fresh-{number}") for number in count(1))
    return [*overrides, f"{_RUNS}{next(folder for folder in candidates if not folder.exists())}"]


def make_plan(
    profile: Profile, overrides: Sequence[str], only: str | None = None, adopts_committed: bool = True
) -> list[Section]:
    """Return the sections of a profile.

    Args:
        profile: how much.
        overrides: `key=value` of the user; each section takes what concerns it.
        only: the one section that is wanted; None for all.
        adopts_committed: whether runs that are committed with the project stand for those of the plan.

    Raises:
        InputError: if an override does not fit the schema, or concerns no section that is wanted, or a file is missing
            or broken.
    """
    whole = load_config(packaged("experiments/matcher/paper.yaml"), overrides)  # whatever section it is of
    cases = whole.evaluation.failure_cases if any(text.startswith(_CASES) for text in overrides) else profile.failures
    of_pictures = [text for text in overrides if text.startswith(_OF_PICTURES + _EVERYWHERE)]
    taken = {
        "matching": [text for text in overrides if not text.startswith(_OF_PICTURES + _OF_LEARNING)],
        "learned": [text for text in overrides if text.startswith(_OF_LEARNING + POSE_KEYS + _EVERYWHERE)],
        "parsing": of_pictures,
        "rotation": of_pictures,
    }
    wanted = [name for name in taken if only in (None, name)]
    for text in overrides:
        if not any(text in taken[name] for name in wanted):
            raise InputError(f"{text}: concerns nothing that is run here, {' and '.join(wanted)}")
    sections = []
    for name in wanted:
        settings = [text for text in taken[name] if not text.startswith(_CASES)]
        trials = trials_of(profile.sections[name], settings, adopts_committed)
        sections.append(Section(name, [*trials, *(_failures(trials, cases) if name == "parsing" else [])]))
    return sections


def _failures(trials: Sequence[Trial], cases: int) -> list[Trial]:
    """Return the trials that look for the failures of the first parser, and of the rival's of the same seed."""
    trainings = [trial for trial in trials if trial.kind.name == "train"]
    rival = (_RIVAL, trainings[0].config.seed)
    rivals = [training for training in trainings if (training.config.variant, training.config.seed) == rival]
    found = []
    for training in (trainings[0], *rivals[:1]):
        config = replace(training.config, evaluation=replace(training.config.evaluation, failure_cases=cases))
        found.append(training.followed_by("failures", config, seconds=40))
    return found
