"""What a profile runs, part by part. All that can be wrong with the input is found here, before torch is there."""

from collections.abc import Callable, Sequence

from mghp.config.load import load_config
from mghp.errors import InputError
from mghp.reproduce.failure_jobs import failure_jobs
from mghp.reproduce.jobs import Part
from mghp.reproduce.matching_jobs import POSE_KEYS, matching_jobs
from mghp.reproduce.profiles import Profile
from mghp.reproduce.training_jobs import assembly_job, learned_jobs, parsing_jobs
from mghp.runs.checkout import checkout

_EVERYWHERE = ("runs=", "seed=", "data.seed=", "wandb.")
_OF_PICTURES = (
    "data.root=", "data.synthetic.", "data.loader.", "data.augmentation.", "network.", "losses.", "assembly.",
    "training.", "trainer.", "metrics.", "inference.", "evaluation.",
)  # fmt: skip
_OF_LEARNING = ("learned.",)
_CASES = "evaluation.failure_cases="
"""Not of the trainings, which would all be others by it."""


def make_plan(profile: Profile, overrides: Sequence[str], only: str | None = None) -> list[Part]:
    """The parts of a profile.

    Args:
        profile: how much.
        overrides: `key=value` of the user; each part takes what concerns it.
        only: the one part that is wanted; None for all.

    Raises:
        InputError: if an override does not fit the schema, or concerns no part that is wanted, or a file is missing or
            broken.
    """
    whole = load_config(checkout() / "experiments" / "matcher" / "paper.yaml", overrides)  # whatever part it is of
    cases = whole.evaluation.failure_cases if any(text.startswith(_CASES) for text in overrides) else profile.failures
    taken = {
        "matching": [text for text in overrides if not text.startswith(_OF_PICTURES + _OF_LEARNING)],
        "learned": [text for text in overrides if text.startswith(_OF_LEARNING + POSE_KEYS + _EVERYWHERE)],
        "parsing": [text for text in overrides if text.startswith(_OF_PICTURES + _EVERYWHERE)],
        "rotation": [text for text in overrides if text.startswith(_OF_PICTURES + _EVERYWHERE)],
    }
    wanted = [name for name in taken if only in (None, name)]
    for text in overrides:
        if not any(text in taken[name] for name in wanted):
            raise InputError(f"{text}: concerns nothing that is run here, {' and '.join(wanted)}")
    of_pictures = [text for text in taken["parsing"] if not text.startswith(_CASES)]

    def parsing() -> Part:
        trainings = parsing_jobs(profile.parsing, of_pictures)
        failures = failure_jobs(trainings, profile.rival, cases)
        return Part("parsing", [assembly_job(profile.assembly, of_pictures), *trainings, *failures])

    parts: dict[str, Callable[[], Part]] = {
        "matching": lambda: Part("matching", matching_jobs(profile.matching, taken["matching"])),
        "learned": lambda: Part("learned", learned_jobs(profile.learned, taken["learned"])),
        "parsing": parsing,
        "rotation": lambda: Part("rotation", parsing_jobs(profile.rotation, of_pictures)),
    }
    return [parts[name]() for name in wanted]
