"""Rendered persons as a dataset, of which `data.synthetic` tells everything."""

import dataclasses

from mghp.anatomy.anatomy import Anatomy
from mghp.config.data import DataConfig
from mghp.datasets.dataset import Role
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic.cache import CachedSamples, cached_samples, set_name, with_cues
from mghp.errors import InputError
from mghp.progress import Progress

VALIDATION_SEED = 1
"""The seed of every validation set, whatever the seed of training: scores of all runs are of the same pictures."""

TUNING_SEED = 2
"""The seed of the pictures that thresholds are tuned on: neither trained on nor scored."""

FIRST_TRAINING_SEED = 1000
"""Training set s is rendered with seed FIRST_TRAINING_SEED + s."""


class RenderedPersons:
    """Rendered persons, annotated as DensePose-COCO's are; a `PictureDataset`."""

    anatomy = DENSEPOSE_COCO
    has_one_size = True

    @classmethod
    def anatomy_of(cls, config: DataConfig) -> Anatomy:
        """Return DensePose-COCO's parts and COCO's skeleton."""
        return cls.anatomy

    @classmethod
    def load(cls, config: DataConfig, role: Role, progress: Progress | None = None) -> CachedSamples:
        """Return the pictures of a role, rendered first where they are not cached; to tune as many as to validate.

        Raises:
            InputError: if the cache cannot be written.
        """
        return _rendered(config, *_seed_and_number(config, role), role, progress)

    @classmethod
    def role_fingerprint(cls, config: DataConfig, role: Role, progress: Progress | None = None) -> str:
        """Return the name of a role's set, without rendering it; "" for tuning, of which the config tells all."""
        return "" if role == "tuning" else set_name(config.synthetic, *_seed_and_number(config, role))


def load_scene(config: DataConfig, scene: str, number: int, progress: Progress) -> CachedSamples:
    """Return rendered pictures of another scene, of the size trained on, always the same.

    Raises:
        InputError: if the cache cannot be written, or the data are no rendered ones.
    """
    if config.name != "synthetic":
        raise InputError(f"evaluation.scenes: scenes are rendered, data.name is {config.name}")
    other = dataclasses.replace(config.synthetic, scene=scene)  # type: ignore[arg-type]
    shown = dataclasses.replace(config, synthetic=other)
    return _rendered(shown, VALIDATION_SEED, number, f"scene {scene}", progress)


def _seed_and_number(config: DataConfig, role: Role) -> tuple[int, int]:
    if role == "training":
        return FIRST_TRAINING_SEED + config.seed, config.synthetic.num_train
    return {"validation": VALIDATION_SEED, "tuning": TUNING_SEED}[role], config.synthetic.num_validation


def _rendered(config: DataConfig, seed: int, number: int, what: str, progress: Progress | None) -> CachedSamples:
    def show(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total, f"render {what} set")

    samples = cached_samples(config.synthetic, config.root, seed, number, show)
    return with_cues(samples, config.synthetic, seed, show) if seed == VALIDATION_SEED else samples
