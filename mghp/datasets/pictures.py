"""From the `data` section of a config to pictures for training and for validation."""

import dataclasses
import json
from pathlib import Path

from mghp.anatomy.of_datasets import PEOPLE
from mghp.config.data import DataConfig
from mghp.datasets.sample import PictureSet
from mghp.datasets.synthetic.cache import (
    FIRST_TRAINING_SEED,
    TUNING_SEED,
    VALIDATION_SEED,
    CachedSamples,
    cached_samples,
    set_name,
)
from mghp.datasets.synthetic.contact_sheet import contact_sheet
from mghp.datasets.synthetic.difficulty import set_difficulty
from mghp.errors import InputError
from mghp.progress import Progress

_SHEET = 64
"""Pictures on a contact sheet."""


DESCRIPTIONS = ("pictures_train.png", "pictures_validation.png", "pictures_difficulty.json")
"""Files of `describe_pictures`."""


def check_pictures(config: DataConfig, to_train: bool = True) -> None:
    """Refuse data that have no pictures, or whose pictures cannot make a batch.

    Args:
        config: the data.
        to_train: whether pictures are stacked to batches.

    Raises:
        InputError: naming what was expected.
    """
    if config.name not in PEOPLE:
        names = ", ".join(PEOPLE)
        raise InputError(f"data.name: {config.name} are matching problems, not pictures; expected one of {names}")
    several_sizes = config.name != "synthetic" and config.augmentation.crop is None
    if to_train and several_sizes and config.loader.batch_size > 1:
        raise InputError(
            f"data.augmentation.crop: the pictures of {config.name} have several sizes; expected a number of pixels"
        )


def load_pictures(config: DataConfig, progress: Progress) -> tuple[PictureSet, PictureSet]:
    """The pictures to train on and those to validate on; rendered ones are rendered first where they are not cached.

    Raises:
        InputError: if the cache cannot be written, or the dataset is not there.
    """
    if config.name != "synthetic":
        return _on_disk(config, config.splits.train, progress), load_validation(config, progress)
    number, seed = config.synthetic.num_train, FIRST_TRAINING_SEED + config.seed
    return _rendered(config, seed, number, "training", progress), load_validation(config, progress)


def training_fingerprint(config: DataConfig) -> str:
    """Of the pictures that a training is about, without rendering any; of those on disk what has changed is read.

    Raises:
        InputError: if the data have no pictures, or the dataset is not there.
    """
    check_pictures(config)
    if config.name != "synthetic":
        train = _on_disk(config, config.splits.train).fingerprint
    else:
        train = set_name(config.synthetic, FIRST_TRAINING_SEED + config.seed, config.synthetic.num_train)
    return with_tuning(f"{train} {validation_fingerprint(config)}", config)


def validation_fingerprint(config: DataConfig) -> str:
    """Of the pictures to validate on, without rendering any.

    Raises:
        InputError: if the dataset is not there.
    """
    if config.name != "synthetic":
        return _on_disk(config, config.splits.validation).fingerprint
    return set_name(config.synthetic, VALIDATION_SEED, config.synthetic.num_validation)


def with_tuning(fingerprint: str, config: DataConfig, progress: Progress | None = None) -> str:
    """A fingerprint with that of the pictures to tune thresholds on; of rendered ones the config tells it all.

    Raises:
        InputError: if these are not there.
    """
    if config.name == "synthetic" or config.splits.tuning is None:
        return fingerprint
    return f"{fingerprint} {_on_disk(config, config.splits.tuning, progress).fingerprint}"


def fingerprint_of(train: PictureSet, validation: PictureSet) -> str:
    """Of the pictures that a training is about."""
    return f"{train.fingerprint} {validation.fingerprint}"


def load_validation(config: DataConfig, progress: Progress) -> PictureSet:
    """The pictures to validate on.

    Raises:
        InputError: if the cache cannot be written, or the dataset is not there.
    """
    if config.name != "synthetic":
        return _on_disk(config, config.splits.validation, progress)
    return _rendered(config, VALIDATION_SEED, config.synthetic.num_validation, "validation", progress)


def load_tuning(config: DataConfig, progress: Progress) -> PictureSet | None:
    """Pictures to tune thresholds on: of rendered ones as many as there are to validate on; None where there are none.

    Raises:
        InputError: if the cache cannot be written, or the dataset is not there.
    """
    if config.name == "synthetic":
        return _rendered(config, TUNING_SEED, config.synthetic.num_validation, "tuning", progress)
    return None if config.splits.tuning is None else _on_disk(config, config.splits.tuning, progress)


def load_scene(config: DataConfig, scene: str, number: int, progress: Progress) -> PictureSet:
    """Rendered pictures of another scene, of the size trained on, always the same.

    Raises:
        InputError: if the cache cannot be written, or the data are no rendered ones.
    """
    if config.name != "synthetic":
        raise InputError(f"evaluation.scenes: scenes are rendered, data.name is {config.name}")
    other = dataclasses.replace(config.synthetic, scene=scene)  # type: ignore[arg-type]
    return _rendered(dataclasses.replace(config, synthetic=other), VALIDATION_SEED, number, f"scene {scene}", progress)


def what_is_not_trained(train: PictureSet) -> str | None:
    """One line on the branches that these pictures cannot train; None where they train all."""
    why: str | None = getattr(train, "no_keypoints", None)
    return why and f"{why}: keypoints, limbs, projection field and matching are not trained, the parts alone are"


def _on_disk(config: DataConfig, split: str, progress: Progress | None = None) -> PictureSet:
    # Here, not above: what reads the datasets' files is not needed for rendered ones.
    from mghp.datasets.registry import open_dataset

    samples = open_dataset(config, split)
    samples.digest(progress)  # now: pictures that change later are not those that the run is of
    return samples


def _rendered(config: DataConfig, seed: int, number: int, what: str, progress: Progress) -> CachedSamples:
    def show(done: int, total: int) -> None:
        progress(done, total, f"render {what} set")

    return cached_samples(config.synthetic, config.root, seed, number, show)


def describe_pictures(train: PictureSet, validation: PictureSet, out: Path) -> list[Path]:
    """Contact sheets of both sets, and the validation set's difficulty without a model.

    Returns:
        The files written.
    """
    from PIL import Image

    out.mkdir(parents=True, exist_ok=True)
    files = []
    for name, samples in (("train", train), ("validation", validation)):
        file = out / f"pictures_{name}.png"
        shown = [samples[index] for index in range(min(_SHEET, len(samples)))]
        Image.fromarray(contact_sheet(shown, columns=8)).save(file)
        files.append(file)
    difficulty = set_difficulty(validation[index] for index in range(len(validation)))
    file = out / "pictures_difficulty.json"
    file.write_text(json.dumps({"set": validation.fingerprint, **difficulty}, indent=1))
    return [*files, file]
