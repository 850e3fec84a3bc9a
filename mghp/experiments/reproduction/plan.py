"""What a profile runs, part by part. All that can be wrong with the input is found here, before torch is there."""

from collections.abc import Callable, Sequence

from mghp.checkout import checkout
from mghp.config import load_config
from mghp.experiments.reproduction.failure_jobs import failure_jobs
from mghp.experiments.reproduction.jobs import Part
from mghp.experiments.reproduction.matching_jobs import POSE_KEYS, matching_jobs
from mghp.experiments.reproduction.profiles import Profile
from mghp.experiments.reproduction.training_jobs import assembly_job, learned_jobs, parsing_jobs

_EVERYWHERE = ("runs=", "seed=", "wandb.")
_OF_PICTURES = (
    "data.root=", "data.synthetic.", "data.loader.", "data.augmentation.", "network.", "losses.", "assembly.",
    "training.", "trainer.", "metrics.", "inference.", "evaluation.",
)  # fmt: skip
_OF_LEARNING = ("learned.",)


def make_plan(profile: Profile, overrides: Sequence[str], only: str | None = None) -> list[Part]:
    """The parts of a profile.

    Args:
        profile: how much.
        overrides: `key=value` of the user; each part takes what concerns it.
        only: the one part that is wanted; None for all.

    Raises:
        InputError: if an override does not fit the schema, or a file is missing or broken.
    """
    load_config(checkout() / "experiments" / "matcher" / "paper.yaml", overrides)  # a misspelt key, whatever is run
    of_pictures = [text for text in overrides if text.startswith(_OF_PICTURES + _EVERYWHERE)]
    of_learning = [text for text in overrides if text.startswith(_OF_LEARNING + POSE_KEYS + _EVERYWHERE)]
    of_matching = [text for text in overrides if not text.startswith(_OF_PICTURES + _OF_LEARNING)]

    def parsing() -> Part:
        trainings = parsing_jobs(profile.parsing, of_pictures)
        return Part(
            "parsing",
            [
                assembly_job(profile.assembly, of_pictures),
                *trainings,
                *failure_jobs(trainings, profile.rival, profile.failures),
            ],
        )

    parts: dict[str, Callable[[], Part]] = {
        "matching": lambda: Part("matching", matching_jobs(profile.matching, of_matching)),
        "learned": lambda: Part("learned", learned_jobs(profile.learned, of_learning)),
        "parsing": parsing,
        "rotation": lambda: Part("rotation", parsing_jobs(profile.rotation, of_pictures)),
    }
    return [make() for name, make in parts.items() if only in (None, name)]
